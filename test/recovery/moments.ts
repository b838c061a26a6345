import { expect } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { type SharedRecovery, webgpu } from '../../src/index.ts'
import { BreakingGPU, type CallName, type Loss } from './breaking-gpu.ts'
import { randomMoment, whens } from './random-moment.ts'
import type { Training, Watch } from './trainings.ts'

/** How many random moments are tried with each training; `npm run test:recovery` sets it to 100. */
export const moments = Number(process.env.RECOVERY_MOMENTS ?? 1)
/** Of the random moments. */
const seed = Number(process.env.RECOVERY_SEED ?? 1)

/** Calls between two losses in a run that loses its device again and again, at most. */
const FEW_CALLS = 40
/** Calls after a loss in which the library opens another device and repeats what was lost. */
const RECOVERY_CALLS = 120

/** How a loss came about, for the message of a failure. */
interface Broken {
  readonly gpu: BreakingGPU
  readonly recoveries: SharedRecovery[]
  readonly result: unknown
}

/** A run without a loss, and how many calls of each kind it makes. */
export interface Unbroken {
  readonly result: unknown
  readonly counts: ReadonlyMap<CallName, number>
}

export async function runUnbroken(training: Training): Promise<Unbroken> {
  // The first run on an adapter tests its kernels, too.
  if (moments > 1) await runOn(new BreakingGPU(), training, {})
  const gpu = new BreakingGPU()
  return { result: await runOn(gpu, training, {}), counts: gpu.counts }
}

/** Runs a training and frees its last device. */
async function runOn(gpu: BreakingGPU, { run, plan }: Training, watch: Watch): Promise<unknown> {
  const backend = webgpu({ requestDevice: gpu.requestDevice, plan })
  try {
    return await run(backend, watch)
  } finally {
    backend.dispose()
  }
}

/** Runs a training on a device that breaks. */
async function runBroken(training: Training, gpu: BreakingGPU, onProgress?: () => void): Promise<Broken> {
  const recoveries: SharedRecovery[] = []
  const watch = {
    onRecovery: (recovery: SharedRecovery) => void recoveries.push(recovery),
    onProgress: onProgress ?? noop,
  }
  const result = await runOn(gpu, training, watch)
  return { gpu, recoveries, result }
}

const noop = () => undefined

/** What a number of runs had in common, for the figures in docs/reliability.md. */
export class Tally {
  #runs = 0
  #reported = 0
  readonly #losses: Loss[] = []

  add({ gpu, recoveries }: Broken): void {
    this.#runs++
    this.#reported += recoveries.length
    this.#losses.push(...gpu.losses)
  }

  get losses(): number {
    return this.#losses.length
  }

  print(name: string): void {
    if (moments === 1) return
    const kinds = new Map<string, number>()
    for (const { name } of this.#losses) kinds.set(name, (kinds.get(name) ?? 0) + 1)
    const list = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')
    console.log(`${name}: ${this.#runs} runs, ${this.#losses.length} losses (${list}), ${this.#reported} reported`)
  }
}

function expectSame(broken: Broken, unbroken: Unbroken, moment: unknown): void {
  const { gpu, recoveries, result } = broken
  const context = `seed ${seed}, ${JSON.stringify(moment)}, lost at ${JSON.stringify(gpu.losses)}`
  expect(result, context).toEqual(unbroken.result)
  expect(
    recoveries.filter(({ isSlower }) => isSlower),
    context,
  ).toEqual([])
}

/** Loses the device at one random moment of each run. */
export async function loseOnce(training: Training, unbroken: Unbroken, random: Random, tally: Tally): Promise<void> {
  const moment = randomMoment(random, unbroken.counts)
  const broken = await runBroken(training, new BreakingGPU([moment]))
  tally.add(broken)
  expectSame(broken, unbroken, moment)
}

/** Loses the device, and the next one while the library recovers. */
export async function loseWhileRecovering(
  training: Training,
  unbroken: Unbroken,
  random: Random,
  tally: Tally,
): Promise<void> {
  const moment = randomMoment(random, unbroken.counts)
  const [after, when] = [1 + random.below(RECOVERY_CALLS), whens[random.below(3)]!]
  const gpu = new BreakingGPU([moment])
  gpu.onLoss = () => gpu.losses.length === 1 && gpu.loseIn(after, when)
  const broken = await runBroken(training, gpu)
  tally.add(broken)
  expectSame(broken, unbroken, { moment, after, when })
}

/** Loses the device again and again, each time after the training has got further. */
export async function loseRepeatedly(
  training: Training,
  unbroken: Unbroken,
  random: Random,
  tally: Tally,
): Promise<void> {
  const gpu = new BreakingGPU()
  const all = [...unbroken.counts.values()].reduce((sum, count) => sum + count, 0)
  // A short training would end before many calls are made.
  const few = Math.max(1, Math.min(FEW_CALLS, Math.floor(all / 8)))
  const onProgress = () => {
    if (!gpu.isArmed && random.below(2) === 0) gpu.loseIn(1 + random.below(few), whens[random.below(3)]!)
  }
  const broken = await runBroken(training, gpu, onProgress)
  tally.add(broken)
  expectSame(broken, unbroken, 'again and again')
}

export const randomOf = (index: number) => new Random(seed, 'split', index)
