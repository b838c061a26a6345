import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { crc32 } from '../../../src/formats/zip.ts'
import {
  datasetFromIdx,
  datasetFromNpy,
  datasetFromNpz,
  inputsFromNpy,
  type NpyDatasetOptions,
  parseIdx,
  parseNpy,
  parseNpz,
  toNpy,
} from '../../../src/index.ts'
import { readDataset } from '../../../src/node/index.ts'
import numpy from '../../numpy/files.json' with { type: 'json' }
import { bytes, choice, pair, type Source, text } from '../mutate.ts'
import { type Reader, reader } from './reader.ts'

const decode = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
const zipped = (file: Uint8Array) => new Uint8Array(gzipSync(file))

const idxImages = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 255, 1, 2, 3, 4, 5])
const idxLabels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0])
const idxWords = Uint8Array.from([0, 0, 12, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0])
/** One small file of each type of number. */
const idxTypes = [9, 11, 13, 14].map((type) => Uint8Array.from([0, 0, type, 1, 0, 0, 0, 1, ...Array<number>(type === 14 ? 8 : type === 11 ? 2 : type === 9 ? 1 : 4).fill(0)])) // prettier-ignore

const npyFile = toNpy([[1, 2], [3, 4]]) // prettier-ignore
const npyLabels = toNpy({ shape: [2], data: [0, 1] })
const npyArrays = Object.values(numpy.arrays).map(({ file }) => decode(file))
const npyTexts = decode(numpy.arrays.texts.file)
const refused = [numpy.objects, numpy.complex, numpy.times].flatMap((one: unknown) => (typeof one === 'string' ? [decode(one)] : [])) // prettier-ignore
const archives = Object.values(numpy.archives).map(decode)

/** A zip archive whose entries are stored, with correct checksums; without entries where it has no names. */
export function zip(entries: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, content] of entries) {
    const label = Buffer.from(name).subarray(0, 0xffff)
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt32LE(crc32(content), 10)
    shared.writeUInt32LE(content.length, 14)
    shared.writeUInt32LE(content.length, 18)
    shared.writeUInt16LE(label.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, label, content])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, rest, label]))
    locals.push(local)
    at += local.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(Buffer.concat(directory).length, 8)
  end.writeUInt32LE(at, 12)
  return new Uint8Array(Buffer.concat([...locals, ...directory, Buffer.from('PK\x05\x06'), end]))
}

const arrayName = text(['x.npy', 'x_train.npy', 'y_test.npy', '../../x.npy', '__proto__.npy'])
/** Archives that are in order, with names and contents that are not. */
const archiveParts: Source<[[string, Uint8Array], [string, Uint8Array]]> = pair(
  pair(arrayName, bytes([npyFile])),
  pair(text(['y.npy', 'y_train.npy', '/etc/y.npy']), bytes([npyLabels, npyTexts])),
)
const arrays = choice(
  fc.constantFrom<[string, string] | undefined>(['x', 'y'], ['../../x', 'y'], undefined),
  undefined,
  ['x', 'y'],
)

type HowTargets = Pick<NpyDatasetOptions, 'task' | 'numbers' | 'classes'>
const targets = choice<HowTargets>(
  fc.record(
    {
      task: fc.constantFrom('classification' as const, 'regression' as const, 'multilabel' as const),
      numbers: fc.constantFrom('classes' as const, 'targets' as const),
      classes: fc.constantFrom(['0', '1'], ['a', 'b'], ['__proto__', 'x']),
    },
    { requiredKeys: [] },
  ),
  {},
  { numbers: 'classes' },
  { task: 'multilabel' },
)
const labelFiles = [
  npyLabels,
  npyTexts,
  npyFile,
  toNpy([[0, 1], [1, 0]]), // prettier-ignore
  toNpy([[1], [0]]),
]

const idx = ['src/data/idx', 'src/data/gunzip']
const npy = ['src/formats/npy']
const npz = [...npy, 'src/formats/npz', 'src/formats/zip', 'src/data/gunzip']

/** Readers of binary arrays. @param folder for temporary files */
export function arrayReaders(folder: string): Reader<unknown>[] {
  const pictures = join(folder, 'pictures')
  mkdirSync(pictures, { recursive: true })
  return [
    reader('IDX', bytes([idxImages, idxLabels, zipped(idxImages), ...idxTypes]), idx, (file) => parseIdx(file)),
    reader(
      'IDX data set',
      pair(bytes([idxImages, zipped(idxImages)]), bytes([idxLabels, idxWords, zipped(idxLabels)])),
      idx,
      ([images, labels]) => datasetFromIdx(images, labels),
    ),
    reader('IDX unpacked', bytes([idxImages, idxLabels]), idx, (file) => parseIdx(zipped(file))),
    reader('IDX folder', pair(bytes([idxImages]), bytes([idxLabels])), [...idx, 'src/node/idx-folder'], ([images, labels]) => {
      writeFileSync(join(pictures, 'train-images-idx3-ubyte'), images)
      writeFileSync(join(pictures, 'train-labels-idx1-ubyte'), labels)
      return readDataset(pictures)
    }), // prettier-ignore
    reader('NPY', bytes([npyFile, npyLabels, ...npyArrays, ...refused]), npy, (file) => parseNpy(file)),
    reader('NPY data set', pair(pair(bytes([npyFile, ...npyArrays.slice(0, 3)]), bytes(labelFiles)), targets), npy, ([[x, y], how]) =>
      datasetFromNpy(x, y, how),
    ), // prettier-ignore
    reader('NPZ', bytes(archives), npz, (file) => parseNpz(file)),
    reader('NPZ data set', pair(bytes(archives), arrays), npz, ([file, names]) =>
      datasetFromNpz(file, names && { arrays: names }),
    ),
    reader('NPZ inputs', bytes([...archives, npyFile, npyTexts]), npz, (file) => inputsFromNpy(file)),
    reader('NPZ with other contents', archiveParts, npz, (entries) => datasetFromNpz(zip(entries))),
    reader('NPZ file', pair(archiveParts, arrays), [...npz, 'src/node/npy-files'], ([entries, names]) => {
      const path = join(folder, 'arrays.npz')
      writeFileSync(path, zip(entries))
      return readDataset(path, names && { arrays: names })
    }),
  ]
}
