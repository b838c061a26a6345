import { type WebGPUDevice, webgpu } from 'webgpu-mlp'

const open = async (): Promise<GPUDevice> => (await navigator.gpu.requestAdapter())!.requestDevice()
const device: WebGPUDevice = await open()
const back: GPUDevice = device

export const backends = [webgpu({ device: back }), webgpu({ requestDevice: open })]
// @ts-expect-error This is not a device.
webgpu({ device: 3 })
