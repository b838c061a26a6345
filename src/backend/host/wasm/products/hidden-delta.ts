import { type I32 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { f32x4, v128 } from '../assembler/vectors.ts'
import type { Callable } from '../assembler/function.ts'
import { storeLanes } from '../kit.ts'
import { at, eachTile, partOf, type Target, type WasmLayer } from './layer.ts'
import { countPanels, definePackPanel, eachPanel, panelProcedures, panelVectors } from './pack.ts'
import { eachStored, outerTile, PANEL, storeSums, tileRows } from './tile.ts'

/**
 * δ of the hidden layer below `next`, (δ_next W_next) ⊙ f′(Z). Arguments: the addresses of δ_next (rows × next.outputs), Z,
 * f(Z) and δ (rows × next.inputs), rows, the thread's scratch memory, and which thread of how many.
 */
export type HiddenDelta = Callable<readonly ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], undefined>

/** From this many rows of weights on, the columns of a panel are copied: they would displace each other in the cache. */
const PACKED_ROWS = 64

/** Bytes of scratch memory of {@link defineHiddenDelta}: one panel of the weights. */
export const hiddenDeltaScratch = ({ outputs }: Pick<WasmLayer, 'outputs'>): number => 4 * PANEL * outputs

/**
 * Threads share the panels of the hidden layer's neurons.
 * @param derivative f′ of the hidden layer
 */
export function defineHiddenDelta(
  { module, kit }: Target,
  next: WasmLayer,
  derivative: WasmLayer['derivative'],
): HiddenDelta {
  const { inputs: columns, outputs: terms, weights } = next
  const isPacked = terms >= PACKED_ROWS
  const size = tileRows(kit)
  const multiply = (width: number) => {
    const vectors = panelVectors(width)
    const step = isPacked ? 16 * vectors : 4 * columns
    const tiles = Array.from({ length: size }, (_, r) =>
      module.procedure(undefined, ['i32', 'i32', 'i32', 'i32', 'i32'], (body, [above, panel, z, a, delta]) => {
        const left = { address: above, step: 4, row: 4 * terms }
        const sums = outerTile(kit, body, { rows: r + 1, vectors }, left, { address: panel, step }, int(terms))
        storeSums(body, sums, delta, width, 4 * columns)
        if (!derivative) return
        eachStored(body, r + 1, width, 4 * columns, (place, lanes, offset) => {
          const load = (base: I32) => body.keep(v128.load(i32.add(base, place), offset))
          const product = f32x4.mul(load(delta), derivative(body, load(z), load(a)))
          storeLanes(body, i32.add(delta, place), body.keep(product), lanes, offset)
        })
      }),
    )
    const pack = isPacked ? definePackPanel(module, width, 4 * columns) : undefined
    return module.procedure(
      undefined,
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (body, [above, z, a, delta, rows, scratch, first]) => {
        const from = at(body, int(weights), first, 4)
        if (pack) body.call(pack, from, scratch, int(terms))
        const row = body.local('i32')
        eachTile(body, row, rows, size, (height) => {
          const place = at(body, i32.mul(first, int(4)), row, 4 * columns)
          body.call(
            tiles[height - 1]!,
            at(body, above, row, 4 * terms),
            pack ? scratch : from,
            i32.add(z, place),
            i32.add(a, place),
            i32.add(delta, place),
          )
        })
      },
    )
  }
  const panels = panelProcedures(columns, multiply)
  const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  return module.procedure(undefined, types, (body, [above, z, a, delta, rows, scratch, thread, threads]) => {
    const part = partOf(body, int(countPanels(columns)), thread, threads)
    eachPanel(body, part, columns, panels, (procedure, column) => {
      body.call(procedure, above, z, a, delta, rows, scratch, column)
    })
  })
}
