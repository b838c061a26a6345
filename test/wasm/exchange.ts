import { atomic } from '../../src/backend/host/wasm/assembler/memory.ts'
import { i32, int } from '../../src/backend/host/wasm/assembler/scalars.ts'
import type { Body } from '../../src/backend/host/wasm/assembler/function.ts'
import { ModuleWriter } from '../../src/backend/host/wasm/assembler/module.ts'
import type { Pool } from '../../src/backend/host/wasm/pool.ts'

/** Byte addresses in the memory of the module below; the last three have one i32 for each thread. */
const ARRIVED = 0
const THREADS = 4
const FAILING = 8
const PHASES = 1024
const VALUES = 2048
const SUMS = 3072

/**
 * A module that needs all of its threads at the same time: each adds its number + 1 to its value, waits for the others,
 * sums all values, and waits again. The thread in FAILING traps before it waits.
 */
function makeModule(isShared: boolean): WebAssembly.Module {
  const writer = new ModuleWriter({ isShared })
  const arrived = int(ARRIVED)
  writer.procedure('work', ['i32'], (body: Body, [thread]) => {
    const threads = body.keep(i32.load(int(THREADS)))
    const place = body.keep(i32.mul(thread, int(4)))
    const meet = () => {
      body.do(i32.store(place, i32.add(i32.load(place, PHASES), int(1)), PHASES))
      body.drop(atomic.add(arrived, int(1)))
      const all = body.keep(i32.mul(i32.load(place, PHASES), threads))
      body.repeat(
        () => undefined,
        () => i32.ltS(atomic.load(arrived), all),
      )
    }
    body.if(i32.eq(thread, i32.load(int(FAILING))), () => body.code.push(0x00))
    body.do(atomic.store(place, i32.add(atomic.load(place, VALUES), i32.add(thread, int(1))), VALUES))
    meet()
    const sum = body.local('i32')
    const other = body.local('i32')
    body.for(other, int(0), threads, 1, () => {
      body.set(sum, i32.add(sum, atomic.load(i32.mul(other, int(4)), VALUES)))
    })
    body.do(i32.store(place, sum, SUMS))
    meet()
  })
  writer.procedure('abort', [], (body) => body.do(atomic.store(arrived, int(2 ** 30))))
  return new WebAssembly.Module(writer.finish())
}

/** The module above, attached to a pool. */
export class Exchange {
  readonly #pool: Pool
  readonly #integers: Int32Array
  readonly #work0: () => void
  readonly id: number

  private constructor(pool: Pool, id: number, integers: Int32Array, work0: () => void) {
    this.#pool = pool
    this.id = id
    this.#integers = integers
    this.#work0 = work0
  }

  static async attach(pool: Pool): Promise<Exchange> {
    const isShared = pool.threads > 1
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: isShared })
    const module = makeModule(isShared)
    const integers = new Int32Array(memory.buffer)
    integers[THREADS / 4] = pool.threads
    integers[FAILING / 4] = -1
    const id = await pool.attach(module, memory)
    const work = new WebAssembly.Instance(module, { host: { memory } }).exports.work as (thread: number) => void
    return new Exchange(pool, id, integers, () => work(0))
  }

  run(times = 1): void {
    for (let i = 0; i < times; i++) this.#pool.run(this.id, this.#work0)
  }

  failIn(thread: number): void {
    this.#integers[FAILING / 4] = thread
  }

  /** The sum that each thread found in the last run. */
  get sums(): number[] {
    return [...this.#integers.subarray(SUMS / 4, SUMS / 4 + this.#pool.threads)]
  }
}

/** What each thread of {@link Exchange} finds after `runs` runs. */
export const expectedSums = (threads: number, runs: number): number[] =>
  Array<number>(threads).fill((runs * threads * (threads + 1)) / 2)
