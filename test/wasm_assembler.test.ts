import { describe, expect, it } from 'vitest'
import { i32, int } from '../src/backend/host/wasm/assembler/scalars.ts'
import { f32x4, floats, ints, v128 } from '../src/backend/host/wasm/assembler/vectors.ts'
import { call } from '../src/backend/host/wasm/assembler/function.ts'
import { ModuleWriter } from '../src/backend/host/wasm/assembler/module.ts'
import { loadLanes, storeLanes } from '../src/backend/host/wasm/kit.ts'

function run(write: (module: ModuleWriter) => void) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 })
  const module = new ModuleWriter({ isShared: false })
  write(module)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { host: { memory } })
  const exports = instance.exports as Record<string, (...numbers: number[]) => number>
  return { exports, values: new Float32Array(memory.buffer), integers: new Int32Array(memory.buffer) }
}

describe('the assembler of WebAssembly', () => {
  it.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)])(
    'writes the constant %d',
    (value) => {
      const { exports } = run((module) => module.define('constant', [], 'i32', () => int(value)))
      expect(exports.constant!()).toBe(value)
    },
  )

  it('writes loops, conditions, variables and calls', () => {
    const { exports } = run((module) => {
      const square = module.define(undefined, ['i32'], 'i32', (_, [x]) => i32.mul(x, x))
      module.define('squares', ['i32'], 'i32', (body, [count]) => {
        const sum = body.local('i32')
        const i = body.local('i32')
        body.for(i, int(0), count, 1, () => {
          body.if(
            i32.and(i, int(1)),
            () => body.set(sum, i32.add(sum, call(square, i))),
            () => body.increase(sum, 1000),
          )
        })
        return sum
      })
    })
    expect(exports.squares!(0)).toBe(0)
    expect(exports.squares!(6)).toBe(1 + 9 + 25 + 3000)
  })

  it('writes accesses with long offsets, and functions of more than 127 bytes', () => {
    const { exports, values } = run((module) => {
      module.procedure('fill', ['i32'], (body, [address]) => {
        for (let i = 0; i < 64; i++) body.do(v128.store(address, floats(i, 2 * i, -i, 0.5), 16 * i * 60))
      })
    })
    exports.fill!(16)
    expect([...values.subarray(4 + 63 * 240, 8 + 63 * 240)]).toEqual([63, 126, -63, 0.5])
  })

  it.each([1, 2, 3, 4])('loads and stores %d lanes', (lanes) => {
    const { exports, values } = run((module) => {
      module.procedure('copy', ['i32', 'i32'], (body, [from, to]) => {
        const vector = body.keep(loadLanes(from, lanes, 4))
        storeLanes(body, to, vector, lanes, 4)
        body.do(v128.store(to, vector, 64))
      })
    })
    values.set([9, 1, 2, 3, 4, 5])
    values.fill(-1, 16, 48)
    exports.copy!(0, 64)
    expect([...values.subarray(16, 22)]).toEqual([
      -1,
      ...[1, 2, 3, 4].slice(0, lanes),
      ...Array<number>(5 - lanes).fill(-1),
    ])
    expect([...values.subarray(32, 36)]).toEqual([1, 2, 3, 4].map((value) => (value <= lanes ? value : 0)))
  })

  it('writes shuffles and integers of four lanes', () => {
    const { exports, values, integers } = run((module) => {
      module.procedure('vectors', [], (body) => {
        body.do(v128.store(int(0), v128.shuffle(floats(0, 1, 2, 3), floats(4, 5, 6, 7), [7, 0, 3, 4])))
        body.do(v128.store(int(16), f32x4.lt(floats(1, 2, 3, NaN), floats(2))))
        body.do(v128.store(int(32), ints(1, -1, 2 ** 31, 7)))
      })
    })
    exports.vectors!()
    expect([...values.subarray(0, 4)]).toEqual([7, 0, 3, 4])
    expect([...integers.subarray(4, 12)]).toEqual([-1, 0, 0, 0, 1, -1, -(2 ** 31), 7])
  })
})
