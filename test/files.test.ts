import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Dataset } from '../src/data/dataset.ts'
import { standardize } from '../src/data/preprocessing.ts'
import { InputError } from '../src/core/errors.ts'
import { Network } from '../src/model/network.ts'
import { checkWritable, readDataset, readModel, writeFileAtomic, writeModel } from '../src/node/index.ts'

const mnist = fileURLToPath(new URL('../../shared/data/mnist-9k', import.meta.url))
let folder: string
const at = (...names: string[]) => join(folder, ...names)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgpu-mlp-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function expectError(work: Promise<unknown>, message: string | RegExp) {
  await expect(work).rejects.toThrow(InputError)
  await expect(work).rejects.toThrow(typeof message === 'string' ? new InputError(message) : message)
}

describe('writeFileAtomic', () => {
  it('removes the temporary file of a process that no longer exists, and nothing else', async () => {
    const gone = spawnSync(process.execPath, ['--version']).pid
    const temporary = (pid: number, host = hostname()) => `.run.json.${host}.${pid}.${randomUUID()}.tmp`
    const others = [temporary(process.pid), temporary(gone, `not-${hostname()}`), '.run.json.tmp', 'run.json.1.tmp']
    for (const name of [...others, temporary(gone)]) await writeFile(at(name), 'half')
    await writeFileAtomic(at('run.json'), 'whole')
    expect((await readdir(folder)).sort()).toEqual([...others, 'run.json'].sort())
  })

  it('writes text in parts, and keeps the old file if a part fails', async () => {
    async function* parts(fail: boolean) {
      yield await Promise.resolve('one, ')
      if (fail) throw new Error('no more')
      yield 'two'
    }
    await writeFileAtomic(at('parts.txt'), parts(false))
    expect(await readFile(at('parts.txt'), 'utf8')).toBe('one, two')
    await expect(writeFileAtomic(at('parts.txt'), parts(true))).rejects.toThrow('no more')
    expect(await readFile(at('parts.txt'), 'utf8')).toBe('one, two')
    expect(await readdir(folder)).toEqual(['parts.txt'])
    await expectError(
      writeFileAtomic(at('x'), [] as never),
      'content: expected text or a Uint8Array, got an array of 0',
    )
  })
})

describe('writeModel and readModel', () => {
  it('gives the same network back, with names and scaling', async () => {
    const network = Network.create({ sizes: [2, 3, 2], hidden: 'tanh', output: 'softmax', seed: 7 })
    network.features = ['x', 'y']
    network.classes = ['no', 'yes']
    network.scaling = standardize(Dataset.from([[1, 2], [3, 5]], [0, 1])) // prettier-ignore
    await writeModel(at('model.json'), network)
    const read = await readModel(at('model.json'))
    expect([read.sizes, read.activations]).toEqual([network.sizes, network.activations])
    expect(read.parameters).toEqual(network.parameters)
    expect([read.features, read.classes, read.scaling]).toEqual([network.features, network.classes, network.scaling])
    expect(await readdir(folder)).toEqual(['model.json'])
  })

  it('refuses to write a model that could not be read back', async () => {
    const network = Network.create({ sizes: [1, 1], seed: 7 })
    network.parameters[1] = NaN
    await expectError(writeModel(at('model.json'), network), /^network: parameter 1 is NaN/)
    await expectError(writeModel(at('model.json'), {} as never), 'network: expected a Network, got an object')
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['', 'not a model file: it is empty'],
    ['{"format": "webgpu', 'not a model file: it is not JSON, or cut short'],
    ['{"format": "other"}', 'model: not a webgpu-mlp model (its "format" is \'other\')'],
    ['[1]', 'model: expected an object as Network.toJSON() makes, got an array of 1'],
  ])('refuses a file that holds %j', async (content, problem) => {
    await writeFile(at('model.json'), content)
    await expectError(readModel(at('model.json')), `${at('model.json')}: ${problem}`)
  })

  it('refuses paths that are missing, folders, bytes, and no paths', async () => {
    await expectError(readModel(at('no.json')), `${at('no.json')}: cannot be read: there is no such file or folder`)
    await expectError(readModel(folder), `${folder}: cannot be read: it is a folder, expected a file`)
    await writeFile(at('bytes'), Uint8Array.of(0xff, 0xfe, 0))
    await expectError(readModel(at('bytes')), `${at('bytes')}: not UTF-8 text; save it as UTF-8`)
    await expectError(readModel(''), "path: expected the path of a file, got ''")
    await expectError(readModel(undefined as unknown as string), 'path: expected the path of a file, got undefined')
  })
})

describe('writeFileAtomic', () => {
  it('writes text and bytes, replaces files, and creates folders', async () => {
    await writeFileAtomic(at('a', 'b', 'file'), 'größer')
    expect(await readFile(at('a', 'b', 'file'), 'utf8')).toBe('größer')
    await writeFileAtomic(at('a', 'b', 'file'), Uint8Array.of(1, 2))
    expect([...(await readFile(at('a', 'b', 'file')))]).toEqual([1, 2])
    expect(await readdir(at('a', 'b'))).toEqual(['file'])
  })

  it('keeps the mode of a file, and a link to it', async () => {
    await writeFile(at('file'), 'old', { mode: 0o600 })
    await symlink('file', at('link'))
    await writeFileAtomic(at('link'), 'new')
    expect(await readFile(at('file'), 'utf8')).toBe('new')
    expect((await lstat(at('link'))).isSymbolicLink()).toBe(true)
    expect((await stat(at('file'))).mode & 0o777).toBe(0o600)
    expect((await readdir(folder)).sort()).toEqual(['file', 'link'])
  })

  it('leaves no files behind if it fails', async () => {
    await mkdir(at('folder'))
    await writeFile(at('file'), 'old')
    await expectError(writeFileAtomic(at('folder'), 'x'), `${at('folder')}: is a folder, expected the name of a file`)
    await expectError(
      writeFileAtomic(at('file', 'under'), 'x'),
      `${at('file', 'under')}: cannot be written: a part of the path is a file, not a folder`,
    )
    const long = at('n'.repeat(300))
    await expectError(writeFileAtomic(long, 'x'), `${long}: cannot be written: the name is too long`)
    await expectError(
      writeFileAtomic(at('new'), 5 as unknown as string),
      'content: expected text or a Uint8Array, got 5',
    )
    expect(await readFile(at('file'), 'utf8')).toBe('old')
    expect((await readdir(folder)).sort()).toEqual(['file', 'folder'])
  })
})

describe('checkWritable', () => {
  it('accepts paths that can be written, and writes nothing', async () => {
    await writeFile(at('file'), 'old')
    await checkWritable(at('file'))
    await checkWritable(at('new', 'file'))
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('refuses folders, and paths that contain a file as a folder', async () => {
    await writeFile(at('file'), 'old')
    await expectError(checkWritable(folder), `${folder}: is a folder, expected the name of a file`)
    await expectError(
      checkWritable(at('file', 'a', 'b')),
      `${at('file', 'a', 'b')}: cannot be written: ${at('file')} is not a folder`,
    )
  })
})

describe('readDataset', () => {
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 0)
  const labels = (...values: number[]) => Uint8Array.of(0, 0, 8, 1, 0, 0, 0, values.length, ...values)

  it('reads .csv and .tsv files', async () => {
    await writeFile(at('data.csv'), 'a,b,kind\n1,2,u\n3,4,v\n')
    await writeFile(at('data.TSV'), 'a\tkind, of\n1\tu\n3\tv\n')
    const { train, validation } = await readDataset(at('data.csv'), { target: 'kind' })
    expect(train.inputs.toArray()).toEqual([[1, 2], [3, 4]]) // prettier-ignore
    expect(validation).toBeUndefined()
    expect((await readDataset(at('data.TSV'))).train.classes).toEqual(['u', 'v'])
    await expectError(
      readDataset(at('data.csv'), { target: 'knd' }),
      `${at('data.csv')}: target: the file has no column 'knd' (did you mean 'kind'?); it has a, b, kind`,
    )
  })

  it('reads a folder of IDX files, t10k as validation', async () => {
    await writeFile(at('train-images-idx3-ubyte.gz'), gzipSync(images))
    await writeFile(at('train-labels.idx1-ubyte'), labels(0, 11))
    expect((await readDataset(folder)).validation).toBeUndefined()
    await writeFile(at('t10k-images-idx3-ubyte'), images)
    await writeFile(at('t10k-labels.idx1-ubyte.gz'), gzipSync(labels(1, 2)))
    const { train, validation } = await readDataset(folder)
    expect(train.inputs.toArray()).toEqual([[0, 1], [Math.fround(0.2), 0]]) // prettier-ignore
    expect([...train.labels()]).toEqual([0, 11])
    expect([...(validation?.labels() ?? [])]).toEqual([1, 2])
    // The training data determine the classes of both.
    expect([train.classes?.length, validation?.classes?.length]).toEqual([12, 12])
  })

  it('finds IDX files by what they hold: EMNIST, whose labels begin at 1, and several data sets in a folder', async () => {
    await writeFile(at('emnist-letters-train-images-idx3-ubyte.gz'), gzipSync(images))
    await writeFile(at('emnist-letters-train-labels-idx1-ubyte.gz'), gzipSync(labels(26, 1)))
    await writeFile(at('emnist-letters-test-images-idx3-ubyte'), images)
    await writeFile(at('emnist-letters-test-labels-idx1-ubyte'), labels(1, 1))
    const letters = await readDataset(folder)
    expect([letters.train.classes, letters.validation?.classes]).toEqual([['1', '26'], ['1', '26']]) // prettier-ignore
    expect([[...letters.train.labels()], [...letters.validation!.labels()]]).toEqual([[1, 0], [0, 0]]) // prettier-ignore
    // The classes of a model: labels are found by their names.
    const known = await readDataset(folder, { classes: ['1', '2', '26'] })
    expect([...known.train.labels()]).toEqual([2, 0])
    await expectError(readDataset(folder, { classes: ['1', '2'] }), /labels: sample 0 is 26, expected one of the classes 1, 2/) // prettier-ignore

    await writeFile(at('emnist-digits-train-images-idx3-ubyte'), images)
    await writeFile(at('emnist-digits-train-labels-idx1-ubyte'), labels(1, 9))
    await expectError(
      readDataset(folder),
      `${folder}: holds 2 data sets; give one of them: ${at('emnist-digits')}, ${at('emnist-letters')}`,
    )
    expect((await readDataset(at('emnist-digits'))).train.classes).toHaveLength(10)
    expect((await readDataset(at('emnist-letters'))).validation).toBeDefined()
    await expectError(readDataset(at('emnist-balanced')), /emnist-balanced: cannot be read: there is no such file/)
    await writeFile(at('emnist-digits-t10k-images-idx3-ubyte'), images)
    await writeFile(at('emnist-digits-test-images-idx3-ubyte'), images)
    await expectError(readDataset(at('emnist-digits')), /has several parts for validation: t10k, test; keep one/)
  })

  it('names the file that is missing or invalid', async () => {
    await expectError(
      readDataset(folder),
      `${folder}: found no IDX files, such as train-images-idx3-ubyte and train-labels-idx1-ubyte (or .gz)`,
    )
    await writeFile(at('train-images-idx3-ubyte'), images)
    await expectError(
      readDataset(folder),
      /found no train-labels-idx1-ubyte \(or \.gz\), which belongs to train-images-idx3-ubyte/,
    )
    await writeFile(at('train-labels-idx1-ubyte'), labels(1))
    await expectError(
      readDataset(folder),
      `${at('train-images-idx3-ubyte')}, train-labels-idx1-ubyte: labels: expected 2, one an image, got 1`,
    )
    await expectError(readDataset(at('no.csv')), `${at('no.csv')}: cannot be read: there is no such file or folder`)
    await writeFile(at('data.png'), Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10))
    await expectError(readDataset(at('data.png')), /data\.png: not UTF-8 text; .* give encoding: 'windows-1252'/)
    await writeFile(at('data.xlsx'), 'PK\x03\x04\x14\x00\x06\x00')
    await expectError(readDataset(at('data.xlsx')), /data\.xlsx: this is a spreadsheet .* save the sheet as CSV$/)
  })

  it.skipIf(!existsSync(mnist))('reads MNIST', async () => {
    const { train, validation } = await readDataset(mnist)
    expect([train.inputs.rows, train.inputs.cols, train.targets.cols]).toEqual([8000, 784, 10])
    expect([validation?.inputs.rows, validation?.inputs.cols, validation?.targets.cols]).toEqual([1000, 784, 10])
    expect(Math.max(...train.inputs.row(0))).toBeGreaterThan(0.9)
    expect(train.inputs.data.every((value) => value >= 0 && value <= 1)).toBe(true)
    const counts = Array.from({ length: 10 }, (_, digit) => train.labels().filter((label) => label === digit).length)
    for (const count of counts) expect(count).toBeGreaterThan(600)
  })
})
