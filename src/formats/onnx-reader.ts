import { describe, InputError } from '../core/errors.ts'
import { product } from '../data/limits.ts'
import { readBfloat16, readFloat16, readFloat32, readFloat64, type ReadNumber } from './floats.ts'

/** Reads the messages of ONNX's onnx.proto that an MLP needs. Lengths are checked, because a file may be damaged. */

/** A field of a message: its number, and a number (varint), or bytes. */
interface Field {
  readonly number: number
  readonly value: number
  readonly bytes: Uint8Array
}

const broken = (problem: string) => new InputError(`onnx: damaged, or not such a file: ${problem}`)
const none = new Uint8Array(0)

/** A number of 64 bits, which may be negative. */
function exactVarint(bytes: Uint8Array): number {
  let value = 0n
  bytes.forEach((byte, i) => (value |= BigInt(byte & 0x7f) << BigInt(7 * i)))
  return Number(BigInt.asIntN(64, value))
}

/** @throws InputError for what is no protocol buffer */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    const start = at
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined) throw broken('it ends within a number')
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return shift < 49 ? value : exactVarint(bytes.subarray(start, at))
    }
    throw broken('a number has more than ten bytes')
  }
  while (at < bytes.length) {
    const key = varint()
    const [number, wire] = [Math.floor(key / 8), key % 8]
    if (number < 1 || ![0, 1, 2, 5].includes(wire)) throw broken(`field ${number} has the wire type ${wire}`)
    if (wire === 0) fields.push({ number, value: varint(), bytes: none })
    else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4
      if (!(length >= 0 && at + length <= bytes.length)) throw broken(`field ${number} is cut short`)
      fields.push({ number, value: NaN, bytes: bytes.subarray(at, at + length) })
      at += length
    }
  }
  return fields
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The fields of a message by their numbers. */
class Message {
  readonly #fields: readonly Field[]

  constructor(bytes: Uint8Array) {
    this.#fields = fieldsOf(bytes)
  }

  all(number: number): Uint8Array[] {
    return this.#fields.filter((field) => field.number === number).map(({ bytes }) => bytes)
  }

  text(number: number): string {
    return new TextDecoder().decode(this.all(number).at(-1))
  }

  texts(number: number): string[] {
    return this.all(number).map((bytes) => new TextDecoder().decode(bytes))
  }

  /** Whole numbers, packed or not. */
  integers(number: number): number[] {
    return this.#fields
      .filter((field) => field.number === number)
      .flatMap(({ value, bytes }) => (bytes.length === 0 ? (Number.isNaN(value) ? [] : [value]) : unpack(bytes)))
  }

  /** Floating-point numbers, packed or not. */
  floats(number: number, read: ReadNumber, size: number): number[] {
    return this.all(number).flatMap((bytes) => {
      if (bytes.length % size !== 0) throw broken(`field ${number} has ${bytes.length} bytes`)
      const view = viewOf(bytes)
      return Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size, true))
    })
  }
}

/** Varints one after another, as fields of number 1. */
function unpack(bytes: Uint8Array): number[] {
  const spread: number[] = []
  for (let i = 0, starts = true; i < bytes.length; i++) {
    if (starts) spread.push(8)
    spread.push(bytes[i]!)
    starts = bytes[i]! < 0x80
  }
  return fieldsOf(Uint8Array.from(spread)).map(({ value }) => value)
}

/** A constant: its shape, and its values, which are read when they are needed. */
export interface OnnxTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: () => Float64Array
  /** Its texts; undefined where it holds numbers. */
  readonly texts: () => string[] | undefined
}

export interface OnnxNode {
  /** What errors call it: `node 'fc1' (Gemm)`. */
  readonly title: string
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, OnnxAttribute>
}

interface OnnxAttribute {
  readonly float: number | undefined
  readonly int: number | undefined
  readonly text: string
  readonly tensor: OnnxTensor | undefined
  readonly floats: readonly number[]
  readonly ints: readonly number[]
  readonly texts: readonly string[]
}

export interface OnnxGraph {
  readonly producer: string
  readonly nodes: readonly OnnxNode[]
  readonly tensors: ReadonlyMap<string, OnnxTensor>
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly metadata: ReadonlyMap<string, string>
}

/** Element types: the number of bytes in raw data, how they are read, and the field with values that are not raw. */
const elementTypes: ReadonlyMap<number, { bytes: number; read: ReadNumber; field: number }> = new Map([
  [1, { bytes: 4, read: readFloat32, field: 4 }],
  [6, { bytes: 4, read: (view, at) => view.getInt32(at, true), field: 5 }],
  [7, { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)), field: 7 }],
  [10, { bytes: 2, read: readFloat16, field: 5 }],
  [11, { bytes: 8, read: readFloat64, field: 10 }],
  [16, { bytes: 2, read: readBfloat16, field: 5 }],
])

/** The element type of texts. */
const TEXTS = 8

function readTensor(bytes: Uint8Array): OnnxTensor {
  const message = new Message(bytes)
  const [name, shape] = [message.text(8), message.integers(1)]
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw broken(`the shape of ${describe(name)}`)
  const values = () => {
    if (message.integers(14).at(-1) === 1 || message.all(13).length > 0) {
      throw new InputError(`onnx: ${describe(name)} is in another file (external data); save the model as one file`)
    }
    const type = elementTypes.get(message.integers(2).at(-1) ?? 0)
    if (!type) throw new InputError(`onnx: ${describe(name)} has elements of type ${message.integers(2).at(-1) ?? 'none'}, expected float, double or float16`) // prettier-ignore
    const raw = message.all(9).at(-1)
    const found = raw ? readRaw(raw, type) : readTyped(message, type)
    if (found.length !== product(shape)) {
      throw broken(`${describe(name)} has ${found.length} values, expected ${shape.join(' × ') || 'one'}`)
    }
    const bad = found.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0)
      throw new InputError(`onnx: ${describe(name)}: value ${bad} is ${found[bad]}, expected a finite number`)
    return Float64Array.from(found)
  }
  const texts = () => (message.integers(2).at(-1) === TEXTS ? message.texts(6) : undefined)
  return { name, shape, values, texts }
}

type ElementType = { bytes: number; read: ReadNumber; field: number }

function readRaw(raw: Uint8Array, { bytes, read }: ElementType): number[] {
  const view = viewOf(raw)
  return Array.from({ length: Math.floor(raw.length / bytes) }, (_, i) => read(view, i * bytes, true))
}

/** Values that are not raw; half-precision numbers are in integers, as bits. */
function readTyped(message: Message, { bytes, read, field }: ElementType): number[] {
  if (field === 4 || field === 10) return message.floats(field, read, bytes)
  const integers = message.integers(field)
  if (bytes > 2) return integers
  const view = new DataView(new ArrayBuffer(2))
  return integers.map((bits) => {
    view.setUint16(0, bits, true)
    return read(view, 0, true)
  })
}

function readAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  const message = new Message(bytes)
  const tensor = message.all(5).at(-1)
  return [
    message.text(1),
    {
      float: message.floats(2, readFloat32, 4).at(-1),
      int: message.integers(3).at(-1),
      text: message.text(4),
      tensor: tensor && readTensor(tensor),
      floats: message.floats(7, readFloat32, 4),
      ints: message.integers(8),
      texts: message.texts(9),
    },
  ]
}

function readNode(bytes: Uint8Array): OnnxNode {
  const message = new Message(bytes)
  const [operator, outputs] = [message.text(4), message.texts(2)]
  return {
    title: `node ${describe(message.text(3) || (outputs[0] ?? ''))} (${operator})`,
    operator,
    inputs: message.texts(1),
    outputs,
    attributes: new Map(message.all(5).map(readAttribute)),
  }
}

/** @throws InputError for what is no ONNX model */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  const model = new Message(bytes)
  const graphBytes = model.all(7).at(-1)
  if (!graphBytes) throw broken('it has no graph')
  if (model.all(8).length === 0) throw broken('it ends before its operator sets')
  const graph = new Message(graphBytes)
  const tensors = graph.all(5).map(readTensor)
  const nameOf = (value: Uint8Array) => new Message(value).text(1)
  const entries = model.all(14).map((entry): [string, string] => {
    const message = new Message(entry)
    return [message.text(1), message.text(2)]
  })
  return {
    producer: model.text(2),
    nodes: graph.all(1).map(readNode),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    inputs: graph.all(11).map(nameOf),
    outputs: graph.all(12).map(nameOf),
    metadata: new Map(entries),
  }
}
