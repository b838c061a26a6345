import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeCheckpoint } from '../src/index.ts'
import { program } from './command.ts'
import { call, network, run, train, words } from './resumable-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-kill-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts a run and kills it some time after its first checkpoint. @returns the number of epochs in the checkpoint */
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
      // The options are those of the killed run, including the path of its model.
      expect(call('train', '--resume', checkpoint)).toMatchObject({ status: 0, stderr: '' })
      expect(readFileSync(out, 'utf8')).toBe(whole)
      expect(decodeCheckpoint(readFileSync(checkpoint, 'utf8')).epoch).toBe(60)
    }
    expect(resumed).toBeGreaterThan(0)
    // The next process that writes to the folder removes the temporary file of a killed process.
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  }, 120_000)

  it('keeps the last epoch if Ctrl-C ends the run', async () => {
    const checkpoint = ['--checkpoint', file('int.checkpoint'), '--checkpoint-every', '1000']
    const given = [...run.filter((word) => word !== '--json'), '--out', file('int.json'), ...checkpoint]
    const child = spawn(process.execPath, [program, ...given], { stdio: ['ignore', 'pipe', 'ignore'] })
    let asked = false
    child.stdout.on('data', (text: Buffer) => {
      // Only once: a second signal ends the program immediately.
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
})
