import { stateSlots } from '../../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../../backend.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { KernelClock } from '../../device/clock.ts'
import type { Device } from '../../device/device.ts'
import type { Kernel, Kernels } from '../../kernels/kernels.ts'
import { countPacks, type DeviceLayer } from '../../kernels/packs.ts'
import { ruleConstants } from '../../kernels/rule.ts'
import type { ResidentForm } from '../choice.ts'
import type { ParameterStore } from '../parameters.ts'
import { residentLanesSource } from './lanes.ts'
import { residentLoopConstants, residentLoopSource } from './loop.ts'
import { COUNTS_LABELS, countsBoth, type ResidentShape } from './sample.ts'
import { residentSource } from './straight.ts'

/**
 * Invocations that share the work of a network in the loop form. On an emulated GPU, those of one vector: barriers
 * between several vectors are slow there (8-32-32-4: 4,000 steps/s with 4, 1,600 with 16 on SwiftShader).
 */
export const LOOP_WIDTH = { software: 4, hardware: 128 }
/** Networks of a population that one workgroup trains in the straight form, one in each invocation. */
export const STRAIGHT_WIDTH = { software: 4, hardware: 32 }

/** What a resident kernel is made of. */
export interface ResidentKernelParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly form: ResidentForm
  /** The parameters and states of all networks. */
  readonly store: ParameterStore
  /** One for each network; they differ in numbers only (plans/alike.ts). */
  readonly settings: readonly PlacementSettings[]
  readonly clock: KernelClock | undefined
  /** The most dispatches of one submit, of training and of making orders; default 1. */
  readonly mostDispatches?: number
  /** Left out, all follow from rules. */
  readonly choices?: StraightChoices | undefined
}

/** What may be chosen in the straight form, for measurements. */
export interface StraightChoices {
  /** Invocations of a workgroup; by default as many as suit the number of networks. */
  readonly width?: number
  /** By default ahead on hardware, in place on software adapters. */
  readonly reading?: ResidentShape['reading']
}

type Width = Record<'software' | 'hardware', number>

export const widthOn = ({ profile }: Device, width: Width) => width[profile.software ? 'software' : 'hardware']

export const straightWidth = ({ device, settings, choices }: ResidentKernelParts) =>
  choices?.width ?? (settings.length === 1 ? 1 : widthOn(device, STRAIGHT_WIDTH))

/** Compiles the kernel of a resident plan or a population that counts correct samples, or correct labels. */
export function compileResident(parts: ResidentKernelParts, countsLabels: boolean): Promise<Kernel> {
  const { device, kernels, layers, form, choices } = parts
  const settings = parts.settings[0]!
  const { loss, optimizer, batchSize } = settings
  const slots = stateSlots(optimizer)
  const rule = ruleConstants(settings)
  const formulas = { activations: layers.map(({ activation }) => activation), loss, optimizer: optimizer.name }
  if (form !== 'loop') {
    const penalised = (settings.l1 ?? 0) > 0 || (settings.l2 ?? 0) > 0
    const reading = choices?.reading ?? (device.profile.software ? 'in place' : 'ahead')
    const shape = { layers, loss, slots, penalised, reading, sorts: parts.settings.length === 1 }
    const constants = { ...rule, ...(countsBoth(layers) && { [COUNTS_LABELS]: Number(countsLabels) }) }
    if (form === 'lanes') return kernels.compileStraight(residentLanesSource(shape, batchSize), formulas, constants)
    return kernels.compileStraight(residentSource(shape), formulas, { ...constants, WIDTH: straightWidth(parts) })
  }
  const constants = residentLoopConstants(layers, loss, widthOn(device, LOOP_WIDTH))
  const sizes = { PACKS: countPacks(layers), SLOTS: slots }
  return kernels.compileLoop(residentLoopSource(layers, batchSize), formulas, { ...constants, ...sizes, ...rule })
}
