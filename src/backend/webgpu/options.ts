import { describe, InputError } from '../../core/errors.ts'
import { boolean, callback, type Checked, type Fields, kind, name, optional, withDefault } from '../../core/schema.ts'
import type { WebGPUDevice } from './own-device.ts'

/** How networks may be trained on the GPU. */
export const planChoices = ['auto', 'layered', 'resident'] as const
export type PlanChoice = (typeof planChoices)[number]

/** Options of `webgpu`. */
export interface WebGPUOptions {
  /**
   * Your own device: the backend uses it, and does not destroy it. If it is lost, training goes on on the CPU; give
   * `requestDevice` instead if you can open another one.
   */
  device?: WebGPUDevice | undefined
  /**
   * Opens your own device: called when the first network is placed, and again after a device was lost. The backend does not
   * destroy the devices. The default limits of WebGPU, or of its compatibility mode, are sufficient.
   */
  requestDevice?: (() => Promise<WebGPUDevice>) | undefined
  /**
   * How networks are trained. 'layered' is one dispatch a stage and layer, for any size; 'resident' keeps a small
   * network in registers and trains whole epochs in one dispatch. Default 'auto': resident where it applies and is the
   * faster one.
   */
  plan?: PlanChoice | undefined
  /**
   * Makes all choices by rule, and none by measurement, so that a run gives the same bits in every process and on every day
   * on the same adapter and driver, and training may be slower. Without it, other tiles and plans take over during a run
   * only where they give the same bits, but code that takes too long to compile is replaced. Default false.
   */
  deterministic?: boolean | undefined
}

/** Not instanceof: a device may come from Dawn, or from another realm. */
export const deviceKind = kind<WebGPUDevice>((argument, value) => {
  const { queue, limits, createBuffer, lost } = (value ?? {}) as Partial<GPUDevice>
  const isDevice = typeof queue === 'object' && typeof limits === 'object' && typeof createBuffer === 'function'
  if (isDevice && typeof lost?.then === 'function') return value as WebGPUDevice
  throw new InputError(`${argument}: expected a GPUDevice, got ${describe(value)}`)
})

const requestDevice = callback<() => Promise<WebGPUDevice>>()

export const webgpuSchema = {
  name: 'webgpu',
  fields: {
    device: optional(deviceKind),
    requestDevice: optional(requestDevice),
    plan: withDefault(name(planChoices), 'auto'),
    deterministic: withDefault(boolean, false),
  } satisfies Fields<WebGPUOptions>,
}

export type CheckedOptions = Checked<typeof webgpuSchema.fields>

/** An adapter, for people. */
export const describeAdapter = (name: string, software: boolean) => `${name}${software ? ' (software adapter)' : ''}`
