export function delayPromises(device: GPUDevice, interval?: number): GPUDevice
