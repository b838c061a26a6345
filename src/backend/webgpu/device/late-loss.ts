import { MAP_MODE_READ, usage } from './flags.ts'

/** Milliseconds after a call that failed in which its device is reported to be lost. */
const LATEST = 500

/** Resolves where the device maps a new buffer: then it is not lost. */
async function responds(gpu: GPUDevice): Promise<void> {
  gpu.pushErrorScope('validation')
  gpu.pushErrorScope('out-of-memory')
  const buffer = gpu.createBuffer({ label: 'webgpu-mlp probe', size: 16, usage: usage.mapRead | usage.copyTarget })
  const mapping = buffer.mapAsync(MAP_MODE_READ)
  for (let scope = 0; scope < 2; scope++) gpu.popErrorScope().catch(() => undefined)
  await mapping.finally(() => {
    buffer.destroy()
  })
}

/**
 * Waits for the report of a loss after a call that failed. In Chromium, another process reports losses, some milliseconds
 * after the calls that failed because of them. A device that still responds is not lost, so that other errors are not delayed.
 */
export async function lateLoss(gpu: GPUDevice): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const latest = new Promise<void>((resolve) => (timer = setTimeout(resolve, LATEST)))
  const isUsable = responds(gpu).catch(() => latest)
  await Promise.race([gpu.lost, isUsable, latest])
  clearTimeout(timer)
}
