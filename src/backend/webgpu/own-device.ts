/** The type `GPUDevice` where the program has it: from TypeScript 6 on, or from the package `@webgpu/types`. */
type KnownDevice = typeof globalThis extends { GPUDevice: { prototype: infer Device extends object } } ? Device : object

/**
 * A `GPUDevice` that the program has made. A separate interface, because a program for which TypeScript does not know the types
 * of WebGPU could not compile against this library if its declarations named them.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- An interface keeps its name in declarations.
export interface WebGPUDevice extends KnownDevice {}
