import type { PbfWriter } from 'pbf'

/**
 * The protocol buffer of a model: those messages and fields of ONNX's onnx.proto that a perceptron needs, under the
 * numbers that they have there.
 */

/** The types of values, with their numbers in TensorProto.DataType. */
export const elementTypes = { float: 1, string: 8, double: 11 } as const
export type ElementType = keyof typeof elementTypes

/** A constant tensor of a graph; a scalar where the shape is []. */
export interface Initializer {
  name: string
  /** Default float. */
  type?: 'float' | 'double'
  shape: readonly number[]
  /** The values, little-endian. */
  bytes: Uint8Array
}

export type Attribute =
  { int: number } | { float: number } | { floats: readonly number[] } | { strings: readonly string[] }

/** One operation: an ONNX operator over named values. */
export interface GraphNode {
  operator: string
  inputs: readonly string[]
  output: string
  attributes?: Readonly<Record<string, Attribute>>
  /** The operator set; default is that of ONNX's own operators. */
  domain?: typeof mlDomain
}

/** A value that comes in or goes out; a name in its shape is a length that is known at run time only. */
export interface GraphValue {
  name: string
  /** Default float. */
  type?: ElementType
  shape: readonly (number | string)[]
}

export interface OnnxModel {
  irVersion: number
  opset: number
  /** The version of the operators for encoded data, where a node is one of them. */
  mlOpset?: number
  producer: { name: string; version: string }
  graph: {
    name: string
    nodes: readonly GraphNode[]
    initializers: readonly Initializer[]
    inputs: readonly GraphValue[]
    outputs: readonly GraphValue[]
  }
  metadata: Readonly<Record<string, string>>
}

/** The operators for encoded data. */
export const mlDomain = 'ai.onnx.ml'
/** AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2, floats: 6, strings: 8 }

/** The bytes of a model file. */
export async function encodeModel(model: OnnxModel): Promise<Uint8Array> {
  const { PbfWriter } = await import('pbf')
  const writer = new PbfWriter()
  writeModel(model, writer)
  return writer.finish()
}

function writeModel({ irVersion, opset, mlOpset, producer, graph, metadata }: OnnxModel, writer: PbfWriter): void {
  writer.writeVarintField(1, irVersion)
  writer.writeStringField(2, producer.name)
  writer.writeStringField(3, producer.version)
  writer.writeMessage(7, writeGraph, graph)
  writer.writeMessage(8, writeOperatorSet, ['', opset] as const)
  if (mlOpset !== undefined) writer.writeMessage(8, writeOperatorSet, [mlDomain, mlOpset] as const)
  for (const entry of Object.entries(metadata)) writer.writeMessage(14, writeEntry, entry)
}

/** The empty domain is ONNX's own operators. */
function writeOperatorSet([domain, version]: readonly [string, number], writer: PbfWriter): void {
  writer.writeStringField(1, domain)
  writer.writeVarintField(2, version)
}

function writeEntry([key, value]: readonly [string, string], writer: PbfWriter): void {
  writer.writeStringField(1, key)
  writer.writeStringField(2, value)
}

function writeGraph({ name, nodes, initializers, inputs, outputs }: OnnxModel['graph'], writer: PbfWriter): void {
  for (const node of nodes) writer.writeMessage(1, writeNode, node)
  writer.writeStringField(2, name)
  for (const initializer of initializers) writer.writeMessage(5, writeTensor, initializer)
  for (const value of inputs) writer.writeMessage(11, writeValue, value)
  for (const value of outputs) writer.writeMessage(12, writeValue, value)
}

function writeNode({ operator, inputs, output, attributes = {}, domain }: GraphNode, writer: PbfWriter): void {
  for (const name of inputs) writer.writeStringField(1, name)
  writer.writeStringField(2, output)
  // Outputs are named once in a graph, so a node may take its output's name.
  writer.writeStringField(3, output)
  writer.writeStringField(4, operator)
  for (const attribute of Object.entries(attributes)) writer.writeMessage(5, writeAttribute, attribute)
  if (domain !== undefined) writer.writeStringField(7, domain)
}

function writeAttribute([name, value]: readonly [string, Attribute], writer: PbfWriter): void {
  writer.writeStringField(1, name)
  if ('float' in value) writer.writeFloatField(2, value.float)
  else if ('int' in value) writer.writeVarintField(3, value.int)
  else if ('floats' in value) for (const number of value.floats) writer.writeFloatField(7, number)
  else for (const text of value.strings) writer.writeStringField(9, text)
  const [kind] = Object.keys(value) as [keyof typeof attributeTypes]
  writer.writeVarintField(20, attributeTypes[kind])
}

function writeTensor({ name, type = 'float', shape, bytes }: Initializer, writer: PbfWriter): void {
  for (const length of shape) writer.writeVarintField(1, length)
  writer.writeVarintField(2, elementTypes[type])
  writer.writeStringField(8, name)
  writer.writeBytesField(9, bytes)
}

function writeValue(value: GraphValue, writer: PbfWriter): void {
  writer.writeStringField(1, value.name)
  writer.writeMessage(2, writeType, value)
}

/** TypeProto → Tensor → TensorShapeProto → Dimension. */
function writeType(value: GraphValue, writer: PbfWriter): void {
  writer.writeMessage(1, writeTensorType, value)
}

function writeTensorType({ type = 'float', shape }: GraphValue, writer: PbfWriter): void {
  writer.writeVarintField(1, elementTypes[type])
  writer.writeMessage(2, writeShape, shape)
}

function writeShape(shape: GraphValue['shape'], writer: PbfWriter): void {
  for (const length of shape) writer.writeMessage(1, writeDimension, length)
}

function writeDimension(length: number | string, writer: PbfWriter): void {
  if (typeof length === 'number') writer.writeVarintField(1, length)
  else writer.writeStringField(2, length)
}
