import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commandProcess } from './command.ts'

/** `train --folds`, and the notes of `train` about data that are not scaled. */

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-folds-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})
const command = commandProcess()
const train = (line: string) => command(['train', ...line.split(' '), '--backend', 'cpu', '--seed', '1'], folder)

const rows = Array.from({ length: 60 }, (_, i) => [40 + ((i * 37) % 160), 1900 + ((i * 13) % 120)] as const)
const prices = rows.map(([area, year]) => `${area},${year},${area * 2000 + (year - 1900) * 500}`)
writeFileSync(join(folder, 'houses.csv'), `area,year,price\n${prices.join('\n')}\n`)

const circle = '--data circle --samples 60 --layers 2,4,2 --epochs 2'
const houses = '--data houses.csv --target price --layers -,8,1 --activation tanh,linear --loss meanSquaredError'

describe('train --folds', () => {
  it('prints a line per fold and the mean, and writes the model of all samples and the report', async () => {
    const { code, out } = await train(`${circle} --folds 3 --out m.json --report r.html`)
    expect(code).toBe(0)
    expect(out.match(/^Fold [123] {3}score \d+\.\d %, loss \S+, 20 samples$/gm)).toHaveLength(3)
    expect(out).toMatch(/^Folds {4}score \d+\.\d % ± \d+\.\d % over 3 folds; .* trained on all 60 samples$/m)
    expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('<h2>Cross-validation</h2>')
    const alone = await train(`${circle} --out alone.json`)
    expect(alone.code).toBe(0)
    expect(readFileSync(join(folder, 'm.json'), 'utf8')).toBe(readFileSync(join(folder, 'alone.json'), 'utf8'))
  })

  it('has the folds in --json', async () => {
    const { out } = await train(`${houses} --standardize --epochs 40 --batch 8 --folds 4 --json`)
    const { crossValidation } = JSON.parse(out) as { crossValidation: { scores: number[]; mean: number; scoreName: string; folds: { samples: number; r2: number }[] } } // prettier-ignore
    expect(crossValidation.scoreName).toBe('r2')
    expect(crossValidation.folds.map(({ samples }) => samples)).toEqual([15, 15, 15, 15])
    expect(crossValidation.folds.map(({ r2 }) => r2)).toEqual(crossValidation.scores)
    expect(crossValidation.mean).toBeGreaterThan(0.8)
  })

  it('refuses what it cannot do', async () => {
    expect(await train(`${circle} --folds 1`)).toMatchObject({ code: 2, error: expect.stringContaining('--folds: expected a whole number from 2') as string }) // prettier-ignore
    expect(await train(`${circle} --folds 61`)).toMatchObject({ code: 2, error: expect.stringContaining('folds: expected at most 60') as string }) // prettier-ignore
    expect((await train(`${houses} --stream --folds 3`)).error).toContain('--folds: needs all samples in memory')
  })
})

describe('notes of train', () => {
  it('name inputs and targets that are not scaled before training, and the result after it', async () => {
    const { code, error } = await train(`${houses} --lr 0.0001 --epochs 10`)
    expect(code).toBe(0)
    const notes = error.trim().split('\n')
    expect(notes[0]).toBe('webgpu-mlp: note: the inputs are large: year reaches from 1900 to 2018; take --standardize')
    expect(notes[1]).toMatch(/note: the target is not scaled: it reaches from \d+ to \d+; take --standardize-targets$/)
    expect(notes[2]).toMatch(
      /note: the network is worse than always answering the mean of the targets \(R² -[\d.]+\); the notes above say why; try: webgpu-mlp train --data \S+ .*--standardize$/,
    )
  })

  it('say nothing of scaled data', async () => {
    expect((await train(`${houses} --standardize --epochs 20 --batch 8`)).error).toBe('')
    expect((await train(`${circle} --lr 1`)).error).toBe('')
  })

  it('name the cause of a divergence, which is not what is scaled', async () => {
    const raw = await train(`${houses.replace('tanh', 'relu')} --lr 0.1 --epochs 20`)
    expect(raw.code).toBe(1)
    expect(raw.error).toMatch(
      /the training loss became .*; take --standardize, and take --standardize-targets|the training loss became .*; take --standardize(-targets)?\n/,
    )
    const scaled = await train(`${houses.replace('tanh', 'linear')} --standardize --lr 50 --epochs 50`)
    expect(scaled.code).toBe(1)
    expect(scaled.error).toMatch(/: the learning rate of sgd, 50, is too high.*; lower the learning rate: --lr 0\.1\n$/)
  })
})
