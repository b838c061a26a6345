import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { datasetFromIdx, parseIdx } from '../src/data/idx.ts'
import { InputError } from '../src/core/errors.ts'

/** IDX bytes: header and raw values. */
function idx(type: number, shape: number[], values: number[]): Uint8Array {
  const lengths = shape.flatMap((length) => [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255])
  return Uint8Array.from([0, 0, type, shape.length, ...lengths, ...values])
}

const images = idx(8, [2, 2, 2], [0, 51, 255, 1, 2, 3, 4, 5])
const labels = idx(8, [2], [7, 0])

async function expectError(work: Promise<unknown>, message: string | RegExp) {
  await expect(work).rejects.toThrow(InputError)
  await expect(work).rejects.toThrow(typeof message === 'string' ? new InputError(message) : message)
}

describe('parseIdx', () => {
  it.each([
    [0x08, 'uint8', [2], [0, 255], Uint8Array.of(0, 255)],
    [0x09, 'int8', [2], [1, 255], Int8Array.of(1, -1)],
    [0x0b, 'int16', [2], [1, 2, 0xff, 0xfe], Int16Array.of(258, -2)],
    [0x0c, 'int32', [2], [1, 2, 3, 4, 0xff, 0xff, 0xff, 0xfe], Int32Array.of(0x01020304, -2)],
    [0x0d, 'float32', [1], [0x3f, 0xa0, 0, 0], Float32Array.of(1.25)],
    [0x0e, 'float64', [1], [0xc0, 0x04, 0, 0, 0, 0, 0, 0], Float64Array.of(-2.5)],
    [0x08, 'uint8', [2, 1, 3], [1, 2, 3, 4, 5, 6], Uint8Array.of(1, 2, 3, 4, 5, 6)],
    [0x08, 'uint8', [0, 4], [], new Uint8Array(0)],
  ])('reads type %i (%s), shape %j', async (type, name, shape, bytes, data) => {
    const plain = idx(type, shape, bytes)
    expect(await parseIdx(plain)).toEqual({ type: name, shape, data })
    expect(await parseIdx(new Uint8Array(gzipSync(plain)))).toEqual({ type: name, shape, data })
  })

  it('reads bytes at an offset in a larger buffer', async () => {
    const buffer = new Uint8Array(labels.length + 7)
    buffer.set(labels, 5)
    expect([...(await parseIdx(buffer.subarray(5, 5 + labels.length))).data]).toEqual([7, 0])
  })

  it.each<[string, Uint8Array, string | RegExp]>([
    ['nothing', new Uint8Array(0), /^IDX file: not IDX: it is empty/],
    ['another magic number', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /^IDX file: not IDX: it starts with 89 50 4e 47/],
    ['an unknown type', idx(0x0a, [1], [1]), /^IDX file: not IDX: it starts with 00 00 0a 01/],
    ['no dimensions', Uint8Array.of(0, 0, 8, 0), /^IDX file: not IDX/],
    ['half a header', images.subarray(0, 9), 'IDX file: cut short: expected a header of 16 bytes, got 9 bytes in all'],
    [
      'too few values',
      images.subarray(0, 21),
      'IDX file: cut short by 3 bytes: expected 2 × 2 × 2 uint8 in 24 bytes, got 21',
    ],
    [
      'too many values',
      Uint8Array.from([...labels, 1]),
      'IDX file: followed by 1 more bytes: expected 2 uint8 in 10 bytes, got 11',
    ],
    ['an absurd shape', idx(8, [2 ** 32 - 1, 2 ** 32 - 1], [1]), /^IDX file: cut short by/],
    ['broken gzip', new Uint8Array(gzipSync(images)).subarray(0, 20), /^IDX file: broken gzip, or cut short/],
    ['no bytes', 'text' as unknown as Uint8Array, "IDX file: expected the file's bytes as a Uint8Array, got 'text'"],
  ])('refuses %s', (_, bytes, message) => expectError(parseIdx(bytes), message))
})

describe('datasetFromIdx', () => {
  it('makes pixels of 0 to 1 and ten one-hot classes', async () => {
    const data = await datasetFromIdx(images, new Uint8Array(gzipSync(labels)))
    expect(data.inputs.toArray()).toEqual([[0, 51, 255, 1], [2, 3, 4, 5]].map((row) => row.map((v) => Math.fround(v / 255)))) // prettier-ignore
    expect(data.targets.toArray()).toEqual([[0, 0, 0, 0, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]) // prettier-ignore
    expect(data.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(data.features).toEqual(['pixel0', 'pixel1', 'pixel2', 'pixel3'])
  })

  it('creates more than ten classes if the labels need them, or the named classes', async () => {
    expect((await datasetFromIdx(images, idx(8, [2], [25, 0]))).classes).toHaveLength(26)
    const named = await datasetFromIdx(images, idx(8, [2], [1, 0]), { classes: ['shirt', 'shoe'] })
    expect(named.targets.toArray()).toEqual([[0, 1], [1, 0]]) // prettier-ignore
    await expectError(
      datasetFromIdx(images, labels, { classes: ['shirt', 'shoe'] }),
      'labels: sample 0 is 7, expected a whole number from 0 to 1',
    )
  })

  it('leaves float pixels as they are', async () => {
    const floats = idx(0x0d, [2, 1], [0x3f, 0xa0, 0, 0, 0xbf, 0x80, 0, 0])
    expect((await datasetFromIdx(floats, labels)).inputs.toArray()).toEqual([[1.25], [-1]])
    const notFinite = idx(0x0d, [2, 1], [0x7f, 0xc0, 0, 0, 0xbf, 0x80, 0, 0])
    await expectError(datasetFromIdx(notFinite, labels), /^x: row 0, column 0 is NaN/)
  })

  it.each<[string, Uint8Array, Uint8Array, string | RegExp]>([
    [
      'swapped files',
      labels,
      images,
      /^images and labels are swapped: the images are 2 uint8, the labels 2 × 2 × 2 uint8$/,
    ],
    [
      'labels for images',
      labels,
      labels,
      /^images: expected samples × rows × columns, got 2 uint8: is it a file of labels/,
    ],
    ['images for labels', images, images, /^labels: expected one whole number a sample, got 2 × 2 × 2 uint8: is it/],
    [
      'float labels',
      images,
      idx(0x0d, [1], [0, 0, 0, 0]),
      /^labels: expected one whole number a sample, got 1 float32/,
    ],
    ['different counts', images, idx(8, [3], [1, 2, 3]), 'labels: expected 2, one an image, got 3'],
    ['no images', idx(8, [0, 2, 2], []), idx(8, [0], []), /^images: expected at least one image/],
    ['negative labels', images, idx(9, [2], [255, 0]), 'labels: sample 0 is -1, expected a whole number from 0 to 9'],
    ['int16 pixels', idx(0x0b, [2, 1], [0, 1, 0, 2]), labels, 'images: expected uint8 or float pixels, got int16'],
    ['broken labels', images, labels.subarray(0, 9), /^labels: cut short by 1 bytes/],
  ])('refuses %s', (_, pixels, marks, message) => expectError(datasetFromIdx(pixels, marks), message))
})
