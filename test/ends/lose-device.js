/**
 * Loaded before the command line (`node --import`): destroys each GPU device LOSE_AFTER milliseconds after it was opened, as a
 * driver that is reset does. Only the first LOSE_DEVICES devices, where that is set.
 */

import { globals } from 'webgpu'

const { LOSE_AFTER = '0', LOSE_DEVICES = 'Infinity' } = process.env
const { prototype } = globals.GPUAdapter
const { requestDevice } = prototype
let opened = 0

prototype.requestDevice = async function (...given) {
  const device = await requestDevice.apply(this, given)
  if (++opened <= Number(LOSE_DEVICES)) setTimeout(() => device.destroy(), Number(LOSE_AFTER)).unref()
  return device
}
