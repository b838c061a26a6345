import type { PbfWriter } from 'pbf'

/**
 * The protocol buffer of a model: those messages and fields of ONNX's onnx.proto that a perceptron needs, under the
 * numbers that they have there. All tensors are float32.
 */

/** A constant tensor of a graph; a scalar where the shape is []. */
export interface Initializer {
  name: string
  shape: readonly number[]
  /** The values, little-endian. */
  bytes: Uint8Array
}

/** One operation: an ONNX operator over named values. */
export interface GraphNode {
  operator: string
  inputs: readonly string[]
  output: string
  attributes?: Readonly<Record<string, { int: number } | { float: number }>>
}

/** A value that comes in or goes out; a name in its shape is a length that is known at run time only. */
export interface GraphValue {
  name: string
  shape: readonly (number | string)[]
}

export interface OnnxModel {
  irVersion: number
  opset: number
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

const elementType = { float: 1 }
const attributeType = { float: 1, int: 2 }

/** The bytes of a model file. */
export async function encodeModel(model: OnnxModel): Promise<Uint8Array> {
  const { PbfWriter } = await import('pbf')
  const writer = new PbfWriter()
  writeModel(model, writer)
  return writer.finish()
}

function writeModel({ irVersion, opset, producer, graph, metadata }: OnnxModel, writer: PbfWriter): void {
  writer.writeVarintField(1, irVersion)
  writer.writeStringField(2, producer.name)
  writer.writeStringField(3, producer.version)
  writer.writeMessage(7, writeGraph, graph)
  writer.writeMessage(8, writeOperatorSet, opset)
  for (const entry of Object.entries(metadata)) writer.writeMessage(14, writeEntry, entry)
}

/** The empty domain is ONNX's own operators. */
function writeOperatorSet(version: number, writer: PbfWriter): void {
  writer.writeStringField(1, '')
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

function writeNode({ operator, inputs, output, attributes = {} }: GraphNode, writer: PbfWriter): void {
  for (const name of inputs) writer.writeStringField(1, name)
  writer.writeStringField(2, output)
  // Outputs are named once in a graph, so a node may take its output's name.
  writer.writeStringField(3, output)
  writer.writeStringField(4, operator)
  for (const attribute of Object.entries(attributes)) writer.writeMessage(5, writeAttribute, attribute)
}

type Attribute = Required<GraphNode>['attributes'][string]

function writeAttribute([name, value]: readonly [string, Attribute], writer: PbfWriter): void {
  writer.writeStringField(1, name)
  if ('float' in value) writer.writeFloatField(2, value.float)
  else writer.writeVarintField(3, value.int)
  writer.writeVarintField(20, 'float' in value ? attributeType.float : attributeType.int)
}

function writeTensor({ name, shape, bytes }: Initializer, writer: PbfWriter): void {
  for (const length of shape) writer.writeVarintField(1, length)
  writer.writeVarintField(2, elementType.float)
  writer.writeStringField(8, name)
  writer.writeBytesField(9, bytes)
}

function writeValue({ name, shape }: GraphValue, writer: PbfWriter): void {
  writer.writeStringField(1, name)
  writer.writeMessage(2, writeType, shape)
}

/** TypeProto → Tensor → TensorShapeProto → Dimension. */
function writeType(shape: GraphValue['shape'], writer: PbfWriter): void {
  const writeTensorType = (_: GraphValue['shape'], writer: PbfWriter) => {
    writer.writeVarintField(1, elementType.float)
    writer.writeMessage(2, writeShape, shape)
  }
  writer.writeMessage(1, writeTensorType, shape)
}

function writeShape(shape: GraphValue['shape'], writer: PbfWriter): void {
  for (const length of shape) writer.writeMessage(1, writeDimension, length)
}

function writeDimension(length: number | string, writer: PbfWriter): void {
  if (typeof length === 'number') writer.writeVarintField(1, length)
  else writer.writeStringField(2, length)
}
