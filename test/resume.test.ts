import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeCheckpoint } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-resume-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)
const words = (text: string) => text.split(' ')
const network = '--layers -,24,16,- --activation tanh,tanh,softmax --loss crossEntropy --optimizer adam --lr 0.005'
const run = words(
  `train --data spirals --samples 2000 ${network} --schedule cosine:epochs=60 --dropout 0.1 --l2 1e-5 --test 0.2 ` +
    '--seed 4 --epochs 60 --backend cpu --json',
)
const program = 'dist/node/cli.js'
const call = (...more: string[]) => spawnSync(process.execPath, [program, ...more], { encoding: 'utf8' })
const train = (...more: string[]) => call(...run, ...more)
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts a run and kills it some time after its first checkpoint. @returns how many epochs the checkpoint has */
async function kill(given: readonly string[], checkpoint: string, after: number): Promise<number> {
  const child = spawn(process.execPath, [program, ...given, '--checkpoint', checkpoint])
  const ended = new Promise((resolve) => child.on('exit', resolve))
  for (let waited = 0; !existsSync(checkpoint) && waited < 40_000; waited += 5) await wait(5)
  await wait(after)
  child.kill('SIGKILL')
  await ended
  return decodeCheckpoint(readFileSync(checkpoint, 'utf8')).epoch
}

describe('train --checkpoint', () => {
  it('survives SIGKILL at any moment: the resumed run writes the same model, byte for byte', async () => {
    expect(train('--out', file('whole.json')).status).toBe(0)
    const whole = readFileSync(file('whole.json'), 'utf8')
    let resumed = 0
    for (const after of [0, 30, 90, 200]) {
      const checkpoint = file(`${after}.checkpoint`)
      const out = file(`${after}.json`)
      if ((await kill([...run, '--out', out], checkpoint, after)) === 60) continue
      resumed++
      // The options are those of the run that was killed, where its model goes too.
      expect(call('train', '--resume', checkpoint)).toMatchObject({ status: 0, stderr: '' })
      expect(readFileSync(out, 'utf8')).toBe(whole)
      expect(decodeCheckpoint(readFileSync(checkpoint, 'utf8')).epoch).toBe(60)
    }
    expect(resumed).toBeGreaterThan(0)
    // What a killed process was writing is removed by the next that writes there.
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  }, 120_000)

  it('keeps the last epoch where Ctrl-C ends the run', async () => {
    const checkpoint = ['--checkpoint', file('int.checkpoint'), '--checkpoint-every', '1000']
    const given = [...run.filter((word) => word !== '--json'), '--out', file('int.json'), ...checkpoint]
    const child = spawn(process.execPath, [program, ...given], { stdio: ['ignore', 'pipe', 'ignore'] })
    let asked = false
    child.stdout.on('data', (text: Buffer) => {
      // Once: a second time ends the program at once.
      if (!asked && text.toString().includes('Epoch')) asked = child.kill('SIGINT')
    })
    const code = await new Promise((resolve) => child.on('exit', resolve))
    expect(code).toBe(130)
    const { epoch } = decodeCheckpoint(readFileSync(file('int.checkpoint'), 'utf8'))
    expect(epoch).toBeGreaterThan(0)
    expect(epoch).toBeLessThan(60)
    expect(call('train', '--resume', file('int.checkpoint')).status).toBe(0)
    expect(readFileSync(file('int.json'), 'utf8')).toBe(readFileSync(file('whole.json'), 'utf8'))
  }, 60_000)

  it('survives SIGKILL on webgpu', async () => {
    const given = words(
      `train --data circle --samples 400 ${network} --dropout 0.2 --clip-norm 1 --warmup 3 --test 0.2 --seed 2 ` +
        '--epochs 30 --backend webgpu',
    )
    const out = file('gpu.json')
    expect(call(...given, '--out', file('gpu-whole.json')).status).toBe(0)
    const epoch = await kill([...given, '--out', out], file('gpu.checkpoint'), 40)
    expect(epoch).toBeLessThan(30)
    expect(call('train', '--resume', file('gpu.checkpoint')).status).toBe(0)
    expect(readFileSync(out, 'utf8')).toBe(readFileSync(file('gpu-whole.json'), 'utf8'))
  }, 120_000)

  it('tells of the whole run in the report of a resumed one', () => {
    const given = [...run, '--out', file('r.json')]
    expect(call(...given, '--report', file('unbroken.html')).status).toBe(0)
    const broken = [...given, '--epochs', '25', '--checkpoint', file('r.checkpoint'), '--report', file('broken.html')]
    expect(call(...broken).status).toBe(0)
    const resumed = call('train', '--resume', file('r.checkpoint'), '--epochs', '60', '--json')
    const { epochs, steps } = JSON.parse(resumed.stdout) as { epochs: number; steps: number }
    expect([epochs, steps]).toEqual([60, 60 * 50])
    // All columns but the seconds, which no two runs share.
    const rows = (name: string) => readFileSync(file(name), 'utf8').replace(/,[^,]*\r\n/g, '\n')
    expect(rows('broken-history.csv')).toBe(rows('unbroken-history.csv'))
    expect(rows('broken-history.csv').split('\n')).toHaveLength(62)
  })

  it('finishes a run that was killed after its last checkpoint, before its model and report were written', () => {
    const given = [...run, '--epochs', '20', '--checkpoint', file('last')]
    const outputs = ['--out', file('last.json'), '--report', file('last.html')]
    const names = ['last.json', 'last-history.csv']
    // With early stopping, whose best epoch is not the last; whether it ended the run or not.
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
      // Where all was written, it is written again.
      const again = call('train', '--resume', file('last'))
      expect(again.stdout).toMatch(/^Resumed {2}.*last, after epoch \d+/m)
      expect(readFileSync(file('last.json'), 'utf8')).toBe(written[0])
    }
  }, 60_000)

  it('says what does not go together', () => {
    expect(train('--checkpoint', file('a'), '--checkpoint-every', '20', '--epochs', '20').status).toBe(0)
    expect(train('--resume', file('a'), '--lr', '0.1').stderr).toBe(
      'webgpu-mlp: optimizer.learningRate.learningRate: the checkpoint was trained with 0.005, this trainer has 0.1\n',
    )
    expect(call('train', '--resume', file('a'), '--epochs', '19').stderr).toContain(
      'has 20 epochs behind it; give at least as many',
    )
    expect(train('--resume', 'package.json').stderr).toBe(
      'webgpu-mlp: package.json: checkpoint: its "format" is undefined, not \'webgpu-mlp checkpoint\'\n',
    )
    const made = JSON.parse(readFileSync(file('a'), 'utf8')) as Record<string, unknown>
    const told = (notes: unknown) => {
      writeFileSync(file('b'), JSON.stringify({ ...made, notes }))
      const { status, stderr } = call('train', '--resume', file('b'))
      expect(status).toBe(2)
      return stderr
    }
    expect(told({ arguments: 3, epochs: [] })).toContain('"notes.arguments" is 3, expected a list of words')
    expect(told({ arguments: [], epochs: [[1]] })).toContain('"notes.epochs" are not the 20 epochs of its run')
    expect(told({ ...(made.notes as object), arguments: ['--lr', 'x'] })).toContain("expected a number, got 'x'")
    // Made by a program of the library's user: the options are not known.
    expect(told(undefined)).toBe("webgpu-mlp: required option '--data <name>' not specified\n")
    expect(train('--resume', file('b'), '--early-stopping', '0').stderr).toContain('patience: expected a whole number')
  }, 60_000)

  it('stops early, and says so', () => {
    const { stdout } = train('--early-stopping', '1', '--min-delta', '1')
    expect(JSON.parse(stdout)).toMatchObject({ epochs: 2, bestEpoch: 1, stoppedEarly: true })
  })
})
