import { InputError, OutOfMemoryError } from '../../../core/errors.ts'
import { describeBytes } from '../../../core/memory.ts'
import type { MemoryLimit } from '../limits.ts'
import { MOST_PAGES } from './assembler/module.ts'

const PAGE = 65536
/** What the addresses of WebAssembly can reach. */
export const wasmMemory: MemoryLimit = { bytes: MOST_PAGES * PAGE, holder: 'WebAssembly can address' }
const remedy = "use less data, a smaller batchSize or smaller layers, or backend: 'cpu'"
/** Blocks begin at multiples of a cache line. */
const ALIGNMENT = 64
/** Code loads whole vectors, also where an array ends: this many bytes after it belong to nobody. */
const PADDING = 64

/** The bytes of the block for an array of `bytes` bytes. */
export const blockBytes = (bytes: number): number => Math.ceil((bytes + PADDING) / ALIGNMENT) * ALIGNMENT

/** The address of an array in the memory of WebAssembly. */
export const addressOf = (values: { readonly byteOffset: number }): number => values.byteOffset

interface Block {
  readonly address: number
  readonly bytes: number
}

/**
 * Memories of networks that were disposed of, for those that come next. JavaScript engines do not count the bytes of a
 * WebAssembly memory when they decide whether to collect garbage: a program that trains one network after another would
 * hold all of their memories.
 */
const idle: WebAssembly.Memory[] = []

/**
 * The memory of one placed network, shared between threads: blocks of bytes that are allocated and freed. It grows on
 * demand; views of it stay valid, because a shared memory is not moved when it grows.
 */
export class Heap {
  readonly memory: WebAssembly.Memory
  /** Blocks in use, by address. */
  readonly #used = new Map<number, Block>()
  /** Freed blocks, ordered by address. */
  #free: Block[] = []
  /** Where the memory that was never used begins. Address 0 stays unused. */
  #top = ALIGNMENT
  #bytes = 0

  /** @param maximum pages of 64 KiB up to which the memory can grow; default: the most that the engine allows */
  constructor(maximum?: number) {
    this.memory = maximum === undefined ? (idle.pop() ?? makeMemory()) : newMemory(maximum)
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * @returns the address of `bytes` bytes of zeros
   * @throws InputError where that is more than the memory may have; OutOfMemoryError where the engine has no more
   */
  allocate(bytes: number): number {
    const size = blockBytes(bytes)
    const place = this.#free.findIndex((block) => block.bytes >= size)
    const block = place >= 0 ? this.#takeFree(place, size) : this.#extend(size)
    this.#used.set(block.address, block)
    this.#bytes += size
    new Uint8Array(this.memory.buffer, block.address, size).fill(0)
    return block.address
  }

  free(address: number): void {
    const block = this.#used.get(address)
    if (!block) return
    this.#used.delete(address)
    this.#bytes -= block.bytes
    const sorted = [...this.#free, block].sort((a, b) => a.address - b.address)
    this.#free = []
    for (const { address, bytes } of sorted) {
      const last = this.#free.at(-1)
      if (last && last.address + last.bytes === address) {
        this.#free[this.#free.length - 1] = { address: last.address, bytes: last.bytes + bytes }
      } else this.#free.push({ address, bytes })
    }
  }

  /** A new array of zeros. The buffer is read after the allocation, because growing makes a new one. */
  floats(length: number): Float32Array {
    const address = this.allocate(4 * length)
    return new Float32Array(this.memory.buffer, address, length)
  }

  doubles(length: number): Float64Array {
    const address = this.allocate(8 * length)
    return new Float64Array(this.memory.buffer, address, length)
  }

  integers(length: number): Uint32Array {
    const address = this.allocate(4 * length)
    return new Uint32Array(this.memory.buffer, address, length)
  }

  /** The next network gets the memory: nothing may read or write it any more. */
  dispose(): void {
    idle.push(this.memory)
  }

  #takeFree(place: number, size: number): Block {
    const { address, bytes } = this.#free[place]!
    if (bytes > size) this.#free[place] = { address: address + size, bytes: bytes - size }
    else this.#free.splice(place, 1)
    return { address, bytes: size }
  }

  #extend(size: number): Block {
    const address = this.#top
    const missing = address + size - this.memory.buffer.byteLength
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE))
      } catch {
        throw this.#refusal(missing)
      }
    }
    this.#top += size
    return { address, bytes: size }
  }

  /** The error where the memory cannot grow by some bytes: because it may not, or because there is none. */
  #refusal(missing: number): Error {
    const held = this.memory.buffer.byteLength
    const most = PAGE * (mostPages.get(this.memory) ?? MOST_PAGES)
    const what = `the memory of WebAssembly, ${describeBytes(held)}, cannot grow by ${describeBytes(missing)}`
    if (held + missing > most) return new InputError(`${what}: it may have ${describeBytes(most)}; ${remedy}`)
    return new OutOfMemoryError(`${what}: this process has no memory left; ${remedy}`)
  }
}

/** How many pages a memory may have: what it was made with, which it does not say. */
const mostPages = new WeakMap<WebAssembly.Memory, number>()

function newMemory(maximum: number): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: 1, maximum, shared: true })
  mostPages.set(memory, maximum)
  return memory
}

/** A shared memory that can grow as far as the engine allows: some reserve the largest size at once. */
function makeMemory(): WebAssembly.Memory {
  for (let maximum = MOST_PAGES; ; maximum /= 4) {
    try {
      return newMemory(maximum)
    } catch (error) {
      if (maximum <= 1024) {
        const message = `the memory of WebAssembly: this process has none left; dispose of trainers that are not needed, ${remedy}`
        throw new OutOfMemoryError(message, { cause: error })
      }
    }
  }
}
