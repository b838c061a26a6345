/** A device that counts what lives on it, and that can have no memory for a buffer, as a device that is full. */
export interface CountedGPU {
  /** The sizes of the buffers and query sets that were made and not destroyed. */
  readonly alive: ReadonlyMap<object, string>
  /** How many buffers were made since the last call of {@link failAt}. */
  readonly made: number
  /** The next call that makes a buffer after `count` others fails; Infinity for none. */
  failAt(count: number): void
  /** Errors that no error scope has caught. */
  readonly uncaught: readonly string[]
  /** Gives the device its own methods again. */
  restore(): void
}

/** Counts what is made on a device from now on. */
export function countGPU(gpu: GPUDevice): CountedGPU {
  const own = {
    createBuffer: gpu.createBuffer.bind(gpu),
    createQuerySet: gpu.createQuerySet.bind(gpu),
    pushErrorScope: gpu.pushErrorScope.bind(gpu),
    popErrorScope: gpu.popErrorScope.bind(gpu),
  }
  const alive = new Map<object, string>()
  const uncaught: string[] = []
  const scopes: { readonly filter: GPUErrorFilter; isExhausted: boolean }[] = []
  let [made, failing] = [0, Infinity]
  const counted = <T extends { destroy: () => unknown }>(object: T, what: string): T => {
    alive.set(object, what)
    const destroy = object.destroy.bind(object)
    object.destroy = () => {
      alive.delete(object)
      destroy()
    }
    return object
  }
  /** A buffer as a device gives it that has no memory: all work that uses it is invalid. */
  const makeInvalid = (descriptor: GPUBufferDescriptor) => {
    own.pushErrorScope('validation')
    const buffer = own.createBuffer({ ...descriptor, usage: 0 })
    own.popErrorScope().catch(() => undefined)
    const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory')
    if (scope) scope.isExhausted = true
    else uncaught.push(`no memory for ${descriptor.label ?? 'a buffer'} outside of an error scope`)
    return buffer
  }
  gpu.createBuffer = (descriptor) => {
    const isFailing = made++ === failing
    const buffer = isFailing ? makeInvalid(descriptor) : own.createBuffer(descriptor)
    return counted(buffer, `${descriptor.label ?? ''}: ${descriptor.size}`)
  }
  gpu.createQuerySet = (descriptor) => counted(own.createQuerySet(descriptor), descriptor.label ?? 'query set')
  gpu.pushErrorScope = (filter) => {
    scopes.push({ filter, isExhausted: false })
    own.pushErrorScope(filter)
  }
  gpu.popErrorScope = async () => {
    const { isExhausted = false } = scopes.pop() ?? {}
    const error = await own.popErrorScope()
    return isExhausted ? { message: 'no memory' } : error
  }
  const listen = ({ error }: GPUUncapturedErrorEvent) => uncaught.push(error.message)
  gpu.addEventListener('uncapturederror', listen)
  return {
    alive,
    uncaught,
    get made() {
      return made
    },
    failAt(count) {
      made = 0
      failing = count
    },
    restore() {
      Object.assign(gpu, own)
      gpu.removeEventListener('uncapturederror', listen)
    },
  }
}
