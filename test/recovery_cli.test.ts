import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { recoveryNote } from '../src/cli/recovery-note.ts'
import { runCommand } from './command.ts'
import { isExhaustive } from './covering.ts'

describe('the note about a lost device', () => {
  const reason = "the GPU device 'A' was lost: the driver was reset (unknown)"
  const newDevice = { reason, backend: { name: 'webgpu', description: 'A' }, isSlower: false } as const

  it('says why, after which epoch, and on what training goes on', () => {
    expect(recoveryNote({ ...newDevice, epoch: 7 })).toBe(
      `webgpu-mlp: note: ${reason}; after epoch 7, training went on on a new device`,
    )
  })

  it('says that the CPU is slower, and names no epoch of a sweep', () => {
    const backend = { name: 'wasm', description: 'wasm, 2 threads' } as const
    expect(recoveryNote({ ...newDevice, backend, isSlower: true })).toBe(
      `webgpu-mlp: note: ${reason}; training went on on wasm, which is slower`,
    )
  })
})

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-lost-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command that loses its first devices. */
const runLosing = (line: string, devices: number) =>
  runCommand(line.split(' '), {
    cwd: folder,
    env: {
      NODE_OPTIONS: `--import ${new URL('recovery/lose-device.js', import.meta.url).href}`,
      LOSE_AT_SUBMIT: '2',
      LOSE_DEVICES: String(devices),
    },
  })

const train = 'train --data circle --samples 60 --layers 2,4,2 --seed 1 --epochs 20 --backend webgpu --out'
const sweep = 'sweep --data circle --samples 60 --layers 2,4,2 --lr 0.1,1 --seeds 2 --epochs 6 --backend webgpu --out'

/** The rounds of a sweep's notes name no epoch, which differ. */
const onNewDevice = {
  train:
    /^webgpu-mlp: note: (?:during the self-test, )?the GPU device '.+' was lost: [^;]+; after epoch \d+, training went on on a new device$/m,
  sweep:
    /^webgpu-mlp: note: (?:during the self-test, )?the GPU device '.+' was lost: [^;]+; training went on on a new device$/m,
}

describe.runIf(isExhaustive)('a command whose device is lost says so, and goes on', () => {
  it('train', async () => {
    const { code, error } = await runLosing(`${train} lost.json`, 1)
    expect(error).toMatch(onNewDevice.train)
    expect(code).toBe(0)
    expect(await runLosing(`${train} whole.json`, 0)).toMatchObject({ code: 0 })
    const modelOf = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect(modelOf('lost.json')).toBe(modelOf('whole.json'))
  })

  it('sweep', async () => {
    const { code, error } = await runLosing(`${sweep} lost`, 1)
    expect(error).toMatch(onNewDevice.sweep)
    expect(code).toBe(0)
  })

  it('train, on the CPU after three losses without progress', async () => {
    const { code, error } = await runLosing(`${train} slow.json`, 3)
    expect(error).toMatch(/; after epoch 0, training went on on wasm, which is slower$/m)
    expect(code).toBe(0)
  })
})
