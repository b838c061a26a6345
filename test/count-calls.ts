/** Counts calls to a device from now on. */
export function countCalls(
  gpu: GPUDevice,
  counts: Record<'dispatches' | 'submits' | 'writes' | 'copies', number>,
): void {
  const count = <Key extends string>(object: Record<Key, unknown>, method: Key, name: keyof typeof counts) => {
    const original = object[method] as (...given: unknown[]) => unknown
    const counting = (...given: unknown[]) => {
      counts[name]++
      return original.apply(object, given)
    }
    Object.assign(object, { [method]: counting })
  }
  count(gpu.queue, 'submit', 'submits')
  count(gpu.queue, 'writeBuffer', 'writes')
  const createEncoder = gpu.createCommandEncoder.bind(gpu)
  gpu.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor)
    count(encoder, 'copyBufferToBuffer', 'copies')
    const beginPass = encoder.beginComputePass.bind(encoder)
    encoder.beginComputePass = (pass) => {
      const begun = beginPass(pass)
      count(begun, 'dispatchWorkgroups', 'dispatches')
      return begun
    }
    return encoder
  }
}
