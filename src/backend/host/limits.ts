import { InputError } from '../../core/errors.ts'
import { describeBytes } from '../../core/memory.ts'
import { countParameters, type Layer } from '../../model/layout.ts'
import { stateSlots } from '../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../backend.ts'
import { workspaceLengths } from './workspace.ts'

/** The most bytes that something can hold, and what that is, in words. */
export interface MemoryLimit {
  readonly bytes: number
  readonly holder: string
}

/** The parts of Node's `process` that say it, written out, because projects for browsers have no types of Node. */
interface Surroundings {
  process?: {
    getBuiltinModule?: (name: string) => unknown
    constrainedMemory?: () => number
  }
}

const surroundings = globalThis as Surroundings

/** The memory of the machine, or what its operating system gives to the process; unknown in browsers. */
export function machineMemory({ process }: Surroundings = surroundings): MemoryLimit {
  const holder = 'the memory of this machine has'
  try {
    // 0 where there is no limit.
    const constrained = process?.constrainedMemory?.() ?? 0
    const total = (process?.getBuiltinModule?.('os') as { totalmem(): number } | undefined)?.totalmem() ?? 0
    return { bytes: Math.min(constrained > 0 ? constrained : Infinity, total > 0 ? total : Infinity), holder }
  } catch {
    return { bytes: Infinity, holder } // Deno does not say it without a permission.
  }
}

/** What a network needs at least, on a backend of the host. */
export interface HostNeeds {
  readonly bytes: number
  /** What makes it less: the part that takes the most. */
  readonly remedy: string
}

/**
 * Bytes that a placed network takes at least: parameters with gradients, state and their copies for a return, and the values
 * of a minibatch.
 */
export function hostNeeds(layers: readonly Layer[], settings: PlacementSettings, valueBytes: number): HostNeeds {
  const { batchSize, optimizer } = settings
  const parameters = countParameters(layers)
  const slots = stateSlots(optimizer)
  const own = valueBytes * parameters * (3 + 2 * slots)
  const minibatch = valueBytes * workspaceLengths(layers, batchSize).reduce((sum, length) => sum + length, 0)
  const smaller =
    minibatch > own ? `use a smaller batchSize than ${batchSize}, or smaller layers` : 'use smaller layers'
  const sparing = slots > 0 && own >= minibatch ? ', or an optimizer that keeps less (sgd without momentum keeps nothing)' : '' // prettier-ignore
  return { bytes: own + minibatch, remedy: `${smaller}${sparing}` }
}

/**
 * Refuses a network that does not fit, before anything is allocated.
 * @param backend its name
 * @throws InputError naming the bytes needed, the limit and what to change
 */
export function checkHostMemory(backend: string, { bytes, remedy }: HostNeeds, limits: readonly MemoryLimit[]): void {
  const exceeded = limits.find((limit) => bytes > limit.bytes)
  if (!exceeded) return
  throw new InputError(
    `backend '${backend}': this network needs at least ${describeBytes(bytes)}, more than the ` +
      `${describeBytes(exceeded.bytes)} that ${exceeded.holder}; ${remedy}`,
  )
}
