import { copyMemory } from './assembler/memory.ts'
import { i32, int } from './assembler/scalars.ts'
import type { Callable } from './assembler/function.ts'
import type { ModuleWriter } from './assembler/module.ts'
import { loadLanes, storeLanes } from './kit.ts'
import { at } from './products/layer.ts'

/** Rows of up to this many values are copied by code of their own; longer ones by the engine. */
const MOST_INLINE = 64

/**
 * `(from, order, to, first, end)`: copies the rows of `columns` values that `order` (an address) names at the places from
 * `first` up to `end` to rows `first` … of `to`.
 */
export type Gather = Callable<readonly ['i32', 'i32', 'i32', 'i32', 'i32'], undefined>

export function defineGather(module: ModuleWriter, columns: number): Gather {
  const bytes = 4 * columns
  return module.procedure(undefined, ['i32', 'i32', 'i32', 'i32', 'i32'], (body, [from, order, to, first, end]) => {
    const row = body.local('i32')
    body.for(row, first, end, 1, () => {
      const source = at(body, from, i32.load(at(body, order, row, 4)), bytes)
      const target = at(body, to, row, bytes)
      if (columns > MOST_INLINE) {
        body.do(copyMemory(target, source, int(bytes)))
        return
      }
      for (let column = 0; column < columns; column += 4) {
        const lanes = Math.min(4, columns - column)
        storeLanes(body, target, body.keep(loadLanes(source, lanes, 4 * column)), lanes, 4 * column)
      }
    })
  })
}
