/**
 * Makes a device answer as Firefox does: waits for its work and for mapped buffers resolve on a timer, at the first of
 * its beats after they would have.
 * @param {GPUDevice} device changed in place
 * @param {number} beat milliseconds
 * @returns {GPUDevice} the same device
 */
export function answerLate(device, beat = 100) {
  const late = async (answer) => {
    await answer
    const now = performance.now()
    await new Promise((resolve) => setTimeout(resolve, beat * Math.ceil(now / beat) - now))
  }
  const { queue } = device
  const settled = queue.onSubmittedWorkDone.bind(queue)
  queue.onSubmittedWorkDone = () => late(settled())
  const create = device.createBuffer.bind(device)
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor)
    const map = buffer.mapAsync.bind(buffer)
    buffer.mapAsync = (...range) => late(map(...range))
    return buffer
  }
  return device
}
