// The process of test/soak/main.js that trains: W2 with validation and checkpoints, on devices that it loses.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'webgpu'
import { makeDataset, makeNetwork, makeTrainer } from '../../bench/contenders.js'
import { makeData, workloads } from '../../bench/workloads.js'
import { readCheckpoint, writeCheckpoint } from '../../dist/node/files.js'
import { Dataset, Matrix, webgpu } from '../../dist/node/index.js'

/** Epochs between two checkpoints. */
const CHECKPOINT = 5
const VALIDATION_SAMPLES = 200

const { seconds = Infinity, every = Infinity, sampleSeconds } = JSON.parse(process.argv[2])
/** How many epochs are trained, once that is known. */
let epochs = Infinity
process.on('message', (message) => (epochs = message.epochs))

const gpu = create([])
const began = performance.now()
const secondsNow = () => (performance.now() - began) / 1000
let losses = 0
let lostAt = -1
let recoveries = 0
let isSlower = false

let device
async function requestDevice() {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  const wanted = ['timestamp-query', 'subgroups'].filter((feature) => adapter.features.has(feature))
  return (device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    requiredFeatures: wanted,
  }))
}

/** Three losses without progress would end on the CPU: where recovering takes longer than the time between two, it waits. */
function loseDevice() {
  if (trainer.epoch === lostAt) return
  lostAt = trainer.epoch
  losses++
  device.destroy()
}

function validationOf(workload) {
  const { x, y } = makeData({ ...workload, samples: VALIDATION_SAMPLES }, 2)
  const { sizes } = workload
  return Dataset.from(new Matrix(VALIDATION_SAMPLES, sizes[0], x), new Matrix(VALIDATION_SAMPLES, sizes.at(-1), y))
}

/** Of parameters and the optimizer's state, as the file of a checkpoint has them. */
async function fingerprintOf(path) {
  const { snapshot, epoch } = await readCheckpoint(path)
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of [snapshot.parameters, snapshot.state]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return { epoch, fingerprint: hash.digest('hex') }
}

/** Memory after garbage collection. Finalizers free buffers of the device in a later task, so it collects repeatedly. */
async function memoryOf(trainer) {
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heapUsed, external, device: trainer.memory }
}

const cpuSeconds = () => Object.values(process.cpuUsage()).reduce((sum, microseconds) => sum + microseconds, 0) / 1e6

/** Takes samples of memory and rate while it trains. */
class Sampler {
  #last = { epoch: 0, cpu: cpuSeconds(), seconds: secondsNow() }

  get isDue() {
    return secondsNow() - this.#last.seconds >= sampleSeconds
  }

  async take(trainer, { epoch, loss }) {
    const [before, now] = [this.#last, { epoch, cpu: cpuSeconds(), seconds: secondsNow() }]
    this.#last = now
    const rates = {
      cpu: (epoch - before.epoch) / (now.cpu - before.cpu),
      wall: (epoch - before.epoch) / (now.seconds - before.seconds),
    }
    const memory = await memoryOf(trainer)
    process.send({ kind: 'sample', seconds: now.seconds, epoch, loss, rates, memory, losses })
  }
}

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-soak-'))
const path = join(folder, 'run.checkpoint')
const workload = workloads.W2
const trainer = await makeTrainer(workload, makeNetwork(workload), webgpu({ requestDevice }))
const losing = every === Infinity ? undefined : setInterval(loseDevice, 1000 * every)
const write = async (checkpoint) => {
  await writeCheckpoint(path, checkpoint)
  process.send({ kind: 'milestone', ...(await fingerprintOf(path)) })
}
const onRecovery = (recovery) => {
  recoveries++
  isSlower ||= recovery.isSlower
}
const sampler = new Sampler()
const options = { epochs: 2 ** 31, validation: validationOf(workload), atOnce: CHECKPOINT, onRecovery }
for await (const epoch of trainer.epochs(makeDataset(workload), {
  ...options,
  checkpoint: { every: CHECKPOINT, write },
})) {
  if (sampler.isDue) await sampler.take(trainer, epoch)
  const isOver = epoch.epoch >= epochs || secondsNow() >= seconds
  if (isOver && epoch.epoch % CHECKPOINT === 0) break
}
clearInterval(losing)
const { description, software } = trainer.backend
const end = { kind: 'end', epochs: trainer.epoch, losses, recoveries, isSlower, backend: description, software }
trainer.dispose()
rmSync(folder, { recursive: true })
process.send(end, () => process.exit())
