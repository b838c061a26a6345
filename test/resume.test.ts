import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeCheckpoint } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-resume-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)
const run = [
  ...['train', '--data', 'spirals', '--samples', '2000', '--layers', '2,24,16,2', '--activation', 'tanh,tanh,softmax'],
  ...[
    '--loss',
    'crossEntropy',
    '--optimizer',
    'adam',
    '--lr',
    '0.005',
    '--schedule',
    'cosine:epochs=60',
    '--dropout',
    '0.1',
  ],
  ...['--l2', '1e-5', '--test', '0.2', '--seed', '4', '--epochs', '60', '--backend', 'cpu', '--json'],
]
const program = ['dist/node/cli.js', ...run]
const train = (...more: string[]) => spawnSync(process.execPath, [...program, ...more], { encoding: 'utf8' })

describe('train --checkpoint', () => {
  it('survives SIGKILL at any moment: the resumed run writes the same model, byte for byte', async () => {
    expect(train('--out', file('whole.json')).status).toBe(0)
    const whole = readFileSync(file('whole.json'), 'utf8')
    let resumed = 0
    for (const wait of [0, 30, 90, 200]) {
      const checkpoint = file(`${wait}.checkpoint`)
      const child = spawn(process.execPath, [...program, '--checkpoint', checkpoint, '--out', file('broken.json')])
      const ended = new Promise((resolve) => child.on('exit', resolve))
      for (let waited = 0; !existsSync(checkpoint) && waited < 20_000; waited += 5) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await new Promise((resolve) => setTimeout(resolve, wait))
      child.kill('SIGKILL')
      await ended
      const { epoch } = decodeCheckpoint(readFileSync(checkpoint, 'utf8'))
      if (epoch === 60) continue
      resumed++
      const out = file(`${wait}.json`)
      expect(train('--resume', checkpoint, '--checkpoint', checkpoint, '--out', out)).toMatchObject({
        status: 0,
        stderr: '',
      })
      expect(readFileSync(out, 'utf8')).toBe(whole)
    }
    expect(resumed).toBeGreaterThan(0)
    // What a crash leaves behind is hidden and never taken for a checkpoint.
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp') && !name.startsWith('.'))).toEqual([])
  }, 120_000)

  it('says what does not go together', () => {
    expect(train('--checkpoint', file('a'), '--checkpoint-every', '20', '--epochs', '20').status).toBe(0)
    expect(train('--resume', file('a'), '--lr', '0.1').stderr).toBe(
      'webgpu-mlp: optimizer.learningRate.learningRate: the checkpoint was trained with 0.005, this trainer has 0.1\n',
    )
    expect(train('--resume', file('a'), '--epochs', '20').stderr).toContain('has 20 epochs behind it; give more')
    expect(train('--resume', 'package.json').stderr).toBe(
      'webgpu-mlp: package.json: checkpoint: its "format" is undefined, not \'webgpu-mlp checkpoint\'\n',
    )
  }, 60_000)

  it('stops early, and says so', () => {
    const { stdout } = train('--early-stopping', '1', '--min-delta', '1')
    expect(JSON.parse(stdout)).toMatchObject({ epochs: 2, bestEpoch: 1, stoppedEarly: true })
  })
})
