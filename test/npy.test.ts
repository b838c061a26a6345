import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { InputError } from '../src/core/errors.ts'
import { datasetFromNpy, Matrix, parseNpy, toNpy } from '../src/index.ts'
import { expectInputErrors } from './formats.ts'

/** A file with any header and values. */
function npy(header: string, values: ArrayLike<number>, version: number[] = [1, 0]): Uint8Array {
  const text = Buffer.from(`${header}\n`, version[0] === 3 ? 'utf8' : 'latin1')
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4)
  length.writeUIntLE(text.length, 0, length.length)
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), ...version]),
    length,
    text,
    Uint8Array.from(values),
  ])
}

/** As NumPy writes the header's dictionary. */
const head = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`

describe('toNpy', () => {
  // Hashes of what numpy.save (NumPy 2.4) writes for (numpy.arange(n) / 2 - 1).astype('float32').reshape(shape).
  it.each([
    [[], 132, '0bbb7c9d1d3e48a44830681943d0944189f96f0253ffdc1d78507ef8baac43d1'],
    [[1], 132, 'd8c93ca8b2679350b0d5a6f3c7718440763aeee5518cc7a8af8268bcb3319165'],
    [[5], 148, '9af7064c59436a92fd18c28beb9e6e239992a16fc265e4948ba4602e7340dac9'],
    [[2, 3], 152, '1f7d0d365c8641d8435c6b5a10f5aa645103420242644d7def779b5551654c2b'],
    [[0, 4], 128, '74c76010cb63e5e4e59ec3e34d6becc468f0038b8b742f2842fa1c2d36eb614e'],
    [[4, 1000], 16128, '9d7489f944150ef4631802dd78f1df84ed74daae872e15487e8146323fb8fe5b'],
    [[123456, 1], 493952, '27ac7276b3df1049417ec6a84570d249125b419adc082a319b6d5491afd75bae'],
    [[3, 2, 2], 176, '8509a6671936eb39e6134d7ac6bf70d08555718b4e927bd9cbf3026e22e3832d'],
    [Array<number>(12).fill(1), 132, 'f889fd82e0d8917151bc7c17323f56e3b9de24b0740288acd54beb1c9a022971'],
    [Array<number>(14).fill(2), 65664, '8a3c62e02fb669985cfdbe6315a1c21f776442e8956999c42c70f54fa656298d'],
    [Array<number>(20).fill(1), 196, 'effff76975428cbf2cb2727fac257a0e8390cc0f9fbc3db6a22222f33a0ae598'],
  ])('writes shape %j as NumPy does, to the byte', (shape, length, hash) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const data = Float32Array.from({ length: count }, (_, i) => i / 2 - 1)
    const bytes = toNpy({ shape, data })
    expect(bytes).toHaveLength(length)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash)
    expect(parseNpy(bytes)).toEqual({ shape, data })
  })

  it('accepts matrices and rows', () => {
    const rows = [[1, 2, 3], [4, 5, 6]] // prettier-ignore
    expect(parseNpy(toNpy(rows))).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) })
    expect(toNpy(Matrix.from(rows))).toEqual(toNpy(rows))
  })

  it.each([
    [[[1, NaN]], 'values: row 0, column 1 is NaN'],
    ['text', "values: expected a matrix or an array of rows, got 'text'"],
    [{ shape: [2, 3], data: [1, 2] }, 'data: expected 2 × 3 = 6 values, got 2'],
    [{ shape: [2], data: 5 }, 'data: expected a list of numbers, got 5'],
    [{ shape: [-1], data: [] }, 'shape[0]: expected a whole number from 0'],
    [{ shape: 2, data: [] }, 'shape: expected a list of at most 64 lengths, got 2'],
    [{ shape: [1], data: ['1'] }, "data: value 0 is '1', expected a number"],
  ])('refuses %j', (values, message) => {
    expect(() => toNpy(values as never)).toThrow(new RegExp(`^${message.replace(/[[\].]/g, '\\$&')}`))
  })
})

describe('parseNpy', () => {
  it.each([
    ['f4', Float32Array.of(1.5, -2)],
    ['f8', Float64Array.of(0.1, -1e300)],
    ['i1', Int8Array.of(1, -2)],
    ['i2', Int16Array.of(258, -2)],
    ['i4', Int32Array.of(65536, -2)],
    ['u1', Uint8Array.of(1, 254)],
    ['u2', Uint16Array.of(258, 65534)],
    ['u4', Uint32Array.of(65536, 4294967294)],
    ['b1', Uint8Array.of(0, 1)],
  ])('reads %s in both byte orders', (type, data) => {
    const bytes = new Uint8Array(data.buffer)
    const size = data.BYTES_PER_ELEMENT
    const reversed = Uint8Array.from(bytes, (_, i) => bytes[i - (i % size) + size - 1 - (i % size)]!)
    for (const [order, values] of [
      ['<', bytes],
      ['>', reversed],
      ...(size === 1 ? ([['|', bytes]] as const) : []),
    ] as const) {
      // prettier-ignore
      expect(parseNpy(npy(head(`${order}${type}`, '(2,)'), values))).toEqual({ shape: [2], data })
    }
  })

  it('reads 64-bit integers that float64 represents exactly, and no others', () => {
    const read = (type: string, data: BigInt64Array | BigUint64Array) =>
      parseNpy(npy(head(`<${type}`, '(1,)'), new Uint8Array(data.buffer))).data
    expect(read('i8', BigInt64Array.of(-(2n ** 53n - 1n)))).toEqual(Float64Array.of(-(2 ** 53 - 1)))
    expect(read('u8', BigUint64Array.of(2n ** 53n - 1n))).toEqual(Float64Array.of(2 ** 53 - 1))
    expect(() => read('u8', BigUint64Array.of(2n ** 53n))).toThrow('npy: value 0 is 9007199254740992, beyond')
    expect(() => read('i8', BigInt64Array.of(-(2n ** 60n)))).toThrow('npy: value 0 is -1152921504606847000, beyond')
  })

  it('reads Fortran order as NumPy saved it, and versions 2 and 3', () => {
    // numpy.asfortranarray(numpy.arange(6, dtype='>i4').reshape(2, 3))
    const words = [0, 3, 1, 4, 2, 5].flatMap((value) => [0, 0, 0, value])
    const bytes = npy(head('>i4', '(2, 3)', 'True').padEnd(117), words)
    expect(parseNpy(bytes)).toEqual({ shape: [2, 3], data: Int32Array.of(0, 1, 2, 3, 4, 5) })
    // numpy.arange(24).reshape(2, 3, 4) in Fortran order: value i of the file is at [i % 2][(i / 2 | 0) % 3][i / 6 | 0].
    const values = Array.from({ length: 24 }, (_, i) => (i % 2) * 12 + (Math.floor(i / 2) % 3) * 4 + Math.floor(i / 6))
    const cube = parseNpy(npy(head('|u1', '(2, 3, 4)', 'True'), values))
    expect([...cube.data]).toEqual(values.map((_, i) => i))
    expect(parseNpy(npy(head('|u1', '(2,)'), [1, 2], [2, 0])).data).toEqual(Uint8Array.of(1, 2))
    expect(parseNpy(npy(head('|u1', '()'), [7], [3, 0]))).toEqual({ shape: [], data: Uint8Array.of(7) })
  })

  it('reads headers as other programs write them', () => {
    const bytes = npy('{"shape": (1L, 2L), "fortran_order": False, "descr": "|u1"}', [1, 2])
    expect(parseNpy(bytes)).toEqual({ shape: [1, 2], data: Uint8Array.of(1, 2) })
    const larger = new Uint8Array(bytes.length + 5)
    larger.set(bytes, 3)
    expect(parseNpy(larger.subarray(3, 3 + bytes.length)).data).toEqual(Uint8Array.of(1, 2))
  })

  const good = npy(head('<f4', '(2,)'), new Uint8Array(8))
  it.each<[string, unknown, RegExp]>([
    ['no bytes', 'x', /expected the file's bytes as a Uint8Array, got 'x'/],
    ['an empty file', new Uint8Array(0), /not an \.npy file/],
    ['another magic', Buffer.from('\x93NUMPI and more'), /not an \.npy file: it does not begin with/],
    ['version 4', npy('', [], [4, 0]), /version 4\.0 of \.npy is not known here, expected 1\.0, 2\.0 or 3\.0/],
    ['version 1.1', npy('', [], [1, 1]), /version 1\.1/],
    ['a header cut short', good.subarray(0, 30), /cut short: the file ends within its header \(30 bytes in all\)/],
    ['values cut short', good.subarray(0, -3), /cut short by 3 bytes: expected \(2\) <f4 in/],
    ['bytes left over', Buffer.concat([good, good]), /followed by \d+ more bytes/],
    [
      'texts of no length',
      npy(head('<U0', '(1,)'), []),
      /values of type '<U0', expected numbers, truth values or texts/,
    ],
    ['long doubles', npy(head('<f16', '(1,)'), new Uint8Array(16)), /values of type '<f16'.*astype\('float64'\)/],
    ['complex numbers', npy(head('<c16', '(1,)'), new Uint8Array(16)), /values of type '<c16'/],
    ['objects', npy(head('|O', '(1,)'), []), /values of type '\|O'/],
    ['float32 of no byte order', npy(head('|f4', '(1,)'), new Uint8Array(4)), /values of type '\|f4'/],
    ['records', npy(`{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }`, [1, 0, 0, 0]), /records of/],
    ['no dictionary', npy('hello', []), /the header is not a dictionary of descr, fortran_order and shape: 'hello/],
    ['a dictionary that ends early', npy("{'descr': '<f4', ", []), /the header is not a dictionary/],
    ['a lacking entry', npy("{'descr': '<f4', 'shape': ()}", []), /got descr, shape/],
    ['an entry more', npy("{'descr': '<f4', 'shape': (), 'fortran_order': False, 'a': 'b'}", []), /got .*, a/],
    ['an empty dictionary', npy('{}', []), /got none/],
    [
      'entries of other types',
      npy("{'descr': '<f4', 'shape': 'a', 'fortran_order': False}", []),
      /expected a header of/,
    ],
    ['a shape that is none', npy(head('<f4', '(1, , 2)'), []), /the shape \(1, NaN, 2\) is not one/],
    ['a vast shape', npy(head('<f4', '(4294967296, 4294967296)'), []), /cut short by/],
    ['a shape beyond float64', npy(head('<f4', '(99999999999999999999,)'), []), /the shape .* is not one/],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => parseNpy(bytes as Uint8Array)
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
  })

  it('refuses truncated or modified files only with an InputError', () => {
    expectInputErrors(toNpy([[1, 2, 3], [4, 5, 6]]), parseNpy) // prettier-ignore
    expectInputErrors(npy(head('>u8', '(2, 2)', 'True'), new Uint8Array(32), [3, 0]), parseNpy)
  })
})

describe('datasetFromNpy', () => {
  const x = toNpy([[1, 2], [3, 4], [5, 6]]) // prettier-ignore

  it('treats integers as classes, floats as regression targets, and keeps rows', () => {
    const classes = datasetFromNpy(x, npy(head('<i4', '(3,)'), [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]))
    expect([classes.classes, [...classes.labels()]]).toEqual([['0', '1', '2'], [0, 2, 1]]) // prettier-ignore
    const named = datasetFromNpy(x, npy(head('|b1', '(3,)'), [0, 1, 1]), {
      classes: ['no', 'yes'],
      features: ['a', 'b'],
    })
    expect([named.classes, named.features, [...named.labels()]]).toEqual([['no', 'yes'], ['a', 'b'], [0, 1, 1]]) // prettier-ignore
    const regression = datasetFromNpy(x, toNpy({ shape: [3], data: [0.5, 1, 2] }))
    expect([regression.classes, regression.targets.toArray()]).toEqual([undefined, [[0.5], [1], [2]]])
    expect(datasetFromNpy(x, toNpy([[1, 0], [0, 1], [1, 1]])).targets.cols).toBe(2) // prettier-ignore
  })

  it('flattens images', () => {
    const { inputs } = datasetFromNpy(npy(head('|u1', '(2, 2, 2)'), [1, 2, 3, 4, 5, 6, 7, 8]), toNpy([[1], [0]]))
    expect(inputs.toArray()).toEqual([[1, 2, 3, 4], [5, 6, 7, 8]]) // prettier-ignore
  })

  it('names the one of the two files that is invalid', () => {
    const y = toNpy([[1], [0], [1]])
    expect(() => datasetFromNpy(toNpy({ shape: [3], data: [1, 2, 3] }), y)).toThrow(
      'x: expected samples × features, got (3)',
    )
    expect(() => datasetFromNpy(x, toNpy({ shape: [], data: [1] }))).toThrow('y: expected one value a sample')
    expect(() => datasetFromNpy(x, toNpy([[1]]))).toThrow('y: expected 3 rows')
    expect(() => datasetFromNpy(x, y.subarray(0, 5))).toThrow('y: not an .npy file')
    expect(() => datasetFromNpy(toNpy({ shape: [3, 1], data: [NaN, 1, 2] }), y)).toThrow('x: row 0, column 0 is NaN')
    expect(datasetFromNpy(x, npy(head('|i1', '(3,)'), [0, 255, 1])).classes).toEqual(['-1', '0', '1'])
  })
})
