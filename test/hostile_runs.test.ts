import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { AdapterRecord } from '../src/backend/webgpu/device/record.ts'
import { mergeSweep } from '../src/cli/sweep/merge.ts'
import { planSweep } from '../src/cli/sweep/plan.ts'
import { resume } from '../src/cli/train/resume.ts'
import {
  type Checkpoint,
  Dataset,
  encodeCheckpoint,
  encodeSweepCheckpoint,
  InputError,
  Network,
  sweep,
  Trainer,
} from '../src/index.ts'

/** Runs that go on from files which another person may have written. */

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-hostile-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const data = Dataset.from([[0], [1]], [0, 1])

describe('a checkpoint', () => {
  it.each(['--force', '--resume=other.checkpoint'])('does not give %s, which replaces or reads other files', async (word) => {
    const path = join(folder, 'run.checkpoint')
    const trainer = await Trainer.create(Network.create({ sizes: [1, 1], seed: 1 }), { backend: 'cpu', seed: 1 })
    const words = ['--data', 'circle', '--out', join(folder, 'x')]
    let made: Checkpoint | undefined
    await trainer.fit(data, { epochs: 1, checkpoint: { write: (checkpoint) => void (made = checkpoint) } })
    const write = (kept: readonly string[]) => {
      const notes = { arguments: kept, epochs: [[0, 0, null, null, 1, 0.1, 0, 1]] }
      writeFileSync(path, encodeCheckpoint({ ...made!, notes }))
    }
    write([...words, word])
    await expect(resume(path, [])).rejects.toThrow(/run\.checkpoint: .* is for the command line alone/)
    // The person at the command line may.
    write(words)
    expect((await resume(path, ['--force'])).options.force).toBe(true)
  }) // prettier-ignore
})

describe('the state of a sweep', () => {
  it('does not say where results go and what they replace', async () => {
    const run = sweep(data, { sizes: [1, 1], epochs: 1, backend: 'cpu', threads: 1 })
    await run
    const words = ['--data', 'circle', '--out', '/etc', '--force']
    const notes = { program: 'webgpu-mlp 0.2.0', arguments: words }
    writeFileSync(join(folder, 'sweep.state'), encodeSweepCheckpoint(await run.checkpoint({ notes })))
    const message = /sweep\.state: .*the sweep has --out, which the command line alone decides/
    await expect(planSweep(['--resume', folder], {})).rejects.toThrow(message)
    await expect(mergeSweep([folder], { out: join(folder, 'merged') })).rejects.toThrow(message)
  })

  it('is refused where its notes are nested more deeply than recursion allows', async () => {
    const run = sweep(data, { sizes: [1, 1], epochs: 1, backend: 'cpu', threads: 1 })
    await run
    let notes: unknown = []
    for (let i = 0; i < 200; i++) notes = [notes]
    const checkpoint = await run.checkpoint({ notes })
    expect(() => encodeSweepCheckpoint(checkpoint)).toThrow(InputError)
  })
})

describe('the cache of adapters', () => {
  it.each([null, 5, [], { began: '1', tests: null }, { tests: { a: 1, b: '' } }])('may hold %j', async (entry) => {
    const adapterInfo = { vendor: 'v', architecture: 'a', device: 'd', description: 'driver 1.2.3' }
    const gpu = { adapterInfo, features: new Set(), limits: {} } as unknown as GPUDevice
    const { WEBGPU_MLP_CACHE: before } = process.env
    process.env.WEBGPU_MLP_CACHE = folder
    try {
      writeFileSync(join(folder, 'adapters.json'), JSON.stringify({ format: 1, entries: { key: entry } }))
      const { tests } = await AdapterRecord.open(gpu, 'key')
      expect([...tests.values()].every((text) => typeof text === 'string')).toBe(true)
    } finally {
      process.env.WEBGPU_MLP_CACHE = before
    }
  })
})
