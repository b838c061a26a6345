import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))

/** What each example must print; the examples import the built package by its own name, as a user's program would. */
const wanted: Record<string, RegExp[]> = {
  'neuron.js': [/answered right: (49\d|500) of 500/, /found line: 1\.000·x − 1\.[45]\d\d·y = 0\.[34]\d\d/],
  'gates.js': [/NAND\n {2}0 0 → 1\n {2}0 1 → 1\n {2}1 0 → 1\n {2}1 1 → 0/, /half adder[^]*1 1 → 0 1/],
  'circle.js': [/epoch 1000 .*score (0\.9[5-9]\d*|1)\n/, /\d+ steps on .*, \d+ samples\/s/],
}

describe('examples', () => {
  it('all have a test', () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith('.js'))
    expect(programs.sort()).toEqual(Object.keys(wanted).sort())
  })

  it.each(Object.entries(wanted))('%s runs and says what it should', async (name, patterns) => {
    const { stdout } = await promisify(execFile)(process.execPath, [folder + name])
    for (const pattern of patterns) expect(stdout).toMatch(pattern)
  })
})
