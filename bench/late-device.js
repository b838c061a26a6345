/**
 * Delays the promises of a device as in Firefox: waits for submitted work and for mapped buffers resolve at the next tick
 * of a timer.
 * @param {GPUDevice} device changed in place
 * @param {number} interval of the timer, in milliseconds
 * @returns {GPUDevice} the same device
 */
export function delayPromises(device, interval = 100) {
  const delay = async (promise) => {
    await promise
    const now = performance.now()
    await new Promise((resolve) => setTimeout(resolve, interval * Math.ceil(now / interval) - now))
  }
  const { queue } = device
  const workDone = queue.onSubmittedWorkDone.bind(queue)
  queue.onSubmittedWorkDone = () => delay(workDone())
  const create = device.createBuffer.bind(device)
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor)
    const map = buffer.mapAsync.bind(buffer)
    buffer.mapAsync = (...range) => delay(map(...range))
    return buffer
  }
  return device
}
