import { type V128 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { f32x4, v128 } from '../assembler/vectors.ts'
import type { Callable } from '../assembler/function.ts'
import { loadLanes, storeLanes } from '../kit.ts'
import { at, eachTile, partOf, type Target, type WasmLayer } from './layer.ts'
import { countPanels, defineTransposePanel, eachPanel, panelProcedures, panelVectors } from './pack.ts'
import { dotTile, eachStored, outerTile, PANEL, storeSums, sumLanesOfTwo, tileRows } from './tile.ts'

/**
 * Z = A Wᵀ + b and f(Z). Arguments: the addresses of the inputs (rows × inputs), Z and f(Z) (rows × outputs), rows, the
 * thread's scratch memory, and which thread of how many.
 */
export type Forward = Callable<readonly ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], undefined>

/** Up to this many rows, transposing the weights costs more than it saves. */
const MOST_DOT_ROWS = 32
/** Rows and columns of a tile of dot products. */
const DOT = { rows: 4, columns: 2 }

/** Bytes of scratch memory of {@link defineForward}: one panel of the weights. */
export const forwardScratch = ({ inputs }: Pick<WasmLayer, 'inputs'>): number => 4 * PANEL * inputs

/** The sums of one element do not depend on rows, threads or tiles, but on which of the two forms computes it. */
export function defineForward(target: Target, layer: WasmLayer): Forward {
  const dot = defineDotForward(target, layer)
  if (layer.outputs < 4) return dot
  const outer = defineOuterForward(target, layer)
  const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  return target.module.procedure(undefined, types, (body, given) => {
    body.if(
      i32.leS(given[3], int(MOST_DOT_ROWS)),
      () => body.call(dot, ...given),
      () => body.call(outer, ...given),
    )
  })
}

/** Threads share the panels of outputs; the weights of each panel are transposed first. */
function defineOuterForward({ module, kit }: Target, layer: WasmLayer): Forward {
  const { inputs, outputs, weights, biases, value } = layer
  const size = tileRows(kit)
  const kernels = (columns: number) =>
    Array.from({ length: size }, (_, r) =>
      module.procedure(undefined, ['i32', 'i32', 'i32', 'i32', 'i32'], (body, [x, panel, z, a, bias]) => {
        const vectors = panelVectors(columns)
        const right = { address: panel, step: 16 * vectors }
        const left = { address: x, step: 4, row: 4 * inputs }
        const sums = outerTile(kit, body, { rows: r + 1, vectors }, left, right, int(inputs))
        storeSums(body, sums, z, columns, 4 * outputs)
        eachStored(body, r + 1, columns, 4 * outputs, (place, lanes, offset) => {
          const sum = body.keep(f32x4.add(v128.load(i32.add(z, place), offset), v128.load(bias, offset)))
          storeLanes(body, i32.add(z, place), sum, lanes, offset)
          storeLanes(body, i32.add(a, place), value ? body.keep(value(body, sum)) : sum, lanes, offset)
        })
      }),
    )
  const multiply = (columns: number) => {
    const pack = defineTransposePanel(module, columns, inputs)
    const tiles = kernels(columns)
    return module.procedure(
      undefined,
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (body, [x, z, a, rows, scratch, first]) => {
        body.call(pack, at(body, int(weights), first, 4 * inputs), scratch)
        const bias = at(body, int(biases), first, 4)
        const row = body.local('i32')
        eachTile(body, row, rows, size, (height) => {
          const place = at(body, i32.mul(first, int(4)), row, 4 * outputs)
          const [zAt, aAt] = [i32.add(z, place), i32.add(a, place)]
          body.call(tiles[height - 1]!, at(body, x, row, 4 * inputs), scratch, zAt, aAt, bias)
        })
      },
    )
  }
  const panels = panelProcedures(outputs, multiply)
  const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  return module.procedure(undefined, types, (body, [x, z, a, rows, scratch, thread, threads]) => {
    const part = partOf(body, int(countPanels(outputs)), thread, threads)
    eachPanel(body, part, outputs, panels, (procedure, column) => {
      body.call(procedure, x, z, a, rows, scratch, column)
    })
  })
}

/** Threads share the rows. Without a copy of the weights, for few rows or outputs. */
function defineDotForward({ module, kit }: Target, layer: WasmLayer): Forward {
  const { inputs, outputs, weights, biases } = layer
  const rowTiles = Math.ceil(outputs / DOT.columns)
  const tiles = Array.from({ length: DOT.rows }, (_, r) =>
    // The columns of the tile are the last ones where there is an odd number of them.
    [DOT.columns, ...(outputs % DOT.columns === 1 ? [1] : [])].map((columns) =>
      module.procedure(undefined, ['i32', 'i32', 'i32', 'i32'], (body, [x, w, bias, z]) => {
        const size = { rows: r + 1, columns }
        const left = { address: x, row: 4 * inputs }
        const sums = dotTile(kit, body, size, left, { address: w, row: 4 * inputs }, inputs)
        const added = body.keep(loadLanes(bias, columns))
        sums.forEach((row, r) => {
          const sum = body.keep(f32x4.add(sumLanesOfTwo(body, row[0]!, row[1] ?? row[0]!), added))
          storeLanes(body, z, sum, columns, 4 * outputs * r)
        })
      }),
    ),
  )
  const activate = defineActivate(module, layer)
  const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  return module.procedure(undefined, types, (body, [x, z, a, rows, , thread, threads]) => {
    const { first, end } = partOf(body, rows, thread, threads)
    const row = body.keep(first)
    const column = body.local('i32')
    eachTile(body, row, end, DOT.rows, (height) => {
      const from = at(body, x, row, 4 * inputs)
      const to = at(body, z, row, 4 * outputs)
      const [wholeTile, lastTile] = tiles[height - 1]!
      const use = (tile: typeof wholeTile) =>
        body.call(tile!, from, at(body, int(weights), column, 4 * inputs), at(body, int(biases), column, 4), at(body, to, column, 4)) // prettier-ignore
      body.for(column, int(0), int(lastTile ? outputs - 1 : 2 * rowTiles), DOT.columns, () => use(wholeTile))
      if (lastTile) use(lastTile)
    })
    const place = at(body, int(0), first, 4 * outputs)
    body.call(activate, i32.add(z, place), i32.add(a, place), i32.mul(i32.sub(end, first), int(outputs)))
  })
}

/** f of consecutive values: `(z, a, count)`. */
function defineActivate(
  module: Target['module'],
  { value }: WasmLayer,
): Callable<readonly ['i32', 'i32', 'i32'], undefined> {
  return module.procedure(undefined, ['i32', 'i32', 'i32'], (body, [z, a, count]) => {
    const apply = (vector: V128) => {
      const kept = body.keep(vector)
      return value ? body.keep(value(body, kept)) : kept
    }
    const index = body.local('i32')
    body.while(
      () => i32.leS(i32.add(index, int(4)), count),
      () => {
        body.do(v128.store(a, apply(v128.load(z))))
        body.increase(z, 16)
        body.increase(a, 16)
        body.increase(index, 4)
      },
    )
    const rest = body.keep(i32.sub(count, index))
    for (const lanes of [1, 2, 3]) {
      body.if(i32.eq(rest, int(lanes)), () => storeLanes(body, a, apply(loadLanes(z, lanes)), lanes))
    }
  })
}
