/**
 * Loaded before the command line (`node --import`): destroys the GPU devices at their submit number LOSE_AT_SUBMIT, as a driver
 * that is reset does. Only the first LOSE_DEVICES devices.
 */

import { globals } from 'webgpu'

const { LOSE_AT_SUBMIT, LOSE_DEVICES } = process.env
const { prototype } = globals.GPUAdapter
const { requestDevice } = prototype
let opened = 0

prototype.requestDevice = async function (...given) {
  const device = await requestDevice.apply(this, given)
  if (++opened > Number(LOSE_DEVICES)) return device
  const { queue } = device
  const submit = queue.submit.bind(queue)
  let submits = 0
  queue.submit = (buffers) => {
    submit(buffers)
    if (++submits === Number(LOSE_AT_SUBMIT)) device.destroy()
  }
  return device
}
