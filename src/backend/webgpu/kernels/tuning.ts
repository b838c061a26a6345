import type { Device } from '../device/device.ts'
import type { AdapterProfile } from '../device/profile.ts'
import { Profiler } from '../../profiler.ts'
import { KernelClock } from '../device/clock.ts'
import { encode, type Recorded } from '../plans/recording.ts'
import { packsOf } from './packs.ts'
import {
  blocks,
  chooseFewTiling,
  chooseOutputTiling,
  chooseTiling,
  groupsOf,
  hasAtMost,
  hasFewTerms,
  MOST_GROUPS,
  type ProductShape,
  type Tiling,
} from './tiling.ts'

/** Products of fewer multiplications than this are not worth a measurement. */
const WORTH_MEASURING = 100_000
/** The share of the rule's time that another tile must stay below to replace it: measurements vary. */
const CLEARLY_FASTER = 0.9
const ROUNDS = 4
/** Milliseconds of device time that one measurement takes about. */
const MEASURE = 4
/** Dispatches that the device's timestamps measure together. */
const CLOCKED = 4

/** The key of a measured tile in the profile. */
const keyOf = (stage: string, { rows, columns, terms }: ProductShape) => `${stage} ${rows} ${columns} ${terms}`

/** Gradients over a small minibatch have a separate product kernel. */
const isFew = (profile: AdapterProfile, stage: string, shape: ProductShape) =>
  stage === 'gradient' && hasFewTerms(shape) && profile.allows('few')

/** The tile that was measured to be the fastest for this shape on this adapter, or else the one that the rule gives. */
export function tilingFor(profile: AdapterProfile, stage: string, shape: ProductShape): Tiling {
  return profile.tilings.get(keyOf(stage, shape)) ?? ruleFor(profile, stage, shape)
}

/** The tile that the rule gives. */
function ruleFor(profile: AdapterProfile, stage: string, shape: ProductShape): Tiling {
  const choose = stage === 'output' ? chooseOutputTiling : isFew(profile, stage, shape) ? chooseFewTiling : chooseTiling
  const { software, invocations } = profile
  const tiling = choose(shape, {
    software,
    invocations,
    blocks: profile.allows('blocks'),
    columnsAlongTerms: stage === 'hiddenDelta',
  })
  return tiling.block || profile.allows('slices') ? tiling : { ...tiling, slices: 1 }
}

/** Whether a product of this shape is worth a measurement that was not made yet. */
export function needsTuning(profile: AdapterProfile, stage: string, shape: ProductShape): boolean {
  if (shape.rows * shape.columns * shape.terms < WORTH_MEASURING || isFew(profile, stage, shape)) return false
  if (profile.isPinned || profile.tilings.has(keyOf(stage, shape))) return false
  // Slices change the order in which a sum is added up.
  const { slices, block } = ruleFor(profile, stage, shape)
  return slices === 1 || block === true
}

/**
 * The tiles to measure for a shape: the rule's tile first, then variations in the sizes whose best values differ between
 * adapters.
 */
export function candidateTilings(profile: AdapterProfile, stage: string, shape: ProductShape): Tiling[] {
  const rule = ruleFor(profile, stage, shape)
  const { rowTiles, columnTiles, width } = rule
  const others: Tiling[] = rule.block
    ? blocks.filter((block) => block !== rule && hasAtMost(block, profile.invocations))
    : [
        columnTiles === 1 ? { ...rule, columnTiles: 2, width: Math.max(4, width / 2) } : { ...rule, columnTiles: 1 },
        { ...rule, rowTiles: rowTiles > 2 ? 2 : 4 },
      ]
  const [rows, columns] = [packsOf(shape.rows), packsOf(shape.columns)]
  const isPossible = (tiling: Tiling) =>
    tiling.rowTiles <= rows &&
    tiling.columnTiles <= columns &&
    // The gradient has one more row of workgroups.
    Math.max(...groupsOf(shape, tiling)) < MOST_GROUPS
  return [rule, ...others.filter(isPossible)]
}

/**
 * Measures a product's tiles on the device and remembers the fastest in the device's profile.
 * @param tilings the rule's first, each bound to buffers that may be written
 */
export async function tune(
  device: Device,
  stage: string,
  shape: ProductShape,
  step: GPUBindGroup,
  minibatch: number,
  tilings: readonly { readonly tiling: Tiling; readonly recorded: Recorded }[],
): Promise<void> {
  const { profile } = device
  const recorded = tilings.map((one) => one.recorded)
  const rounds = await measureRounds(device, recorded, step, minibatch)
  const least = tilings.map((_, i) => Math.min(...rounds.map((times) => times[i]!)))
  const best = least.indexOf(Math.min(...least))
  profile.tilings.set(keyOf(stage, shape), tilings[least[best]! < CLEARLY_FASTER * least[0]! ? best : 0]!.tiling)
}

/**
 * The milliseconds of one dispatch of each stage, several times; the same number for all where that cannot be measured. In
 * turn, so that changes of the device's speed affect all of them.
 */
async function measureRounds(
  device: Device,
  recorded: readonly Recorded[],
  step: GPUBindGroup,
  rows: number,
): Promise<number[][]> {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => round)
  // All rounds together take one wait.
  if (device.profile.latency > 0) return Promise.all(rounds.map(() => measureByClock(device, recorded, step, rows)))
  const times: number[][] = rounds.map(() => [])
  for (const round of times) {
    for (const one of recorded) round.push(await measure(device, one, step, rows))
  }
  return times
}

/** Where answers come late, only the device's timestamps measure how long a dispatch took. */
async function measureByClock(
  device: Device,
  recorded: readonly Recorded[],
  step: GPUBindGroup,
  rows: number,
): Promise<number[]> {
  if (!device.gpu.features.has('timestamp-query')) return recorded.map(() => 1)
  const profiler = new Profiler()
  const clock = await device.checked('tuning', () => new KernelClock(device, profiler))
  try {
    await device.checked('tuning', () => {
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp tuning' })
      for (const [i, one] of recorded.entries()) {
        const pass = clock.beginPass(encoder, `${i}`)
        pass.setBindGroup(0, step)
        for (let k = 0; k < CLOCKED; k++) encode(pass, one, rows)
        pass.end()
      }
      clock.end(encoder)
      device.gpu.queue.submit([encoder.finish()])
    })
    const now = performance.now()
    await clock.collect({ began: now, encoded: now, submitted: now, steps: 1 })
    const kernels = profiler.report().entries.filter(({ part }) => part === 'kernel')
    const times = recorded.map((_, i) => kernels.find(({ name }) => name === `${i}`)?.seconds ?? 0)
    // Timestamps that do not advance measure nothing.
    return times.every((time) => time > 0) ? times : recorded.map(() => 1)
  } finally {
    clock.dispose()
  }
}

/** Milliseconds of one dispatch among many. */
async function measure(device: Device, recorded: Recorded, step: GPUBindGroup, rows: number): Promise<number> {
  const run = async (times: number) => {
    const began = performance.now()
    await device.checked('tuning', () => {
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp tuning' })
      const pass = encoder.beginComputePass({ label: 'webgpu-mlp tuning' })
      pass.setBindGroup(0, step)
      for (let i = 0; i < times; i++) encode(pass, recorded, rows)
      pass.end()
      device.gpu.queue.submit([encoder.finish()])
    })
    await device.settled()
    return (performance.now() - began) / times
  }
  const first = await run(1)
  const times = Math.min(100, Math.floor(MEASURE / first))
  return times > 1 ? run(times) : first
}
