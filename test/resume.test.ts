import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { call, run, train, words } from './resumable-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-resume-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)

describe('train --checkpoint', () => {
  it('includes the whole run in the report of a resumed run', () => {
    const given = [...run, '--out', file('r.json')]
    expect(call(...given, '--report', file('unbroken.html')).status).toBe(0)
    const broken = [...given, '--epochs', '25', '--checkpoint', file('r.checkpoint'), '--report', file('broken.html')]
    expect(call(...broken).status).toBe(0)
    const resumed = call('train', '--resume', file('r.checkpoint'), '--epochs', '60', '--json')
    const { epochs, steps } = JSON.parse(resumed.stdout) as { epochs: number; steps: number }
    expect([epochs, steps]).toEqual([60, 60 * 50])
    // All columns except the seconds, which differ between runs.
    const rows = (name: string) => readFileSync(file(name), 'utf8').replace(/,[^,]*\r\n/g, '\n')
    expect(rows('broken-history.csv')).toBe(rows('unbroken-history.csv'))
    expect(rows('broken-history.csv').split('\n')).toHaveLength(62)
  })

  it('goes on with another learning rate, where it is given, and says so in the history and the report', () => {
    const first = words('train --data circle --layers 2,3,2 --lr 0.5 --epochs 3 --seed 1 --backend cpu')
    expect(call(...first, '--checkpoint', file('rate')).status).toBe(0)
    const resumed = call('train', '--resume', file('rate'), '--epochs', '5', '--lr', '0.25', '--l2', '0.125')
    expect(resumed.stdout).toContain('Changed  learningRate 0.5 → 0.25 after epoch 3\nChanged  l2 0 → 0.125 after epoch 3\n') // prettier-ignore
    // What was changed stays changed, and is reported when the run goes on again.
    const again = call('train', '--resume', file('rate'), '--epochs', '6', '--report', file('rate.html'))
    expect(again.stdout).not.toContain('Changed')
    expect(readFileSync(file('rate-history.csv'), 'utf8').trim().split('\r\n').map((row) => row.split(',')[5])).toEqual(['learning_rate', '0.5', '0.5', '0.5', '0.25', '0.25', '0.25']) // prettier-ignore
    expect(readFileSync(file('rate.html'), 'utf8')).toContain('learningRate 0.5 → 0.25 after epoch 3; l2 0 → 0.125 after epoch 3') // prettier-ignore
    expect(call('train', '--resume', file('rate'), '--layers', '2,4,2').stderr).toMatch(/^webgpu-mlp: sizes: .*--from/)
  })

  it('finishes a run that was killed after its last checkpoint, before its model and report were written', () => {
    const given = [...run, '--epochs', '20', '--checkpoint', file('last')]
    const outputs = ['--out', file('last.json'), '--report', file('last.html')]
    const names = ['last.json', 'last-history.csv']
    // With early stopping, where the best epoch is not the last, whether or not it ended the run.
    for (const more of [[], ['--early-stopping', '100', '--lr', '0.2'], ['--early-stopping', '2', '--lr', '0.2']]) {
      const whole = train(...given.slice(run.length), ...outputs, ...more)
      const { epochs, bestEpoch, loss } = JSON.parse(whole.stdout) as Record<string, number>
      if (more.length > 0) expect(bestEpoch).toBeLessThan(epochs!)
      const written = names.map((name) => readFileSync(file(name), 'utf8'))
      for (const name of [...names, 'last.html']) rmSync(file(name))
      const resumed = call('train', '--resume', file('last'), '--json')
      expect(resumed.status).toBe(0)
      expect(JSON.parse(resumed.stdout)).toMatchObject({ epochs, ...(bestEpoch && { bestEpoch }), loss })
      expect(names.map((name) => readFileSync(file(name), 'utf8'))).toEqual(written)
      expect(readFileSync(file('last.html'), 'utf8')).toMatch(/^<!doctype html>/)
      // If all files were written, they are written again.
      const again = call('train', '--resume', file('last'))
      expect(again.stdout).toMatch(/^Resumed {2}.*last, after epoch \d+/m)
      expect(readFileSync(file('last.json'), 'utf8')).toBe(written[0])
    }
  }, 60_000)

  it('says if the bits are not those of an unbroken run, and with --deterministic ends', () => {
    const small = words(
      'train --data circle --layers 2,3,2 --lr 1 --seed 4 --epochs 4 --backend webgpu --deterministic',
    )
    const whole = [...small, '--json', '--checkpoint', file('c.checkpoint'), '--out', file('c.json')]
    expect(call(...whole).status).toBe(0)
    const written = readFileSync(file('c.json'), 'utf8')
    expect(call(...whole, '--force').status).toBe(0)
    expect(readFileSync(file('c.json'), 'utf8')).toBe(written)
    // The resumed run repeats --deterministic, which takes this checkpoint and refuses one of the CPU.
    const resume = (...more: string[]) => call('train', '--resume', file('c.checkpoint'), '--json', ...more)
    expect(resume('--epochs', '5')).toMatchObject({ status: 0, stderr: expect.not.stringContaining('bits') as string })
    const checkpoint = JSON.parse(readFileSync(file('c.checkpoint'), 'utf8')) as Record<string, unknown>
    expect(checkpoint.arithmetic).toMatchObject({ backend: 'webgpu' })
    const ofCPU = JSON.stringify({ ...checkpoint, arithmetic: { backend: 'cpu', form: 'float32' } })
    writeFileSync(file('c.checkpoint'), ofCPU)
    const refused = resume('--epochs', '6')
    expect(refused.status).toBe(2)
    expect(refused.stderr).toMatch(
      /deterministic: the checkpoint was trained with cpu \(float32\) and goes on with webgpu/,
    )
    writeFileSync(file('c.checkpoint'), ofCPU.replaceAll('"--deterministic",', ''))
    const remarked = resume('--epochs', '6')
    expect(remarked.status).toBe(0)
    expect(remarked.stderr).toContain('so the last bits of its parameters are not those of an unbroken run')
  })

  it('reports options that conflict with the checkpoint', () => {
    expect(train('--checkpoint', file('a'), '--checkpoint-every', '20', '--epochs', '20').status).toBe(0)
    expect(train('--resume', file('a'), '--batch', '7').stderr).toBe(
      'webgpu-mlp: batchSize: the checkpoint was trained with 32, this trainer has 7; steps are counted in minibatches of ' +
        'its size; to train its network with other options, begin a new run from it (--from)\n',
    )
    expect(call('train', '--resume', file('a'), '--epochs', '19').stderr).toContain(
      'has trained 20 epochs; give at least as many',
    )
    expect(train('--resume', 'package.json').stderr).toBe(
      'webgpu-mlp: package.json: checkpoint: its "format" is undefined, not \'webgpu-mlp checkpoint\'\n',
    )
    const made = JSON.parse(readFileSync(file('a'), 'utf8')) as Record<string, unknown>
    const errorFor = (notes: unknown) => {
      writeFileSync(file('b'), JSON.stringify({ ...made, notes }))
      const { status, stderr } = call('train', '--resume', file('b'))
      expect(status).toBe(2)
      return stderr
    }
    expect(errorFor({ arguments: 3, epochs: [] })).toContain('"notes.arguments" is 3, expected a list of words')
    expect(errorFor({ arguments: [], epochs: [[1]] })).toContain('"notes.epochs" are not the 20 epochs of its run')
    expect(errorFor({ ...(made.notes as object), arguments: ['--lr', 'x'] })).toContain("expected a number, got 'x'")
    // Written by a program that uses the library: the options are unknown.
    expect(errorFor(undefined)).toBe("webgpu-mlp: required option '--data <name>' not specified\n")
    expect(train('--resume', file('b'), '--early-stopping', '0').stderr).toContain(
      '--early-stopping: expected a whole number',
    )
  }, 60_000)

  it('stops early, and reports it', () => {
    const { stdout } = train('--early-stopping', '1', '--min-delta', '1')
    expect(JSON.parse(stdout)).toMatchObject({ epochs: 2, bestEpoch: 1, stoppedEarly: true })
  })
})
