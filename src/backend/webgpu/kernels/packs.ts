import type { Layer } from '../../../model/layout.ts'

/**
 * The layout of values on the device: packs of four neighbours, a vec4 each. A row of n values is ⌈n / 4⌉ packs, padded
 * with zeros. Each layer's weights are transposed, a row of packs for each input, and the biases follow as one more
 * row: neighbouring invocations work on neighbouring neurons, and then read neighbouring addresses.
 */
export interface DeviceLayer extends Layer {
  readonly inputPacks: number
  readonly outputPacks: number
  /** The first pack of the weights, 4·inputPacks × outputPacks of them, and of the biases. */
  readonly weightPack: number
  readonly biasPack: number
}

/** Bytes of a pack. */
export const PACK_BYTES = 16

/** The packs of a row of `count` values. */
export const packsOf = (count: number) => Math.ceil(count / 4)

export function deviceLayers(layers: readonly Layer[]): DeviceLayer[] {
  let place = 0
  return layers.map((layer) => {
    const inputPacks = packsOf(layer.inputs)
    const outputPacks = packsOf(layer.outputs)
    const weightPack = place
    const biasPack = weightPack + 4 * inputPacks * outputPacks
    place = biasPack + outputPacks
    return { ...layer, inputPacks, outputPacks, weightPack, biasPack }
  })
}

/** How many packs all parameters take. */
export function countPacks(layers: readonly DeviceLayer[]): number {
  const last = layers.at(-1)!
  return last.biasPack + last.outputPacks
}

/** Calls `move(host, device)` with the two places of every parameter. */
function forEachPlace(layers: readonly DeviceLayer[], move: (host: number, device: number) => void): void {
  for (const { inputs, outputs, weightOffset, biasOffset, weightPack, biasPack, outputPacks } of layers) {
    for (let i = 0; i < outputs; i++) {
      for (let j = 0; j < inputs; j++) {
        move(weightOffset + i * inputs + j, 4 * (weightPack + j * outputPacks) + i)
      }
      move(biasOffset + i, 4 * biasPack + i)
    }
  }
}

/** Parameters (or gradients) from the network's layout into the device's. */
export function toDevice(layers: readonly DeviceLayer[], values: Float32Array): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(4 * countPacks(layers))
  forEachPlace(layers, (host, device) => {
    moved[device] = values[host]!
  })
  return moved
}

/** And back. */
export function toHost(layers: readonly DeviceLayer[], values: Float32Array): Float32Array<ArrayBuffer> {
  const last = layers.at(-1)!
  const moved = new Float32Array(last.biasOffset + last.outputs)
  forEachPlace(layers, (host, device) => {
    moved[host] = values[device]!
  })
  return moved
}

/** The place of each parameter in the device's layout. */
function placesOf(layers: readonly DeviceLayer[]): Uint32Array {
  const last = layers.at(-1)!
  const places = new Uint32Array(last.biasOffset + last.outputs)
  forEachPlace(layers, (host, device) => {
    places[host] = device
  })
  return places
}

/** Parameters of many networks, one after another, from the networks' layout into the device's. */
export function allToDevice(layers: readonly DeviceLayer[], values: Float32Array): Float32Array {
  const places = placesOf(layers)
  const [own, packed] = [places.length, 4 * countPacks(layers)]
  const moved = new Float32Array((values.length / own) * packed)
  for (let from = 0, to = 0; from < values.length; from += own, to += packed) {
    for (let i = 0; i < own; i++) moved[to + places[i]!] = values[from + i]!
  }
  return moved
}

/** And back. */
export function allToHost(layers: readonly DeviceLayer[], values: Float32Array): Float32Array {
  const places = placesOf(layers)
  const [own, packed] = [places.length, 4 * countPacks(layers)]
  const moved = new Float32Array((values.length / packed) * own)
  for (let from = 0, to = 0; from < values.length; from += packed, to += own) {
    for (let i = 0; i < own; i++) moved[to + i] = values[from + places[i]!]!
  }
  return moved
}

/** Rows of `cols` values as rows of whole packs; the array itself where they are that already. */
export function packRows(values: Float32Array, rows: number, cols: number): Float32Array {
  const stride = 4 * packsOf(cols)
  if (stride === cols) return values
  const packed = new Float32Array(rows * stride)
  for (let m = 0; m < rows; m++) {
    for (let j = 0; j < cols; j++) packed[m * stride + j] = values[m * cols + j]!
  }
  return packed
}

/** The first `rows` rows of packs as rows of `cols` values. */
export function unpackRows(packed: Float32Array, rows: number, cols: number): Float32Array {
  const stride = 4 * packsOf(cols)
  if (stride === cols) return packed.subarray(0, rows * cols)
  const values = new Float32Array(rows * cols)
  for (let m = 0; m < rows; m++) {
    for (let j = 0; j < cols; j++) values[m * cols + j] = packed[m * stride + j]!
  }
  return values
}

/** Whether every value is a whole 255th exactly as float32 has it: pixels scaled to [0, 1], flags. */
export function fitBytes(values: Float32Array): boolean {
  for (const value of values) {
    const byte = Math.round(value * 255)
    if (byte < 0 || byte > 255 || Math.fround(byte / 255) !== value) return false
  }
  return true
}

/** Values that {@link fitBytes} as bytes, four to a word: nothing is lost by it, and the device holds a quarter. */
export function packBytes(values: Float32Array, rows: number, cols: number): Uint32Array {
  const packs = packsOf(cols)
  const bytes = new Uint8Array(4 * packs * rows)
  for (let m = 0; m < rows; m++) {
    for (let j = 0; j < cols; j++) bytes[4 * packs * m + j] = Math.round(values[m * cols + j]! * 255)
  }
  return new Uint32Array(bytes.buffer)
}
