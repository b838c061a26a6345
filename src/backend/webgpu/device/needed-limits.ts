import { BackendUnavailableError } from '../../../core/errors.ts'
import { describeBytes } from '../../../core/memory.ts'

/**
 * The limits that kernels need for any network. WebGPU guarantees all of them, also in its
 * compatibility mode. Other limits depend on the network: memory (limits.ts, buffers.ts) and the values that a
 * workgroup keeps (plans/choice.ts). Of the remaining limits of WebGPU, those on textures, vertices and dynamic offsets concern
 * nothing that is used here, and alignments are rounded up to (plans/steps.ts).
 */
export const neededLimits = {
  /** A record of the step, and the buffers of a kernel. */
  maxBindGroups: 2,
  maxBindingsPerBindGroup: 9,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 1,
  maxUniformBufferBindingSize: 68,
  maxComputeInvocationsPerWorkgroup: 128,
  maxComputeWorkgroupSizeX: 128,
  maxComputeWorkgroupStorageSize: 2 ** 14,
  maxComputeWorkgroupsPerDimension: 2 ** 16 - 1,
} as const satisfies Partial<Record<keyof GPUSupportedLimits, number>>

/** The most invocations of a workgroup that kernels use: as many as WebGPU guarantees outside of its compatibility mode. */
export const MOST_INVOCATIONS = 256

/** The most invocations of a workgroup on a device; workgroups have one dimension. */
export const invocationsOf = (limits: Partial<GPUSupportedLimits> | undefined): number =>
  Math.min(
    MOST_INVOCATIONS,
    limits?.maxComputeInvocationsPerWorkgroup ?? MOST_INVOCATIONS,
    limits?.maxComputeWorkgroupSizeX ?? MOST_INVOCATIONS,
  )

/**
 * Refuses a device on which some kernels cannot run, before anything is compiled.
 * @param limits of the device; those that are left out are not compared
 * @throws BackendUnavailableError that names the limit, the device's value and the one that is needed
 */
export function checkLimits(device: string, limits: Partial<GPUSupportedLimits> | undefined): void {
  for (const [name, needed] of Object.entries(neededLimits)) {
    const given = limits?.[name as keyof typeof neededLimits]
    if (given === undefined || given >= needed) continue
    const [has, needs] = name.endsWith('Size') ? [describeBytes(given), describeBytes(needed)] : [given, needed]
    throw new BackendUnavailableError(
      `backend 'webgpu': '${device}' has a ${name} of ${has}, less than the ${needs} that WebGPU guarantees and kernels need; ` +
        "update the driver or the browser, or use backend: 'cpu'",
    )
  }
}
