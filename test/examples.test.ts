import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))

/** What each example must print; the examples import the built package by its own name, as a user's program would. */
const wanted: Record<string, RegExp[]> = {
  'neuron.js': [/correct predictions: (49\d|500) of 500/, /found line: 1\.000·x − 1\.[45]\d\d·y = 0\.[34]\d\d/],
  'gates.js': [/NAND\n {2}0 0 → 1\n {2}0 1 → 1\n {2}1 0 → 1\n {2}1 1 → 0/, /half adder[^]*1 1 → 0 1/],
  'xor.js': [/0 0 → 0\.0\d+\n0 1 → 0\.9\d+\n1 0 → 0\.9\d+\n1 1 → 0\.0\d+\naccuracy 1\.000, .* after \d+ epochs/],
  'iris.js': [/setosa +precision 1\.000 +recall 1\.000/, /accuracy (0\.9[3-9]\d|1\.000), macro F1 .* after 30 epochs/],
  'digits.js': [/accuracy (0\.9[89]\d|1\.000), top 2 (0\.99\d|1\.000) after 12 epochs/],
  'regression.js': [/R² 0\.9[3-6]\d, mean absolute error (0\.[89]|1\.0)\d after 120 epochs/],
  'autoencoder.js': [/(.{28} {2}\|.{28}\n){14}mean squared error 0\.0(1[5-9]|2[0-2])\d/],
  'picture.js': [/PSNR (2[89]|3[0-3])\.\d dB after 80 epochs/],
  'custom-loop.js': [
    /epoch 60 loss 0\.[34]\d\d\naccuracy 0\.9\d\d on 100 other samples\nclass 1, [78]\d\.\d %\nclass 0, [89]\d\.\d %/,
  ],
  'circle.js': [/epoch 1000 .*score (0\.9[5-9]\d*|1)\n/, /\d+ steps on .*, \d+ samples\/s/],
}

/** The folder for the image. */
let png: string
beforeAll(() => {
  png = join(mkdtempSync(join(tmpdir(), 'webgpu-mlp-examples-')), 'picture.png')
})
afterAll(() => {
  rmSync(join(png, '..'), { recursive: true, force: true })
})

describe('examples', () => {
  it('all have a test', () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith('.js'))
    // example_server.test.ts runs the server.
    expect(programs.sort()).toEqual([...Object.keys(wanted), 'server.js'].sort())
  })

  it.each(Object.entries(wanted))('%s runs and prints the expected output', async (name, patterns) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      folder + name,
      ...(name === 'picture.js' ? [png] : []),
    ])
    for (const pattern of patterns) expect(stdout).toMatch(pattern)
    if (name === 'picture.js') expect(readFileSync(png).toString('latin1', 0, 16)).toBe('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')
  })
})
