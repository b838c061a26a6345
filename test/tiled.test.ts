import { describe, expect, it } from 'vitest'
import type { Rows } from '../src/backend/host/js/panels.ts'
import * as plain from '../src/backend/host/js/small.ts'
import * as tiled from '../src/backend/host/js/tiled.ts'
import { layoutLayers } from '../src/model/layout.ts'
import { Random } from '../src/core/random.ts'

/** Inputs, outputs and rows around the edges of a tile of 3 × 2, and beyond the size of a panel (1024, and 2 · 32768). */
const shapes: [inputs: number, outputs: number, rows: number][] = [
  [1, 1, 1],
  [2, 3, 2],
  [5, 4, 3],
  [7, 2, 10],
  [33, 31, 5],
  [1024, 3, 2],
  [1025, 5, 3],
  [1030, 130, 131],
]

function randomValues(length: number, index: number): Float32Array {
  const random = new Random(1, 'data', index)
  return Float32Array.from({ length }, () => random.normal())
}

describe.each(shapes)('the tiled stages of %i inputs and %i outputs with %i rows', (count, outputs, rows) => {
  const layer = layoutLayers([count, outputs], ['tanh'])[0]!
  const parameters = randomValues(outputs * (count + 1), 1)
  const inputs = randomValues(rows * count, 2)
  const deltas = randomValues(rows * outputs, 3)
  const scratch = new tiled.Scratch()
  const asRows = (values: Float32Array): Rows => ({ values, order: undefined, first: 0 })
  const empty = (length: number) => new Float32Array(length).fill(NaN)

  it('compute the same forward bits as plain loops, for any order of the rows', () => {
    const [wantZ, want] = [empty(rows * outputs), empty(rows * outputs)]
    plain.forward(layer, parameters, inputs, rows, wantZ, want)
    const [z, a] = [empty(rows * outputs), empty(rows * outputs)]
    tiled.forward(layer, parameters, asRows(inputs), rows, z, a, scratch)
    expect(z).toEqual(wantZ)
    expect(a).toEqual(want)
    // The same rows in reverse order, after one that is not used.
    const order = Uint32Array.from({ length: rows + 1 }, (_, i) => Math.min(rows - 1, rows - i))
    const reversed: Rows = { values: inputs, order, first: 1 }
    tiled.forward(layer, parameters, reversed, rows, z, a, scratch)
    expect(a.subarray(0, outputs)).toEqual(want.subarray((rows - 1) * outputs))
    expect(a.subarray((rows - 1) * outputs)).toEqual(want.subarray(0, outputs))
  })

  it('propagate deltas with the same bits', () => {
    const [want, got] = [empty(rows * count), empty(rows * count)]
    const [z, a] = [randomValues(rows * count, 4), randomValues(rows * count, 5)]
    plain.hiddenDelta(layer, parameters, deltas, rows, 'sigmoid', z, a, want)
    tiled.hiddenDelta(layer, asRows(parameters), deltas, rows, 'sigmoid', z, a, got, scratch)
    expect(got).toEqual(want)
  })

  it('compute the same gradients, and make the same steps', () => {
    const [want, got] = [empty(parameters.length), empty(parameters.length)]
    plain.gradient(layer, deltas, inputs, rows, want, undefined)
    tiled.gradient(layer, deltas, asRows(inputs), rows, got, undefined, scratch)
    expect(got).toEqual(want)
    const descent = { stepSize: 0.3, weightDecay: 0.01 }
    const [one, other] = [parameters.slice(), parameters.slice()]
    plain.gradient(layer, deltas, inputs, rows, one, descent)
    tiled.gradient(layer, deltas, asRows(inputs), rows, other, descent, scratch)
    expect(other).toEqual(one)
    expect(one).toEqual(parameters.map((p, i) => p - descent.stepSize * (want[i]! + descent.weightDecay * p)))
  })
})
