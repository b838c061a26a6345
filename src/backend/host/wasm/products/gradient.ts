import { type I32, type V128 } from '../assembler/expression.ts'
import { f32, i32, int } from '../assembler/scalars.ts'
import { f32x4, floats, v128 } from '../assembler/vectors.ts'
import type { Body, Callable } from '../assembler/function.ts'
import { storeLanes } from '../kit.ts'
import { at, partOf, type Target, type WasmLayer } from './layer.ts'
import { countPanels, definePackPanel, definePackStrips, eachPanel, panelProcedures, panelVectors } from './pack.ts'
import { eachStored, outerTile, PANEL, storeSums, tileRows } from './tile.ts'

/**
 * ∂C/∂W = δᵀ A / rows and ∂C/∂b = Σ δ / rows of a layer. Arguments: the addresses of δ (rows × outputs) and of what the
 * layer read (rows × inputs), rows, the step size (with a descent), the thread's scratch memory, and which thread of how
 * many.
 */
export type Gradient = Callable<readonly ['i32', 'i32', 'i32', 'f32', 'i32', 'i32', 'i32'], undefined>

/** Plain sgd takes each parameter's step together with its gradient: p ← p − stepSize · (g + weightDecay · p). */
export interface Descent {
  readonly weightDecay: number
}

/** From minibatches of this size on, both operands are copied first: columns would displace each other in the cache. */
const PACKED_ROWS = 64

/** Where the factors of a step are in the thread's scratch memory: 1 / rows, and the step size. */
const FACTOR_BYTES = 16
/** After them: the sums of a tile. */
const TILE_BYTES = 256
const STEP_SIZE = 4

/** Bytes of scratch memory of {@link defineGradient}: all of δ, and one panel of what the layer read. */
export const gradientScratch = (rows: number, { outputs }: Pick<WasmLayer, 'outputs'>): number =>
  FACTOR_BYTES + TILE_BYTES + 4 * rows * (outputs + PANEL)

/** Stores a gradient, or takes the step with it. */
function store(
  { kit }: Target,
  body: Body,
  descent: Descent | undefined,
  { factors, address }: { readonly factors: I32; readonly address: I32 },
  sum: V128,
  lanes: number,
  offset: number,
): void {
  let value: V128 = f32x4.mul(sum, v128.loadSplat(factors))
  if (descent) {
    const parameter = v128.load(address, offset)
    if (descent.weightDecay !== 0) value = kit.madd(floats(descent.weightDecay), parameter, value)
    value = kit.nmadd(v128.loadSplat(factors, STEP_SIZE), value, parameter)
  }
  storeLanes(body, address, lanes === 4 ? value : body.keep(value), lanes, offset)
}

/** Threads share the panels of the layer's inputs; the last thread also does the biases. */
export function defineGradient(target: Target, layer: WasmLayer, descent: Descent | undefined): Gradient {
  const { module, kit, batchSize } = target
  const { inputs, outputs } = layer
  const weights = descent ? layer.weights : layer.weightGradients
  const isPacked = batchSize >= PACKED_ROWS
  const size = tileRows(kit)
  const heights = [size, outputs % size].filter((height) => height > 0 && height <= outputs)
  const multiply = (columns: number) => {
    const vectors = panelVectors(columns)
    const tiles = heights.map((height) =>
      module.procedure(
        undefined,
        ['i32', 'i32', 'i32', 'i32', 'i32'],
        (body, [deltas, panel, rows, address, factors]) => {
          const left = { address: deltas, step: 4 * (isPacked ? height : outputs), row: 4 }
          const right = { address: panel, step: isPacked ? 16 * vectors : 4 * inputs }
          const sums = outerTile(kit, body, { rows: height, vectors }, left, right, rows)
          const tile = body.keep(i32.add(factors, int(FACTOR_BYTES)))
          storeSums(body, sums, tile, PANEL, 4 * PANEL)
          eachStored(body, height, columns, 4 * PANEL, (place, lanes, offset) => {
            const sum = v128.load(i32.add(tile, place), offset)
            store(target, body, descent, { factors, address }, sum, lanes, offset)
            if (offset + 4 * lanes === 4 * columns) body.increase(address, 4 * inputs)
          })
        },
      ),
    )
    const pack = isPacked ? definePackPanel(module, columns, 4 * inputs) : undefined
    return module.procedure(
      undefined,
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (body, [deltas, below, rows, scratch, factors, first]) => {
        const from = at(body, below, first, 4)
        if (pack) body.call(pack, from, scratch, rows)
        const panel = pack ? scratch : from
        const neuron = body.local('i32')
        const source = body.keep(deltas)
        const to = at(body, int(weights), first, 4)
        const use = (tile: number, height: number) => {
          body.call(tiles[tile]!, source, panel, rows, to, factors)
          body.set(source, i32.add(source, isPacked ? i32.mul(rows, int(4 * height)) : int(4 * height)))
          body.increase(to, 4 * inputs * height)
        }
        if (heights[0] === size) {
          body.for(neuron, int(0), int(outputs - (outputs % size)), size, () => use(0, size))
        }
        if (outputs % size > 0) use(heights.length - 1, outputs % size)
      },
    )
  }
  const packStrips = isPacked ? definePackStrips(module, outputs, size) : undefined
  const panels = panelProcedures(inputs, multiply)
  const biases = defineBiasGradient(target, layer, descent)
  const types = ['i32', 'i32', 'i32', 'f32', 'i32', 'i32', 'i32'] as const
  return module.procedure(undefined, types, (body, [deltas, below, rows, stepSize, factors, thread, threads]) => {
    const part = partOf(body, int(countPanels(inputs)), thread, threads)
    body.do(f32.store(factors, f32.div(f32.constant(1), f32.fromI32(rows))))
    body.do(f32.store(factors, stepSize, STEP_SIZE))
    const scratch = body.keep(i32.add(factors, int(FACTOR_BYTES + TILE_BYTES)))
    const source = body.keep(deltas)
    const panelScratch = body.keep(scratch)
    body.if(i32.ltS(part.first, part.end), () => {
      if (!packStrips) return
      body.call(packStrips, deltas, scratch, rows)
      body.set(source, scratch)
      body.set(panelScratch, i32.add(scratch, i32.mul(rows, int(4 * outputs))))
    })
    eachPanel(body, part, inputs, panels, (procedure, column) => {
      body.call(procedure, source, below, rows, panelScratch, factors, column)
    })
    body.if(i32.eq(i32.add(thread, int(1)), threads), () => body.call(biases, deltas, rows, factors))
  })
}

function defineBiasGradient(
  target: Target,
  { outputs, biases, biasGradients }: WasmLayer,
  descent: Descent | undefined,
): Callable<readonly ['i32', 'i32', 'i32'], undefined> {
  return target.module.procedure(undefined, ['i32', 'i32', 'i32'], (body, [deltas, rows, factors]) => {
    const address = body.keep(int(descent ? biases : biasGradients))
    const sumOf = (lanes: number) => {
      const sum = body.keep(floats(0))
      const source = body.keep(deltas)
      const row = body.local('i32')
      body.for(row, int(0), rows, 1, () => {
        body.set(sum, f32x4.add(sum, v128.load(source)))
        body.increase(source, 4 * outputs)
      })
      store(target, body, descent, { factors, address }, sum, lanes, 0)
      body.increase(deltas, 16)
      body.increase(address, 16)
    }
    const neuron = body.local('i32')
    if (outputs >= 4) body.for(neuron, int(0), int(outputs - (outputs % 4)), 4, () => sumOf(4))
    if (outputs % 4 > 0) sumOf(outputs % 4)
  })
}
