export function answerLate(device: GPUDevice, beat?: number): GPUDevice
