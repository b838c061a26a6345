import { describe, expect, it } from 'vitest'
import { InputError } from '../src/core/errors.ts'
import { fromSafetensors, Network, toSafetensors } from '../src/index.ts'
import { expectInputErrors, expectSame, namedNetwork } from './formats.ts'

/** A file with any header (a text as it is, else JSON), and data. */
function file(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const length = new BigUint64Array([BigInt(text.length)])
  return Buffer.concat([new Uint8Array(length.buffer), text, typeof data === 'number' ? new Uint8Array(data) : data])
}

function headerOf(bytes: Uint8Array): Record<string, { shape: number[]; data_offsets: [number, number] }> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as never
}

/** One layer of 2 inputs and 1 output, with changes to its header. */
const layer = (changes: Record<string, unknown> = {}) => ({
  '0.bias': { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
  '0.weight': { dtype: 'F32', shape: [1, 2], data_offsets: [4, 12] },
  ...changes,
})
const tensor = (shape: number[], start: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [start, end],
})

describe('toSafetensors', () => {
  it('writes exactly the bytes that the format specifies', () => {
    const network = Network.from({ sizes: [2, 1], activations: ['linear'], weights: [[1, -2]], biases: [[0.5]] })
    const header =
      '{"__metadata__":{"activations":"[\\"linear\\"]","format":"webgpu-mlp","sizes":"[2,1]","version":"1"},' +
      '"0.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
      '"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}'
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
    const data = Uint8Array.of(0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0)
    expect(Buffer.from(toSafetensors(network))).toEqual(Buffer.from(file(padded, data)))
  })

  it('names the tensors as nn.Sequential does, with data aligned to 8 bytes', () => {
    const network = Network.create({ sizes: [3, 5, 4, 2, 6, 1, 2], seed: 1 })
    const header = headerOf(toSafetensors(network))
    expect(Object.keys(header)).toHaveLength(13)
    expect(header['10.weight']).toMatchObject({ dtype: 'F32', shape: [2, 1] })
    expect(header['2.weight']).toMatchObject({ shape: [4, 5] })
    expect(new DataView(toSafetensors(namedNetwork()).buffer).getUint32(0, true) % 8).toBe(0)
  })

  it('refuses networks that could not be read back', () => {
    const network = namedNetwork()
    network.features = ['a']
    expect(() => toSafetensors(network)).toThrow('network: features has 1 names, expected 3, one an input')
    network.features = undefined
    network.parameters[3] = Infinity
    expect(() => toSafetensors(network)).toThrow('network: parameter 3 is Infinity, expected a finite number')
    expect(() => toSafetensors({} as never)).toThrow('network: expected a Network, got an object')
  })
})

describe('fromSafetensors', () => {
  it('returns the same network, which is written as the same bytes', () => {
    for (const network of [namedNetwork(), Network.create({ sizes: [1, 1], seed: 2 })]) {
      const bytes = toSafetensors(network)
      const back = fromSafetensors(bytes)
      expectSame(back, network)
      expect(Buffer.from(toSafetensors(back))).toEqual(Buffer.from(bytes))
    }
  })

  it('reads bytes at an offset in a larger buffer', () => {
    const bytes = toSafetensors(namedNetwork())
    const larger = new Uint8Array(bytes.length + 8)
    larger.set(bytes, 3)
    expectSame(fromSafetensors(larger.subarray(3, 3 + bytes.length)), namedNetwork())
  })

  it('reads other programs’ files in any order of tensors, given the activations', () => {
    const header = {
      __metadata__: { format: 'pt' },
      'net.layers.10.weight': tensor([1, 2], 0, 8),
      'net.layers.9.bias': tensor([2], 8, 16),
      'net.layers.9.weight': tensor([2, 1], 16, 24),
      'net.layers.10.bias': tensor([1], 24, 28),
    }
    const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7).buffer)
    const network = fromSafetensors(file(header, data), { activations: ['relu', 'linear'] })
    expect([network.sizes, network.activations]).toEqual([[1, 2, 1], ['relu', 'linear']]) // prettier-ignore
    expect([...network.parameters]).toEqual([5, 6, 3, 4, 1, 2, 7])
    expect(fromSafetensors(file(header, data), { activations: 'tanh' }).activations).toEqual(['tanh', 'tanh'])
    expect(() => fromSafetensors(file(header, data))).toThrow(
      'activations: the file does not name them; give one for every layer, or 2, one a layer',
    )
    expect(() => fromSafetensors(file(header, data), { activations: ['relu'] })).toThrow('activations: expected 2')
    expect(() => fromSafetensors(file(header, data), { activations: 'tan' as never })).toThrow("did you mean 'tanh'?")
  })

  /** A file of float32 tensors; all values of tensor i are i + 1. */
  const named = (shapes: Record<string, number[]>) => {
    const header: Record<string, unknown> = {}
    const values: number[] = []
    for (const [i, [name, shape]] of Object.entries(shapes).entries()) {
      const count = shape.reduce((a, b) => a * b, 1)
      header[name] = tensor(shape, 4 * values.length, 4 * (values.length + count))
      values.push(...Array<number>(count).fill(i + 1))
    }
    return file(header, new Uint8Array(Float32Array.from(values).buffer))
  }

  it.each<[string, Record<string, number[]>, number[], number[]]>([
    ['fc1, fc2 in another order', { 'fc2.weight': [3, 8], 'fc2.bias': [3], 'fc1.bias': [8], 'fc1.weight': [8, 4] }, [4, 8, 3], [4, 1]], // prettier-ignore
    ['hidden, output', { 'output.weight': [3, 8], 'output.bias': [3], 'hidden.weight': [8, 4] }, [4, 8, 3], [3, 1]],
    ['names without numbers or known words, by their shapes', { 'b.weight': [8, 4], 'a.weight': [3, 8], 'c.weight': [4, 6] }, [6, 4, 8, 3], [3, 1, 2]], // prettier-ignore
    ['numbers where all shapes fit', { 'l.10.linear.weight': [4, 4], 'l.9.linear.weight': [4, 4] }, [4, 4, 4], [2, 1]],
    ['a last layer by its word', { 'fc1.weight': [4, 4], 'head.weight': [4, 4], 'fc2.weight': [4, 4] }, [4, 4, 4, 4], [1, 3, 2]], // prettier-ignore
    ['encoder and decoder', { 'decoder.0.weight': [2, 1], 'decoder.2.weight': [3, 2], 'encoder.0.weight': [2, 3], 'encoder.2.weight': [1, 2] }, [3, 2, 1, 2, 3], [3, 4, 1, 2]], // prettier-ignore
    ['Keras: dense, dense_1, kernels in × out', { 'dense/kernel:0': [4, 8], 'dense/bias:0': [8], 'dense_1/kernel:0': [8, 8], 'dense_2/kernel:0': [8, 3] }, [4, 8, 8, 3], [1, 3, 4]], // prettier-ignore
    ['W1, b1', { W2: [3, 8], W1: [8, 4], b1: [8], b2: [3] }, [4, 8, 3], [2, 1]],
    ['matrices without any word for weights', { one: [8, 4], two: [3, 8] }, [4, 8, 3], [1, 2]],
  ])('reads %s', (_, shapes, sizes, order) => {
    const network = fromSafetensors(named(shapes), { activations: 'relu' })
    expect(network.sizes).toEqual(sizes)
    expect(network.weights.map((weights) => weights[0])).toEqual(order)
  })

  it('takes a bias that is missing as 0, and kernels as in × out', () => {
    const bytes = file({ 'fc.weight': tensor([2, 3], 0, 24) }, new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer))
    const network = fromSafetensors(bytes, { activations: 'linear', features: ['a', 'b', 'c'], classes: ['no', 'yes'] })
    expect([...network.parameters]).toEqual([1, 2, 3, 4, 5, 6, 0, 0])
    expect([network.features, network.classes]).toEqual([['a', 'b', 'c'], ['no', 'yes']]) // prettier-ignore
    const kernel = file({ 'fc.kernel': tensor([2, 3], 0, 24) }, new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)) // prettier-ignore
    const turned = fromSafetensors(kernel, { activations: 'linear' })
    expect([turned.sizes, [...turned.parameters]]).toEqual([[2, 3], [1, 4, 2, 5, 3, 6, 0, 0, 0]]) // prettier-ignore
  })

  it.each<[string, Record<string, number[]>, RegExp]>([
    ['an order that is unclear', { 'a.weight': [4, 4], 'b.weight': [4, 4] }, /order of the layers is unclear, it could be a, b; or b, a: rename the tensors/], // prettier-ignore
    ['transposed weights', { 'fc1.weight': [4, 8], 'fc1.bias': [8], 'fc2.weight': [8, 3] }, /'fc1\.bias': expected shape \[4\].*save them transposed \(W\.T\)/], // prettier-ignore
    ['transposed weights without biases', { 'hidden.weight': [4, 8], 'output.weight': [8, 3] }, /'output\.weight': expected 4 columns.*\(W\.T\)/], // prettier-ignore
    ['batch normalization', { 'fc1.weight': [4, 4], 'bn1.weight': [4], 'bn1.bias': [4] }, /'bn1\.weight': expected out × in, got shape \[4\]; only dense layers are read/], // prettier-ignore
    ['running means', { 'fc1.weight': [4, 4], 'bn1.running_mean': [4] }, /'bn1\.running_mean': expected only layers' tensors of dense layers/], // prettier-ignore
    ['an embedding', { 'embedding.weight': [4, 4], 'fc.weight': [4, 4] }, /'embedding\.weight': expected only/],
    ['weight normalization', { 'fc1.weight_v': [1, 4], 'fc1.weight_g': [1, 1], 'fc1.bias': [1] }, /'fc1\.weight_v': expected only/], // prettier-ignore
    ['two weights of one layer', { 'fc1.weight': [4, 4], fc1_weight: [4, 4] }, /'fc1_weight': is the weight of 'fc1', which has one already/], // prettier-ignore
    [
      'two networks',
      { 'actor.0.weight': [4, 3], 'critic.0.weight': [1, 3] },
      /'critic\.0\.weight': expected 4 columns/,
    ],
  ])('refuses %s', (_, shapes, message) => {
    const read = () => fromSafetensors(named(shapes), { activations: 'relu' })
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
  })

  it('refuses names that are not as many, or not those of the file', () => {
    const bytes = toSafetensors(namedNetwork())
    expect(() => fromSafetensors(bytes, { features: ['a'] })).toThrow('features: expected 3 names, one a column, got 1')
    expect(() => fromSafetensors(bytes, { classes: ['a', 'b', 'c'] })).toThrow(
      'classes: expected 2 names for 2 outputs',
    )
    expect(() => fromSafetensors(bytes, { classes: ['no', 'b'] })).toThrow('classes: the file names others')
  })

  it('finds the order of many layers quickly, or says that it is unclear', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${'x'.repeat(i + 1)}.weight`, [2, 2]]))
    expect(() => fromSafetensors(named(many), { activations: 'relu' })).toThrow(/the order of the layers is unclear/)
    const deep = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}.weight`, [1, 1]]))
    expect(fromSafetensors(named(deep), { activations: 'relu' }).sizes).toHaveLength(501)
  })

  it('reads float64, float16 and bfloat16', () => {
    const float64 = new Uint8Array(Float64Array.of(0.1, 1.5, -3).buffer)
    const wide = { '0.bias': tensor([1], 0, 8, 'F64'), '0.weight': tensor([1, 2], 8, 24, 'F64') }
    expect([...fromSafetensors(file(wide, float64), { activations: 'relu' }).parameters]).toEqual([
      1.5,
      -3,
      Math.fround(0.1),
    ])
    const halves = (dtype: string, bits: number[]) => {
      const header = { '0.bias': tensor([1], 0, 2, dtype), '0.weight': tensor([1, 2], 2, 6, dtype) }
      const bytes = new Uint8Array(Uint16Array.from(bits).buffer)
      return [...fromSafetensors(file(header, bytes), { activations: 'relu' }).parameters]
    }
    expect(halves('F16', [0x3c00, 0xc101, 0x0001])).toEqual([-2.501953125, 2 ** -24, 1])
    expect(halves('F16', [0x7bff, 0x8400, 0x83ff])).toEqual([-(2 ** -14), -1023 * 2 ** -24, 65504])
    expect(halves('BF16', [0x3f80, 0xc049, 0x0001])).toEqual([-3.140625, 2 ** -133, 1])
    expect(() => halves('F16', [0x7c00, 0, 0])).toThrow("'0.bias': value 0 is Infinity")
    expect(() => halves('F16', [0, 0x7e00, 0])).toThrow("'0.weight': value 0 is NaN")
  })

  it('uses the activations that the file names', () => {
    const bytes = toSafetensors(namedNetwork())
    expect(fromSafetensors(bytes, { activations: ['tanh', 'softmax'] }).activations).toEqual(['tanh', 'softmax'])
    expect(() => fromSafetensors(bytes, { activations: 'relu' })).toThrow(
      'activations: the file names others: ["tanh","softmax"]; leave the option out',
    )
  })

  const nan = new Uint8Array(Float32Array.of(1, 2, NaN).buffer)
  const large = new Uint8Array(Float64Array.of(1e300).buffer)
  const meta = (fields: Record<string, unknown>) =>
    file(layer({ __metadata__: { format: 'webgpu-mlp', version: '1', sizes: '[2,1]', ...fields } }), 12)
  it.each<[string, unknown, RegExp]>([
    ['no bytes', [1, 2], /expected the file's bytes as a Uint8Array, got an array of 2/],
    ['an empty file', new Uint8Array(0), /cut short: expected 8 bytes of header length, got 0/],
    ['a long header', new Uint8Array(8).fill(255), /a header of \d+ bytes, at most 100000000/],
    ['a header beyond the file', file('{}').subarray(0, 9), /cut short.*expected a header of 2 bytes, got 1/],
    ['no JSON', file('{"a"'), /the header \(4 bytes\) is not JSON/],
    ['no UTF-8', file('{}').fill(0xff, 8), /not JSON/],
    ['a list', file('[1]'), /the header is an array of 1, expected an object/],
    ['no tensors', file('{}'), /holds no tensors/],
    ['another name', file({ conv: tensor([1], 0, 4) }, 4), /'conv': expected only layers' tensors/],
    [
      'a bias alone',
      file({ '00.bias': tensor([1], 0, 4) }, 4),
      /'00\.weight' is missing, the weights that belong to '00\.bias'/,
    ],
    ['no entry', file({ '0.bias': 3 }), /'0\.bias': expected dtype, shape and data_offsets, got 3/],
    ['integers', file({ '0.bias': tensor([1], 0, 8, 'I64') }, 8), /dtype 'I64' is not read here, expected F64, F32/],
    ['no shape', file({ '0.bias': { dtype: 'F32', data_offsets: [0, 4] } }, 4), /shape is missing/],
    ['a negative shape', file({ '0.bias': tensor([-1], 0, 4) }, 4), /shape is \[-1\], expected a list of whole/],
    [
      'a vast shape',
      file({ '0.bias': tensor([2 ** 52, 2 ** 52], 0, 4) }, 4),
      /takes \S+ bytes, data_offsets \[0,4\] 4/,
    ],
    [
      'three offsets',
      file({ '0.bias': { ...tensor([1], 0, 4), data_offsets: [0, 4, 8] } }, 4),
      /data_offsets is \[0,4,8/,
    ],
    ['offsets that run back', file({ '0.bias': tensor([1], 4, 0) }, 4), /takes 4 bytes, data_offsets \[4,0\] -4/],
    [
      'an overlap',
      file(layer({ '0.weight': tensor([1, 2], 0, 8) }), 12),
      /'0\.weight': overlaps .* at byte 0, expected 4/,
    ],
    [
      'a hole',
      file(layer({ '0.weight': tensor([1, 2], 8, 16) }), 16),
      /'0\.weight': leaves a hole .* byte 8, expected 4/,
    ],
    ['bytes left over', file(layer(), 13), /1 bytes follow the last tensor/],
    ['too little data', file(layer(), 11), /'0\.weight' ends at byte 12 of the data, the file has 11/],
    ['NaN', file(layer(), nan), /'0\.weight': value 1 is NaN, expected a finite number/],
    ['too large', file({ '0.bias': tensor([1], 0, 8, 'F64') }, large), /'0\.bias': value 0 is 1e\+300/],
    ['our own file without a bias', file({ __metadata__: { format: 'webgpu-mlp', version: '1', sizes: '[1,1]', activations: '["relu"]' }, '0.weight': tensor([1, 1], 0, 4) }, 4), /'0\.bias' is missing/], // prettier-ignore
    ['no weights', file({ 'a.3.bias': tensor([1], 0, 4) }, 4), /'a\.3\.weight' is missing/],
    ['a bias of another network', file(layer({ 'a.0.bias': tensor([1], 12, 16) }), 16), /'a\.0\.weight' is missing/],
    ['a flat weight', file(layer({ '0.weight': tensor([2], 4, 12) }), 12), /expected out × in, got shape \[2\]/],
    ['a bias of two', file(layer({ '0.bias': tensor([2], 12, 20), '0.weight': tensor([1, 3], 0, 12) }), 20), /'0\.bias': expected shape \[1\], one a row of the weights, got \[2\]/], // prettier-ignore
    ['layers that do not follow', file(layer({ '1.bias': tensor([1], 12, 16), '1.weight': tensor([1, 2], 16, 24) }), 24), /'1\.weight': expected 1 columns, .* got 2/], // prettier-ignore
    ['no size', file({ '0.bias': tensor([0], 0, 0), '0.weight': tensor([0, 2], 0, 0) }), /sizes\[1\]: expected a whole number from 1/], // prettier-ignore
    ['metadata that is a list', file(layer({ __metadata__: [] }), 12), /__metadata__ is an array of 0/],
    ['metadata of numbers', meta({ sizes: 3 }), /__metadata__: 'sizes' is 3, expected a string/],
    ['other sizes', meta({ sizes: '[3,1]' }), /__metadata__: sizes are \[3,1\], the tensors' \[2,1\]/],
    ['a field that is no JSON', meta({ activations: 'relu' }), /__metadata__: activations is not JSON: 'relu'/],
    ['no activations', meta({}), /activations: expected 1/],
    ['a later version', meta({ version: '3', activations: '["relu"]' }), /version 3 is not known/],
    ['too few features', meta({ activations: '["relu"]', features: '["a"]' }), /"features" has 1 names, expected 2/],
    [
      'a broken scaling',
      meta({ activations: '["relu"]', scaling: '{"kind":"standardize"}' }),
      /"scaling": offset: expected 2 numbers/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => fromSafetensors(bytes as Uint8Array, bytes instanceof Uint8Array && holdsOurs(bytes) ? {} : { activations: 'relu' }) // prettier-ignore
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
  })

  it('refuses truncated or modified files only with an InputError', () => {
    expectInputErrors(toSafetensors(namedNetwork()), fromSafetensors)
  })
})

const holdsOurs = (bytes: Uint8Array) => new TextDecoder().decode(bytes).includes('webgpu-mlp')
