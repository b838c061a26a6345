import { Random } from '../../src/core/random.ts'
import { webgpu } from '../../src/index.ts'
import { BreakingGPU } from './breaking-gpu.ts'
import { randomMoment } from './random-moment.ts'
import { type Training, trainings } from './trainings.ts'

/** What was found with one training in the page. */
export interface Found {
  readonly runs: number
  readonly losses: number
  /** Runs with other results, that went on on the CPU, or that failed. */
  readonly wrong: readonly string[]
}

/** A text that differs where any bit of a result does. */
function textOf(result: unknown): string {
  return JSON.stringify(result, (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, (one) => nameOf(one))
    return typeof value === 'number' ? nameOf(value) : value
  })
}

const nameOf = (value: number) => (Object.is(value, -0) ? '-0' : String(value))

async function resultOf({ run, plan }: Training, gpu: BreakingGPU) {
  let isSlower = false
  const onRecovery = (recovery: { readonly isSlower: boolean }) => void (isSlower ||= recovery.isSlower)
  const backend = webgpu({ requestDevice: gpu.requestDevice, plan })
  try {
    return { text: textOf(await run(backend, { onRecovery })), isSlower }
  } finally {
    backend.dispose()
  }
}

/** Trains without a loss, then loses the device at one random moment of each run. */
export async function tryMoments(name: string, runs: number, seed: number): Promise<Found> {
  const training = trainings.find((one) => one.name === name)!
  // The first run on an adapter tests its kernels, too.
  await resultOf(training, new BreakingGPU())
  const whole = new BreakingGPU()
  const unbroken = await resultOf(training, whole)
  const random = new Random(seed, 'split')
  const wrong: string[] = []
  let losses = 0
  for (let run = 0; run < runs; run++) {
    const moment = randomMoment(random, whole.counts)
    const gpu = new BreakingGPU([moment])
    const problem = await resultOf(training, gpu).then(
      ({ text, isSlower }) =>
        isSlower ? 'it went on on the CPU' : text === unbroken.text ? undefined : 'other results',
      (error: unknown) => String(error),
    )
    losses += gpu.losses.length
    if (problem !== undefined) wrong.push(`${JSON.stringify(moment)}: ${problem}`)
  }
  return { runs, losses, wrong }
}
