import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  cpu,
  datasetFromNpy,
  datasetFromNpz,
  fit,
  InputError,
  inputsFromNpy,
  Network,
  parseNpy,
  parseNpz,
  scale,
  standardize,
  toNpy,
} from '../src/index.ts'
import { readDataset } from '../src/node/index.ts'
import { crc32 } from '../src/formats/zip.ts'
import { commandProcess } from './command.ts'
import files from './numpy/files.json' with { type: 'json' }

/** Files that NumPy wrote (numpy/files.py), with the values that it had. */
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
const archive = (name: keyof typeof files.archives) => bytesOf(files.archives[name])
type Entry = { file: string; shape: number[]; values: unknown[] }
const arrays = Object.entries(files.arrays as Record<string, Entry>)
const arrayFile = (name: string) => bytesOf((files.arrays as Record<string, Entry>)[name]!.file)

describe('parseNpy reads what NumPy writes', () => {
  it.each(arrays)('%s', (_, { file, shape, values }) => {
    const array = parseNpy(bytesOf(file))
    expect(array.shape).toEqual(shape)
    expect(Array.from<unknown>(array.data)).toEqual(values.map((value) => (typeof value === 'boolean' ? Number(value) : value))) // prettier-ignore
  })

  it('keeps the type of the values, and float64 to the bit', () => {
    expect(parseNpy(arrayFile('<f2')).data).toBeInstanceOf(Float32Array)
    expect(parseNpy(arrayFile('>f8')).data).toBeInstanceOf(Float64Array)
    expect(parseNpy(arrayFile('<i8')).data).toBeInstanceOf(Float64Array)
    expect(parseNpy(arrayFile('>u2')).data).toBeInstanceOf(Uint16Array)
  })

  it.each([
    [files.objects, "npy: values of type '|O', expected numbers, truth values or texts; these are Python objects (allow_pickle): save labels as texts, y.astype(str)"], // prettier-ignore
    [files.complex, "npy: values of type '<c16', expected numbers, truth values or texts; complex numbers: save x.real and x.imag"], // prettier-ignore
    [files.times, "npy: values of type '<M8[D]', expected numbers, truth values or texts; times: save x.astype('int64')"], // prettier-ignore
    [files.archives.stored, 'npy: not an .npy file but a zip archive, such as an .npz file (parseNpz reads those)'],
  ])('refuses others, with what to save instead', (file, message) => {
    expect(() => parseNpy(bytesOf(file))).toThrow(message)
    expect(() => parseNpy(bytesOf(file))).toThrow(InputError)
  })

  it('refuses texts that are none', () => {
    const broken = arrayFile('texts')
    new DataView(broken.buffer).setUint32(128, 0x110000, true)
    expect(() => parseNpy(broken)).toThrow('npy: text 0 holds 1114112, which is no character')
    const bytes = arrayFile('bytes')
    bytes[128] = 0xff
    expect(() => parseNpy(bytes)).toThrow('npy: text 0 is not UTF-8; save y.astype(str)')
  })
})

describe('parseNpz', () => {
  it('reads stored and deflated arrays by their names', async () => {
    const stored = await parseNpz(archive('stored'))
    expect([...stored.keys()]).toEqual(['x', 'y'])
    expect(stored.get('x')).toEqual({ shape: [12, 3], data: Float64Array.from(files.x.flat()) })
    expect(stored.get('y')).toEqual({ shape: [12], data: Float64Array.from(files.labels) })
    const deflated = await parseNpz(archive('deflated'))
    expect(deflated.get('X')!.data.slice(0, 36)).toEqual(Float64Array.from(files.x.flat()))
    expect(deflated.get('y')!.data.slice(0, 3)).toEqual(['low', 'mid', 'high'])
  })

  it.each(['zip64', 'zip64 deflated'] as const)('reads archives with the records of %s', async (name) => {
    const isSame = async (bytes: Uint8Array) => {
      const arrays = await parseNpz(bytes)
      expect([...arrays.keys()]).toEqual(['x', 'y'])
      expect(arrays.get('x')).toEqual({ shape: [12, 3], data: Float64Array.from(files.x.flat()) })
      expect(arrays.get('y')).toEqual({ shape: [12], data: Float64Array.from(files.labels) })
    }
    await isSame(archive(name))
    // The end of the directory as it is in archives of 4 GiB and more, or with more entries than 16 bits count.
    const bytes = archive(name)
    const view = new DataView(bytes.buffer)
    view.setUint32(bytes.length - 6, 0xffffffff, true)
    await isSame(bytes)
    view.setUint16(bytes.length - 12, 0xffff, true)
    await isSame(bytes)
    for (let length = 0; length < bytes.length; length += 13) {
      await expect(parseNpz(bytes.subarray(0, length))).rejects.toThrow(InputError)
    }
    // Neither the record nor the place where it should be.
    view.setBigUint64(bytes.length - 34, 2n ** 63n, true)
    await expect(parseNpz(bytes)).rejects.toThrow('npz: broken zip64 archive: the record of its directory is missing')
    view.setUint32(bytes.length - 42, 0, true)
    await expect(parseNpz(bytes)).rejects.toThrow('npz: broken zip64 archive: the record of its directory is missing')
  })

  it('refuses zip64 entries without their sizes, and with sizes beyond the limit', async () => {
    const bytes = archive('zip64')
    const view = new DataView(bytes.buffer)
    // The zip64 field of the first entry of the directory: its number, its length, two sizes.
    const directory = view.getUint32(bytes.length - 6, true)
    const field = directory + 46 + view.getUint16(directory + 28, true)
    expect(view.getUint16(field, true)).toBe(1)
    const size = view.getBigUint64(field + 4, true)
    view.setBigUint64(field + 4, 5n * 2n ** 32n, true)
    await expect(parseNpz(bytes)).rejects.toThrow(/at most 67108864 bytes are unpacked, .* 21474836\d{3} bytes/)
    view.setBigUint64(field + 4, size, true)
    view.setUint16(field, 9, true)
    await expect(parseNpz(bytes)).rejects.toThrow("npz: 'x.npy': broken zip64 archive: a size of the entry is missing")
  })

  it('reads gzipped archives, within the limit of the gzipped file', async () => {
    expect((await parseNpz(archive('gzipped'))).get('x')!.data).toEqual(Float64Array.from(files.x.flat()))
    expect((await datasetFromNpz(archive('gzipped'))).train.length).toBe(12)
    expect((await inputsFromNpy(archive('gzipped'))).cols).toBe(3)
    expect((await inputsFromNpy(gzipSync(arrayFile('<f4')))).rows).toBe(2)
    await expect(parseNpz(archive('gzipped').subarray(0, 100))).rejects.toThrow('npz: broken gzip, or cut short (100 bytes)') // prettier-ignore
    await expect(parseNpz(archive('gzipped'), { maxUnpackedBytes: 100 })).rejects.toThrow(/at most 100 bytes/)
    // What is gzipped twice over is limited by the size of the file, not by that of the archive in it.
    const large = toNpy({ shape: [40_000_000], data: new Float32Array(40_000_000) })
    await expect(parseNpz(gzipSync(zipOf('x.npy', large)))).rejects.toThrow(/at most 67108864 bytes are unpacked/)
    expect(() => parseNpy(gzipSync(arrayFile('<f4')))).toThrow('npy: gzipped; unpack it first')
  })

  const zipOf = (
    name: string,
    content: Uint8Array,
    change: (bytes: DataView, central: number) => void = () => undefined,
    method = 8,
  ) => {
    // prettier-ignore
    const packed = method === 8 ? new Uint8Array(deflateRawSync(content)) : content
    const text = Buffer.from(name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(text.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(crc32(content), 16)
    central.writeUInt32LE(packed.length, 20)
    central.writeUInt32LE(content.length, 24)
    central.writeUInt16LE(text.length, 28)
    const end = Buffer.alloc(22)
    end.writeUInt32LE(0x06054b50)
    end.writeUInt16LE(1, 10)
    const at = 30 + text.length + packed.length
    end.writeUInt32LE(at, 16)
    const all = new Uint8Array(Buffer.concat([local, text, packed, central, text, end]))
    change(new DataView(all.buffer), at)
    return all
  }
  const good = toNpy([[1, 2]])

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /^npz: not a zip archive, or cut short \(0 bytes\)/],
    ['an .npy file', good, /^npz: not a zip archive/],
    ['an empty archive', zipOf('x.npy', good).slice(-22).fill(0, 10, 20), /^npz: a zip archive without \.npy files: it is empty/], // prettier-ignore
    ['an archive of other files', zipOf('a.txt', good), /^npz: a zip archive without \.npy files: it holds a\.txt; numpy\.savez/], // prettier-ignore
    ['a spreadsheet', zipOf('[Content_Types].xml', good), /^npz: a spreadsheet \(\.xlsx\) or document; save it as CSV/],
    ['an entry that is no array', zipOf('x.npy', Buffer.from('text')), /^x: not an \.npy file/],
    ['encryption', zipOf('x.npy', good, (view, at) => { view.setUint16(at + 8, 1, true) }), /^npz: 'x\.npy': is encrypted/], // prettier-ignore
    ['another method', zipOf('x.npy', good, undefined, 12), /'x\.npy': is packed by method 12/],
    ['another checksum', zipOf('x.npy', good, (view, at) => { view.setUint32(at + 16, 1, true) }), /size or checksum are others/], // prettier-ignore
    ['more bytes than the archive says', zipOf('x.npy', good, (view, at) => { view.setUint32(at + 24, 9, true) }), /unpacks to more than the 9 bytes/], // prettier-ignore
    ['fewer bytes than the archive says', zipOf('x.npy', good, (view, at) => { view.setUint32(at + 24, 999, true) }), /size or checksum/], // prettier-ignore
    ['more bytes than are allowed', zipOf('x.npy', good, (view, at) => { view.setUint32(at + 24, 2 ** 31, true) }), /at most 67108864 bytes are unpacked, .*2147483648 bytes; give maxUnpackedBytes/], // prettier-ignore
    ['an entry elsewhere', zipOf('x.npy', good, (view, at) => { view.setUint32(at + 42, 5, true) }), /not where its directory says/], // prettier-ignore
    ['a directory elsewhere', zipOf('x.npy', good, (view, at) => { view.setUint32(at, 5, true) }), /entry 1 of 1 is not in its directory/], // prettier-ignore
    ['packed bytes beyond the file', zipOf('x.npy', good, (view, at) => { view.setUint32(at + 20, 10_000, true) }), /'x\.npy': cut short/], // prettier-ignore
    [
      'broken deflate',
      zipOf('x.npy', good, (view) => {
        view.setUint8(35, 255)
      }),
      /'x\.npy': broken, or cut short/,
    ],
    ['Python objects', archive('objects'), /^y: values of type '\|O', .*y\.astype\(str\)/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(parseNpz(bytes)).rejects.toThrow(InputError)
    await expect(parseNpz(bytes)).rejects.toThrow(message)
  })

  it('refuses archives cut short at any length', async () => {
    const bytes = archive('stored')
    for (let length = 0; length < bytes.length; length += 61) {
      await expect(parseNpz(bytes.subarray(0, length))).rejects.toThrow(InputError)
    }
    // Names of two arrays that are the same.
    const twice = Buffer.from(archive('stored'))
    twice.write('x', twice.lastIndexOf('y.npy'))
    await expect(parseNpz(twice)).rejects.toThrow("npz: holds two arrays called 'x'")
  })
})

describe('datasetFromNpy', () => {
  const x = arrayFile('<f8')
  const labels = (descr: string, values: number[], size = 1) => {
    const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117) + '\n'
    const bytes = Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY\x01\x00'), Buffer.from([118, 0]), Buffer.from(head), Buffer.alloc(values.length * size)]) // prettier-ignore
    values.forEach((value, i) => bytes.writeIntLE(value, 128 + i * size, size))
    return new Uint8Array(bytes)
  }

  it('takes whole numbers and texts as the classes that occur, and finds those of a model by their names', () => {
    const texts = arrayFile('big-endian texts')
    expect(datasetFromNpy(x, texts).classes).toEqual(['reed', 'sedge'])
    expect([...datasetFromNpy(x, texts, { classes: ['sedge', 'reed'] }).labels()]).toEqual([1, 0])
    expect(() => datasetFromNpy(x, texts, { classes: ['a', 'b'] })).toThrow("y: sample 0 is 'reed', expected one of the classes a, b") // prettier-ignore
    expect(datasetFromNpy(x, labels('|i1', [7, 3])).classes).toEqual(['3', '7'])
    expect(datasetFromNpy(x, labels('|i1', [1, -1])).classes).toEqual(['-1', '1'])
    expect([...datasetFromNpy(x, labels('|i1', [7, 3]), { classes: ['3', '5', '7'] }).labels()]).toEqual([2, 0])
    expect(() => datasetFromNpy(x, labels('|i1', [7, 4]), { classes: ['3', '7'] })).toThrow('y: sample 1 is 4, expected one of the classes 3, 7') // prettier-ignore
    expect([...datasetFromNpy(x, labels('|i1', [1, 0]), { classes: ['no', 'yes'] }).labels()]).toEqual([1, 0])
    expect(datasetFromNpy(x, labels('|b1', [1, 1])).classes).toEqual(['0', '1'])
  })

  it('takes the task that is given', () => {
    const regression = datasetFromNpy(x, labels('|i1', [7, 3]), { task: 'regression' })
    expect([regression.classes, regression.targets.toArray()]).toEqual([undefined, [[7], [3]]])
    expect(datasetFromNpy(x, toNpy({ shape: [2], data: [2, 0] }), { task: 'classification' }).classes).toEqual(['0', '2']) // prettier-ignore
    expect(() => datasetFromNpy(x, toNpy({ shape: [2], data: [2, 0.5] }), { task: 'classification' })).toThrow('y: sample 1 is 0.5, expected a whole number as a class') // prettier-ignore
    expect(() => datasetFromNpy(x, arrayFile('big-endian texts'), { task: 'regression' })).toThrow('y: holds texts, expected numbers for regression') // prettier-ignore
    const many = toNpy(Array.from({ length: 300 }, (_, i) => [i]))
    const prices = labels('<i2', Array.from({ length: 300 }, (_, i) => 3 * i), 2) // prettier-ignore
    expect(() => datasetFromNpy(many, prices)).toThrow(/y: 300 different whole numbers among 300 are no classes; .*--task regression/) // prettier-ignore
    expect(datasetFromNpy(many, prices, { task: 'regression' }).targets.cols).toBe(1)
  })

  it('checks columns for the task, and takes whole floats as classes where numbers are classes', () => {
    const three = toNpy({ shape: [3, 1], data: [1, 2, 3] })
    const columns = (data: number[]) => toNpy({ shape: [3, 2], data })
    const [several, oneHot, numbers] = [columns([1, 1, 0, 1, 0, 0]), columns([1, 0, 0, 1, 0, 1]), columns([2, 0, 0, 1, 0, 1])] // prettier-ignore
    const named = { classes: ['a', 'b'] }
    expect(datasetFromNpy(three, several, { task: 'multilabel', ...named }).classes).toEqual(['a', 'b'])
    expect(datasetFromNpy(three, oneHot, { task: 'classification' }).targets.cols).toBe(2)
    expect(datasetFromNpy(three, numbers, { task: 'regression' }).targets.toArray()).toEqual([[2, 0], [0, 1], [0, 1]]) // prettier-ignore
    expect(() => datasetFromNpy(three, numbers, { task: 'multilabel' })).toThrow('y: sample 0: expected 0 or 1 in each column for multilabel, got 2, 0') // prettier-ignore
    expect(() => datasetFromNpy(three, several, { task: 'classification' })).toThrow('y: sample 0: expected one 1 and else 0 for classification, got 1, 1') // prettier-ignore
    expect(() => datasetFromNpy(three, three, { task: 'multilabel' })).toThrow('y: one value a sample; the task multilabel has several columns') // prettier-ignore
    const floats = toNpy({ shape: [3], data: [5, 3, 5] })
    expect(datasetFromNpy(three, floats).classes).toBeUndefined()
    expect(datasetFromNpy(three, floats, { numbers: 'classes' }).classes).toEqual(['3', '5'])
    expect(datasetFromNpy(three, toNpy({ shape: [3], data: [5, 3.5, 5] }), { numbers: 'classes' }).classes).toBeUndefined() // prettier-ignore
    expect(datasetFromNpy(three, labels('|i1', [7, 3, 7]), { numbers: 'targets' }).classes).toBeUndefined()
  })

  it('says what does not fit', () => {
    expect(() => datasetFromNpy(arrayFile('texts in Fortran order'), x)).toThrow('x: holds texts, expected numbers; columns of words are read from CSV files') // prettier-ignore
    expect(() => datasetFromNpy(toNpy({ shape: [2], data: [1, 2] }), x)).toThrow('x: expected samples × features, got (2); x.reshape(-1, 1) makes one column of it') // prettier-ignore
    expect(() => datasetFromNpy(x, arrayFile('texts in Fortran order'))).toThrow('y: expected one text a sample, got (2, 3)') // prettier-ignore
    expect(() => datasetFromNpy(x, labels('|i1', [1, 2, 3]))).toThrow('y: expected 2 rows, one for each of x, got 3')
  })
})

describe('datasetFromNpz', () => {
  it('finds x and y, data and target, and what numpy.savez calls arrays without names', async () => {
    for (const name of ['stored', 'positional'] as const) {
      const { train, validation } = await datasetFromNpz(archive(name))
      expect([train.length, train.classes, validation]).toEqual([12, ['0', '1', '2'], undefined])
      expect([...train.labels()]).toEqual(files.labels)
    }
    const { train } = await datasetFromNpz(archive('deflated'))
    expect([train.length, train.classes]).toEqual([600, ['high', 'low', 'mid']])
  })

  it('finds the parts of Keras, with the classes of the training part for both, and columns of labels', async () => {
    const { train, validation } = await datasetFromNpz(archive('keras'))
    expect([train.classes, validation?.classes, validation?.length]).toEqual([['3', '4', '5'], ['3', '4', '5'], 4]) // prettier-ignore
    expect([...train.labels()]).toEqual(files.labels)
    expect([...validation!.labels()]).toEqual(files.labels.slice(0, 4))
    expect(train.inputs.cols).toBe(3)
  })

  it('keeps float64 until it is standardized: times have no part of a second left in float32', async () => {
    const { train } = await datasetFromNpz(archive('regression'))
    expect(train.classes).toBeUndefined()
    const standardized = scale(train, standardize(train)).inputs.data
    const mean = 5.5
    const deviation = Math.sqrt((12 * 12 - 1) / 12)
    standardized.forEach((value, i) => {
      expect(value).toBeCloseTo((i - mean) / deviation, 6)
    })
  })

  it('lists the arrays where it is unclear which are meant, and takes those that are named', async () => {
    await expect(datasetFromNpz(archive('other names'))).rejects.toThrow(
      'npz: holds a (12 × 3 numbers), b (12 numbers); say which are inputs and targets: arrays: [x,y] (on the command line: --arrays x,y)',
    )
    expect((await datasetFromNpz(archive('other names'), { arrays: ['a', 'b'] })).train.length).toBe(12)
    const both = await datasetFromNpz(archive('other names'), { arrays: ['a', 'b', 'a', 'b'] })
    expect(both.validation?.length).toBe(12)
    await expect(datasetFromNpz(archive('other names'), { arrays: ['a', 'c'] })).rejects.toThrow("arrays: the file has no array 'c'; it has a, b") // prettier-ignore
    await expect(datasetFromNpz(archive('other names'), { arrays: ['a'] })).rejects.toThrow(
      'arrays: expected two names',
    )
    await expect(datasetFromNpz(archive('stored'), { maxUnpackedBytes: 100 })).rejects.toThrow('at most 100 bytes are unpacked') // prettier-ignore
  })

  it('trains, and predicts from the inputs of the file', async () => {
    const { train } = await datasetFromNpz(archive('stored'))
    const network = Network.create({ sizes: [3, 3], output: 'softmax', seed: 1 })
    await fit(network, train, { loss: 'crossEntropy', epochs: 1, seed: 1, backend: cpu() })
    expect(network.classes).toEqual(['0', '1', '2'])
    const inputs = await inputsFromNpy(archive('stored'))
    expect(network.predict(inputs).toArray()).toEqual(network.predict(files.x).toArray())
    expect((await inputsFromNpy(arrayFile('<f4'))).rows).toBe(2)
    await expect(inputsFromNpy(archive('other names'))).rejects.toThrow(/say which are inputs/)
    expect((await inputsFromNpy(archive('other names'), { arrays: ['a'] })).rows).toBe(12)
  })
})

describe('files of NumPy on the command line', () => {
  let folder: string
  const runHere = commandProcess()
  const run = (args: string) => runHere(args.split(' '), folder)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-numpy-'))
    for (const name of ['stored', 'keras', 'other names', 'objects'] as const) {
      writeFileSync(join(folder, `${name.replace(' ', '-')}.npz`), archive(name))
    }
    writeFileSync(join(folder, 'x.npy'), arrayFile('>f2'))
    writeFileSync(join(folder, 'words'), arrayFile('big-endian texts'))
    writeFileSync(join(folder, 'a.csv'), 'a,b,y\n1,2,x\n2,1,z\n')
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('trains, evaluates and predicts, whatever the files are called', async () => {
    const trained = await run('train --data x.npy --targets words --layers -,- --epochs 2 --seed 1 --backend cpu --out m.json --json') // prettier-ignore
    expect([trained.error, trained.code]).toEqual(['', 0])
    const { loss } = JSON.parse(trained.out) as { loss: number }
    const model = JSON.parse(readFileSync(join(folder, 'm.json'), 'utf8')) as { classes: string[] }
    expect(model.classes).toEqual(['reed', 'sedge'])
    const evaluated = await run('evaluate --model m.json --data x.npy --targets words --backend cpu --json')
    expect(JSON.parse(evaluated.out)).toMatchObject({ samples: 2, loss: expect.closeTo(loss, 6) as number })
    const predicted = await run('predict --model m.json --data x.npy --backend cpu')
    expect(predicted.out.split('\n').map((line) => line.split(',')[0])).toEqual(['prediction', expect.stringMatching(/reed|sedge/), expect.stringMatching(/reed|sedge/), '']) // prettier-ignore

    const keras = await run('train --data keras.npz --layers -,3,- --standardize --epochs 2 --seed 1 --backend cpu --out k.json --json') // prettier-ignore
    expect(JSON.parse(keras.out)).toMatchObject({ validation: { accuracy: expect.any(Number) as number } })
    const scored = await run('evaluate --model k.json --data keras.npz --backend cpu --json')
    expect(JSON.parse(scored.out)).toMatchObject({ samples: 4 })
    expect((await run('predict --model k.json --data keras.npz --backend cpu')).out.split('\n')).toHaveLength(1 + 4 + 1)
    expect((await run('train --data other-names.npz --arrays a,b --epochs 1 --backend cpu --json')).code).toBe(0)
  })

  it.each([
    ['train --data x.npy', /x\.npy: holds inputs only; give the file with their targets: .*--targets y\.npy/],
    [
      'train --data other-names.npz',
      /other-names\.npz: npz: holds a \(12 × 3 numbers\), b \(12 numbers\); .*--arrays x,y/,
    ],
    ['train --data objects.npz', /objects\.npz: y: values of type '\|O'.*y\.astype\(str\)/],
    ['train --data stored.npz --targets words', /stored\.npz: holds several arrays; .*--arrays x,y/],
    ['train --data x.npy --targets words --arrays a,b', /x\.npy: holds one array/],
    ['train --data x.npy --targets nowhere', /nowhere: cannot be read/],
    ['train --data x.npy --targets words --validation x.npy', /--validation: x\.npy holds inputs only; .*--validation-targets/], // prettier-ignore
    ['train --data x.npy --targets words --validation-targets words', /--validation-targets: belongs to --validation/],
    ['train --data x.npy --targets words --validation v.npy --validation-targets words --out v.npy --force', /--out: v\.npy is also what --validation reads/], // prettier-ignore
    ['train --data a.csv --task multilabel --loss crossEntropy', /--task: softmax outputs choose one class/],
    ['train --data a.csv --targets words', /a\.csv: targets and arrays are for NumPy files/],
    ['train --data x.npy --targets words --target y', /x\.npy: target is for CSV files/],
    ['train --data x.npy --targets words --out words', /words/],
  ])('%s: one line, exit 2', async (args, message) => {
    const { code, error } = await run(`${args} --backend cpu`)
    expect([code, error.trim().split('\n')]).toEqual([2, [expect.stringMatching(message)]])
  })

  it('reads gzipped files by what they hold', async () => {
    writeFileSync(join(folder, 'x.gz'), gzipSync(arrayFile('>f2')))
    writeFileSync(join(folder, 'words.npy.gz'), gzipSync(arrayFile('big-endian texts')))
    writeFileSync(join(folder, 'packed'), archive('gzipped'))
    writeFileSync(join(folder, 'broken.npz.gz'), archive('gzipped').subarray(0, 300))
    const options = '--layers -,- --epochs 2 --seed 1 --backend cpu --json'
    const plain = await run(`train --data x.npy --targets words ${options}`)
    const packed = await run(`train --data x.gz --targets words.npy.gz --out gz.json ${options}`)
    expect([packed.error, (JSON.parse(packed.out) as { loss: number }).loss]).toEqual(['', (JSON.parse(plain.out) as { loss: number }).loss]) // prettier-ignore
    expect((await run('predict --model gz.json --data x.gz --backend cpu')).out.split('\n')).toHaveLength(4)
    expect(JSON.parse((await run(`train --data packed ${options}`)).out)).toMatchObject({
      accuracy: expect.any(Number) as number,
    })
    expect((await run(`train --data broken.npz.gz ${options}`)).error).toMatch(/^webgpu-mlp: .*broken\.npz\.gz: npz: broken gzip, or cut short/) // prettier-ignore
    expect((await run(`train --data x.gz --targets words --max-unpacked-bytes 100 ${options}`)).error).toMatch(/x\.gz: npy: at most 100 bytes are unpacked/) // prettier-ignore
    expect((await run(`train --data x.npy --targets words --stream ${options}`)).error).toMatch("--stream: is for CSV files, 'x.npy' is none") // prettier-ignore
  })

  it('takes the task of --task in train, folds, evaluate and --from', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => [i % 7, i % 5, i % 3])
    writeFileSync(join(folder, 'in.npy'), toNpy(rows))
    // Each row has one 1, so that only --task says that these are labels.
    writeFileSync(join(folder, 'labels.npy'), toNpy(rows.map(([a]) => (a! > 3 ? [1, 0] : [0, 1]))))
    writeFileSync(join(folder, 'two.npy'), toNpy(rows.map(([a, b]) => [a! + b!, a! - b!])))
    writeFileSync(join(folder, 'floats.npy'), toNpy({ shape: [40], data: rows.map(([, , c]) => c!) }))
    const train = '--layers -,4,- --epochs 2 --seed 1 --backend cpu --json'
    const modelTask = (name: string) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { task: string }).task

    const labels = await run(`train --data in.npy --targets labels.npy --task multilabel --folds 3 --validation in.npy --validation-targets labels.npy --out l.json ${train}`) // prettier-ignore
    expect([labels.error, labels.code]).toEqual(['', 0])
    expect(JSON.parse(labels.out)).toMatchObject({ exactMatch: expect.any(Number) as number, validation: { exactMatch: expect.any(Number) as number }, crossValidation: { folds: [{ exactMatch: expect.any(Number) as number }, {}, {}] } }) // prettier-ignore
    expect(modelTask('l.json')).toBe('multilabel')
    const scored = await run('evaluate --model l.json --data in.npy --targets labels.npy --backend cpu --json')
    expect(JSON.parse(scored.out)).toMatchObject({ exactMatch: expect.any(Number) as number })
    const more = await run('train --from l.json --data in.npy --targets labels.npy --epochs 1 --seed 1 --backend cpu --out l2.json --json') // prettier-ignore
    expect([more.error, modelTask('l2.json')]).toEqual(['', 'multilabel'])
    expect((await run('evaluate --model l.json --data in.npy --targets two.npy --backend cpu')).error).toMatch(/two\.npy: y: sample \d+: expected 0 or 1 in each column for multilabel/) // prettier-ignore

    const classes = await run(`train --data in.npy --targets floats.npy --task classification --out c.json ${train}`)
    expect(JSON.parse(classes.out)).toMatchObject({ accuracy: expect.any(Number) as number })
    const entropy = await run(`train --data in.npy --targets floats.npy --loss crossEntropy --out e.json ${train}`)
    expect([entropy.code, modelTask('c.json'), modelTask('e.json')]).toEqual([0, 'classification', 'classification'])
    const values = await run(`train --data in.npy --targets two.npy --task regression --folds 3 --activation relu,linear --out r.json ${train}`) // prettier-ignore
    expect([values.error, modelTask('r.json')]).toEqual(['', 'regression'])
    const evaluated = await run('evaluate --model r.json --data in.npy --targets two.npy --backend cpu --json')
    expect(JSON.parse(evaluated.out)).toMatchObject({ targets: [{ r2: expect.any(Number) as number }, {}] })
  })

  it('is read by readDataset', async () => {
    expect((await readDataset(join(folder, 'stored.npz'))).train.length).toBe(12)
    const targets = join(folder, 'words')
    expect((await readDataset(join(folder, 'x.npy'), { targets })).train.classes).toEqual(['reed', 'sedge'])
  })
})
