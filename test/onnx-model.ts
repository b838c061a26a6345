import protobuf from 'protobufjs'
import { expect } from 'vitest'

/** The parts of a model that the tests inspect, decoded by a different library than the one that wrote it. */
export interface DecodedModel {
  irVersion: number
  producerName: string
  producerVersion: string
  opsetImport: { domain: string; version: number }[]
  metadataProps: { key: string; value: string }[]
  graph: {
    name: string
    node: {
      input: string[]
      output: string[]
      name: string
      opType: string
      domain: string
      attribute: DecodedAttribute[]
    }[]
    initializer: { name: string; dims: number[]; dataType: number; rawData: Uint8Array }[]
    input: DecodedValue[]
    output: DecodedValue[]
  }
}

interface DecodedAttribute {
  name: string
  type: number
  f?: number
  i?: number
  floats: number[]
  strings: Uint8Array[]
}

interface DecodedValue {
  name: string
  type: { tensorType: { elemType: number; shape: { dim: { dimValue?: number; dimParam?: string }[] } } }
}

type Fields = Record<string, [type: string, number: number]>

/** The fields of ONNX's onnx.proto that a file may contain; `[]` after a type means that the field is repeated. */
const messages: Record<string, Fields> = {
  Model: {
    irVersion: ['int64', 1],
    producerName: ['string', 2],
    producerVersion: ['string', 3],
    graph: ['Graph', 7],
    opsetImport: ['OperatorSet[]', 8],
    metadataProps: ['Entry[]', 14],
  },
  OperatorSet: { domain: ['string', 1], version: ['int64', 2] },
  Entry: { key: ['string', 1], value: ['string', 2] },
  Graph: {
    node: ['Node[]', 1],
    name: ['string', 2],
    initializer: ['Tensor[]', 5],
    input: ['Value[]', 11],
    output: ['Value[]', 12],
  },
  Node: {
    input: ['string[]', 1],
    output: ['string[]', 2],
    name: ['string', 3],
    opType: ['string', 4],
    attribute: ['Attribute[]', 5],
    domain: ['string', 7],
  },
  Attribute: {
    name: ['string', 1],
    f: ['float', 2],
    i: ['int64', 3],
    floats: ['float[]', 7],
    strings: ['bytes[]', 9],
    type: ['int32', 20],
  },
  Tensor: { dims: ['int64[]', 1], dataType: ['int32', 2], name: ['string', 8], rawData: ['bytes', 9] },
  Value: { name: ['string', 1], type: ['Type', 2] },
  Type: { tensorType: ['TensorType', 1] },
  TensorType: { elemType: ['int32', 1], shape: ['Shape', 2] },
  Shape: { dim: ['Dimension[]', 1] },
  Dimension: { dimValue: ['int64', 1], dimParam: ['string', 2] },
}

function makeRoot(): protobuf.Root {
  const root = new protobuf.Root()
  for (const [name, fields] of Object.entries(messages)) {
    const message = new protobuf.Type(name)
    for (const [field, [type, number]] of Object.entries(fields)) {
      const repeated = type.endsWith('[]')
      // As in proto2, where lists of numbers are not packed.
      const options = repeated ? { packed: false } : {}
      message.add(new protobuf.Field(field, number, type.replace('[]', ''), repeated ? 'repeated' : 'optional', undefined, options)) // prettier-ignore
    }
    root.add(message)
  }
  return root
}

/** Decodes a model, and checks that it has no field that is missing in the schema. */
export function decodeModel(bytes: Uint8Array): DecodedModel {
  const type = makeRoot().lookupType('Model')
  const message = type.decode(bytes)
  expect(type.encode(message).finish()).toHaveLength(bytes.length)
  return type.toObject(message, { longs: Number, arrays: true }) as unknown as DecodedModel
}

/** The number of inputs of each operator in these graphs. */
const inputCounts: Record<string, number> = { Gemm: 3, Sub: 2, Div: 2, Add: 2, Mul: 2 }

/** The rules of ONNX's own checker: versions, names, order, types, shapes. */
export function checkModel({ irVersion, opsetImport, metadataProps, graph }: DecodedModel): void {
  // IR 8 belongs to operator set 17 (ONNX 1.12).
  expect(irVersion).toBe(8)
  expect(opsetImport).toEqual([{ domain: '', version: 17 }])
  const keys = metadataProps.map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
  expect(graph.name).not.toBe('')
  expect(new Set(graph.node.map(({ name }) => name)).size).toBe(graph.node.length)

  const known = new Set<string>()
  const define = (name: string) => {
    expect(name).toMatch(/^[A-Za-z_]\w*$/)
    expect(known.has(name), `${name} is defined twice`).toBe(false)
    known.add(name)
  }
  for (const { name, type } of graph.input) {
    define(name)
    checkType(type, [1, 11])
  }
  for (const { name, dims, dataType, rawData } of graph.initializer) {
    define(name)
    expect([1, 11]).toContain(dataType)
    expect(rawData).toHaveLength((dataType === 1 ? 4 : 8) * dims.reduce((product, length) => product * length, 1))
  }
  const used = new Set<string>()
  for (const { opType, input, output, attribute } of graph.node) {
    expect(input).toHaveLength(inputCounts[opType] ?? 1)
    for (const name of input) {
      expect(known.has(name), `${opType} takes ${name} before it is defined`).toBe(true)
      used.add(name)
    }
    output.forEach(define)
    for (const { type, f, i } of attribute) expect([f !== undefined, i !== undefined]).toEqual([type === 1, type === 2])
  }
  for (const { name, type } of graph.output) {
    expect(known.has(name)).toBe(true)
    used.add(name)
    checkType(type, [1])
  }
  expect([...known].filter((name) => !used.has(name))).toEqual([])
}

function checkType({ tensorType }: DecodedValue['type'], types: number[]): void {
  expect(types).toContain(tensorType.elemType)
  for (const { dimValue, dimParam } of tensorType.shape.dim) {
    expect((dimValue === undefined) !== (dimParam === undefined)).toBe(true)
  }
}
