import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { loadData } from '../src/cli/data.ts'
import { classWeights, number } from '../src/cli/options.ts'
import { parseSchedule } from '../src/cli/schedules.ts'
import { resume } from '../src/cli/train/resume.ts'
import { RowSplitter } from '../src/data/rows.ts'
import { checkKeys, describe as describeValue, InputError, listNames, nearestName } from '../src/core/errors.ts'
import {
  type Checkpoint,
  csvColumns,
  type CsvOptions,
  Dataset,
  datasetFromIdx,
  datasetFromNpy,
  encodeCheckpoint,
  fromSafetensors,
  Network,
  oneHot,
  parseCsv,
  parseIdx,
  parseNpy,
  toSafetensors,
  Trainer,
} from '../src/index.ts'
import { readDataset } from '../src/node/index.ts'

/** With files of this size, each reader once took minutes or all memory; now none takes more than two seconds. */
const TIMEOUT = 30_000

async function refuses(work: () => unknown, message: string | RegExp) {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (cause: unknown) => cause,
    )
  expect(error).toBeInstanceOf(InputError)
  const text = (error as InputError).message
  expect(text.length).toBeLessThan(600)
  expect(text).toMatch(message)
}

const names = (count: number, before = 'c') => Array.from({ length: count }, (_, i) => `${before}${i}`)
const wide = (columns: readonly string[]) => `${columns.join()}\n${'1,'.repeat(columns.length - 1)}2\n`

describe('CSV text that once took quadratic time or excessive memory', () => {
  const columns = names(300_000)
  const few = names(100_000)
  it.each<[string, () => string, CsvOptions, RegExp]>([
    ['many digits and a letter', () => `1,2\n${'1'.repeat(2_000_000)}a,3\n`, {}, /^CSV: line 2, column 0 .* found '1{40}…'/],
    ['an unknown name among many', () => wide(few), { target: 'c99999x' }, /^target: .*'c99999x' \(did you mean 'c9\d*'\?\)/],
    ['an unknown long name', () => wide(names(50_000, 'x'.repeat(300))), { target: 'y'.repeat(300) }, /^target: the file has no/],
    ['one name for many columns', () => wide(Array<string>(300_000).fill('c')), { target: 'd' }, /^target: the file has no column 'd'/],
    ['more values in a row than are read', () => '1,'.repeat(1 << 21), {}, /^CSV: line 1: more than 1048576 values in a row/],
    ['line breaks alone', () => '\n'.repeat(30_000_000), {}, /^CSV: the file is empty/],
    ['a quote that is never closed', () => `1,2\n"${'x\n'.repeat(35_000_000)}`, {}, /^CSV: line 2: a quoted value \("\) is never closed within/],
    ['a row without an end', () => `1,2\n${'x'.repeat(70_000_000)}`, {}, /^CSV: line 2: the row is not ended within 67108864/],
    ['quotes in wrong places', () => `"${'x"'.repeat(100_000)}${' '.repeat(3_000_000)},\n`, {}, /^CSV: line 1: a quoted value/],
    ['as many classes as half the rows', () => names(60_000, '1,w').map((row) => `${row}\n`).join('').repeat(2), {}, /^labels: .*--stream/],
  ])('%s', async (_, text, options, message) => refuses(() => parseCsv(text(), options), message), TIMEOUT) // prettier-ignore

  it('reads many columns, all of them named', async () => {
    const data = await parseCsv(wide(columns), { target: 'c299999', features: columns.slice(0, -1) })
    expect([data.inputs.cols, data.targets.data[0]]).toEqual([299_999, 2])
    expect((await csvColumns(wide(few))).columns).toHaveLength(100_000)
    const targets = await parseCsv(wide(few), { target: few.slice(1) })
    expect([targets.inputs.cols, targets.targets.cols]).toEqual([1, 99_999])
  }, TIMEOUT) // prettier-ignore

  it('skips many blank lines without storing them, and counts them', async () => {
    const text = `\n\nx,y\n1,2\n${'\n'.repeat(20_000_000)}3,a\n`
    await refuses(() => parseCsv(text, { task: 'regression' }), /^CSV: line 20000005, column 'y': found 'a'/)
    const splitter = new RowSplitter(',')
    expect(splitter.push('\n'.repeat(1_000_000))).toEqual([])
  }, TIMEOUT) // prettier-ignore

  it('counts the distinct values of a column up to a limit', async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `${i},${i % 7}\n`).join('')
    expect((await csvColumns(text)).columns.map(({ distinct }) => distinct)).toEqual([1000, 7])
  })
})

/** An IDX file: a header, then a given number of zeros. */
function idx(type: number, shape: number[], zeros: number): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length + zeros)
  bytes.set([0, 0, type, shape.length])
  shape.forEach((length, i) => bytes.writeUInt32BE(length, 4 + 4 * i))
  return new Uint8Array(bytes)
}

describe('IDX files', () => {
  const zip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))

  it('are decompressed up to the size in their header, and up to a limit', async () => {
    const bomb = zip(idx(8, [2, 2], 100_000_000))
    expect(bomb.length).toBeLessThan(200_000)
    await refuses(() => parseIdx(bomb), /^IDX file: followed by more bytes: expected 16 in all, as its header says$/)
    const vast = zip(idx(8, [400_000_000], 1000))
    await refuses(
      () => parseIdx(vast),
      /^IDX file: at most 67108864 bytes are unpacked, and the file says that it unpacks to 400000008 bytes; give maxUnp/,
    )
    const allowed = zip(idx(8, [1000, 1000], 1_000_000))
    expect((await parseIdx(allowed, { maxUnpackedBytes: 1_000_012 })).data).toHaveLength(1_000_000)
    await refuses(() => parseIdx(allowed, { maxUnpackedBytes: 1_000_011 }), /--max-unpacked-bytes/)
    await refuses(() => parseIdx(allowed, { maxUnpackedBytes: 0 }), /^maxUnpackedBytes: expected a whole number/)
    const labels = zip(idx(8, [1000], 1000))
    await refuses(() => datasetFromIdx(allowed, labels, { maxUnpackedBytes: 1_000_011 }), /^images: at most 1000011 bytes/)
  }, TIMEOUT) // prettier-ignore

  it('with labels that are not classes are refused before targets are created', async () => {
    const images = idx(8, [4000, 1], 4000)
    const labels = idx(12, [4000], 16_000)
    labels.set([0, 0, 255, 255], 8)
    await refuses(() => datasetFromIdx(images, labels), /^labels: 65535 is among 4000 labels; expected whole numbers/)
    const known = names(65_536)
    await refuses(() => datasetFromIdx(images, labels, { classes: known }), /^labels: 4000 samples × 65536 classes are more/)
    const one = await datasetFromIdx(idx(8, [1, 1], 1), idx(8, [1], 1), { classes: known })
    expect(one.targets.cols).toBe(65_536)
  }, TIMEOUT) // prettier-ignore

  it('with more pixels than the limit, or shapes that overflow, are refused', async () => {
    await refuses(
      () => datasetFromIdx(idx(8, [1, 1 << 21], 1 << 21), idx(8, [1], 1)),
      /^images: expected at most 1048576/,
    )
    const endless = idx(8, [0, ...Array<number>(200).fill(2 ** 32 - 1)], 0)
    expect((await parseIdx(endless)).data).toHaveLength(0)
  })
})

/** An .npy file with the given text as its header. */
function npy(header: string, values = 0): Uint8Array {
  const text = Buffer.from(header.padEnd(Math.ceil((12 + header.length) / 64) * 64 - 12))
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 2, 0, 0, 0, 0, 0])
  head.writeUInt32LE(text.length, 8)
  return new Uint8Array(Buffer.concat([head, text, Buffer.alloc(values)]))
}
const npyOf = (shape: string, values = 0, fortran = 'True') =>
  npy(`{'descr': '<f4', 'fortran_order': ${fortran}, 'shape': (${shape}), }`, values)

describe('NPY files', () => {
  it('have a limited number of dimensions and a limited header', async () => {
    await refuses(() => parseNpy(npyOf('1, '.repeat(10_000), 4)), /^npy: 10000 dimensions, at most 64 are read/)
    await refuses(() => parseNpy(npyOf('1, '.repeat(30_000), 4)), /^npy: a header of \d+ bytes, at most 65535 are read/)
    expect(parseNpy(npyOf('1, '.repeat(64), 4)).shape).toHaveLength(64)
    expect(parseNpy(npyOf(`0, ${'9007199254740991, '.repeat(40)}`)).data).toHaveLength(0)
    const labels = npy("{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }", 4).fill(255, -2)
    expect(datasetFromNpy(npyOf('2, 1', 8), labels).classes).toEqual(['0', '65535'])
    const many = npy("{'descr': '<u4', 'fortran_order': False, 'shape': (100000,), }", 400_000)
    const view = new DataView(many.buffer)
    for (let i = 0; i < 100_000; i++) view.setUint32(many.length - 400_000 + 4 * i, i % 20_000, true)
    await refuses(() => datasetFromNpy(npyOf('100000, 1', 400_000), many), /^labels: 100000 samples × 20000 classes are more/) // prettier-ignore
  })
})

describe('networks', () => {
  const activations = ['relu'] as const

  it('allocate memory only for parameters that the file contains', async () => {
    const vast = { sizes: [2 ** 24, 2 ** 24], activations, weights: [[1]], biases: [[1]] }
    await refuses(() => Network.from(vast), /^weights\[0\]: expected 16777216 × 16777216 = 281474976710656 values, got 1$/)
    await refuses(() => Network.fromJSON({ format: 'webgpu-mlp', version: 1, ...vast }), /^weights\[0\]: expected/)
    await refuses(() => Network.create({ sizes: vast.sizes }), /^sizes: .* 281474993487872 parameters, expected at most/)
  }) // prettier-ignore

  it('are refused if parts contradict each other', async () => {
    const json = { ...Network.create({ sizes: [2, 3], seed: 1 }).toJSON(), classes: ['a', 'b'] }
    await refuses(() => Network.fromJSON(json), /^model: "classes" has 2 names for 3 outputs, expected 3$/)
    await refuses(
      () => Network.fromJSON({ ...json, classes: ['a', 'b', 'a'] }),
      /^model: "classes" names a class twice$/,
    )
    const single = { ...Network.create({ sizes: [2, 1], seed: 1 }).toJSON(), classes: ['no', 'yes'] }
    expect(Network.fromJSON(single).classes).toEqual(['no', 'yes'])
    const named = Network.create({ sizes: [2, 3], seed: 1 })
    named.classes = ['a', 'b']
    await refuses(() => toSafetensors(named), /^network: classes has 2 names for 3 outputs/)
    await refuses(
      () => Network.from({ sizes: [2, 2], activations, weights: [[[1, 2], [3]]], biases: [[0, 0]] }),
      /^weights\[0\]: expected 2 × 2 = 4 values, in 2 rows of 2, row 1 is an array of 1$/,
    ) // prettier-ignore
  })

  it('of safetensors whose metadata or header is nested too deeply are refused', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const withHeader = (header: string) => {
      const bytes = Buffer.alloc(8 + header.length)
      bytes.writeBigUInt64LE(BigInt(header.length))
      bytes.write(header, 8)
      return new Uint8Array(bytes)
    }
    const entry = (shape: string) => `{"0.weight":{"dtype":"F32","shape":${shape},"data_offsets":[0,0]}}`
    await refuses(
      () => fromSafetensors(withHeader(entry(deep))),
      /^safetensors: '0.weight': shape is \[an array of 1\]/,
    )
    await refuses(() => fromSafetensors(withHeader(deep)), /^safetensors: the header is an array of 1/)
  })
})

describe('values in messages', () => {
  it.each<[unknown, string]>([
    [Object.create(null), 'an object'],
    [{ constructor: null }, 'an object'],
    [{ constructor: { name: { toString: 1 } } }, 'an object'],
    [JSON.parse('{"__proto__":{"constructor":{"name":"x"}}}'), 'an object'],
    [Object.create({ constructor: () => 0 }), 'a constructor'],
    [Object.create({ constructor: Object.create(null) as unknown }), 'an object'],
    ['a\nb\u001b[31m', "'a\\u000ab\\u001b[31m'"],
    [10n ** 100n, `1${'0'.repeat(39)}…`],
    [new Uint8Array(2), 'a Uint8Array'],
  ])('%# are short for all values', (value, text) => {
    expect(describeValue(value)).toBe(text)
  })

  it('are shortened to one line of a few hundred characters, with their end kept', () => {
    const { message } = new InputError(`${'x'.repeat(5000)}\n${'\u001b'.repeat(5000)}: expected a number`)
    expect(message.length).toBeLessThan(500)
    expect(message).toMatch(/^x{360} … .*: expected a number$/)
    expect(new InputError('a\r\nb').message).toBe('a\\u000d\\u000ab')
    expect(listNames(names(50))).toBe(`${names(20).join(', ')}, …`)
    expect(listNames(['y'.repeat(99)])).toBe(`${'y'.repeat(40)}…`)
    const options = Object.fromEntries(names(3000).map((name) => [name, 1]))
    expect(() => { checkKeys('test', { ...options, c3000: 1 }, names(3000)) }).toThrow(/unknown name 'c3000'/) // prettier-ignore
  })

  it('suggest the nearest of many names in bounded time', () => {
    expect(nearestName('wdith', ['length', 'width', 'Wdit'])).toBe('Wdit')
    expect(nearestName('nothing like it', ['a', 'b'])).toBeUndefined()
    expect(nearestName('x'.repeat(5000), names(50_000, 'x'.repeat(4990)))).toBeUndefined()
    expect(nearestName('column numbr 7', names(200_000, 'column number '))).toBe('column number 7')
  }, TIMEOUT) // prettier-ignore
})

describe('names that every object has', () => {
  const classes = ['__proto__', 'constructor', 'toString']
  const data = Dataset.from([[1], [2], [3]], classes, { classes })

  it('can be classes with weights', () => {
    expect([...data.withClassWeights({ constructor: 3 }).weights!]).toEqual([1, 3, 1])
    const all = Object.fromEntries(classes.map((name, i) => [name, i + 1]))
    expect([...data.withClassWeights(all).weights!]).toEqual([1, 2, 3])
    expect(() => data.withClassWeights({ valueOf: 3 })).toThrow("unknown name 'valueOf'")
  })

  it('can be columns and classes of a file', async () => {
    const text = `constructor,toString,__proto__\n${'1,2,valueOf\n3,4,hasOwnProperty\n'.repeat(2)}`
    const read = await parseCsv(text, { target: '__proto__', features: ['toString', 'constructor'] })
    expect([read.features, read.classes]).toEqual([['toString', 'constructor'], ['hasOwnProperty', 'valueOf']]) // prettier-ignore
    await expect(parseCsv(text, { target: 'valueOf' })).rejects.toThrow("the file has no column 'valueOf'")
  })
})

describe('arguments of the command line', () => {
  it('can be names that every object has', () => {
    expect(Object.entries(classWeights('__proto__=3,constructor=2'))).toEqual([['__proto__', 3], ['constructor', 2]]) // prettier-ignore
    expect(() => classWeights('a=1,b=2,a=3')).toThrow("the class 'a' has two weights")
    expect(() => parseSchedule('step:every=3,__proto__=5', 0.1)).toThrow("unknown name '__proto__'")
    expect(() => number('x'.repeat(5000))).toThrow(`expected a number, got '${'x'.repeat(40)}…'`)
  })

  it('can raise the limit of gzipped files with the option of the library', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-idx-'))
    writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(idx(8, [4, 2, 2], 16)))
    writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), gzipSync(idx(8, [4], 4)))
    expect((await readDataset(folder, { maxUnpackedBytes: 32 })).train.length).toBe(4)
    await expect(readDataset(folder, { maxUnpackedBytes: 31 })).rejects.toThrow(/images: at most 31 bytes are unpacked/)
    await expect(loadData({ data: folder, maxUnpackedBytes: 31 })).rejects.toThrow(InputError)
    rmSync(folder, { recursive: true })
  })

  it('are reported with the checkpoint if they are invalid there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-words-'))
    const path = join(folder, 'run.checkpoint')
    const trainer = await Trainer.create(Network.create({ sizes: [1, 1], seed: 1 }), { backend: 'cpu', seed: 1 })
    const write = (made: Checkpoint) => {
      const row = [0, 0, null, null, 1, 0.1, 0, 1]
      writeFileSync(path, encodeCheckpoint({ ...made, notes: { arguments: ['--data', 'x', 'y'], epochs: [row] } }))
    }
    await trainer.fit(Dataset.from([[1]], [1]), { epochs: 1, checkpoint: { write } })
    await refuses(
      () => resume(path, []),
      /run.checkpoint: checkpoint: "notes.arguments" are not those of train: too many/,
    )
    rmSync(folder, { recursive: true })
  })
})

describe('one-hot targets', () => {
  it('are created up to a limit', () => {
    expect(() => oneHot([0, 1], 2 ** 27)).toThrow(
      /^labels: 2 samples × 134217728 classes are more one-hot targets than/,
    )
  })
})
