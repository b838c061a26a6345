import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandProcess } from './command.ts'
import numpyFiles from './numpy/files.json' with { type: 'json' }
import onnxFiles from './onnx/models.json' with { type: 'json' }

/** Input that people give by mistake. Each is refused in one line, before anything is written. */
let folder: string
const run = commandProcess()
const text = (rows: readonly (readonly (string | number)[])[]) => rows.map((row) => `${row.join()}\n`).join('')
const words = ['oak', 'elm']
const kinds = ['x', 'z']
const head = ['a', 'tree', 'y']
const good = Array.from({ length: 40 }, (_, i) => [i % 7, words[i % 2]!, kinds[i % 2]!])
/** The rows with another cell in one of them. */
const changed = (row: number, column: number, cell: string | number) =>
  good.map((cells, i) => (i === row ? cells.map((old, j) => (j === column ? cell : old)) : cells))

const onnxOf = (name: string) => Buffer.from((onnxFiles.models as Record<string, { file: string }>)[name]!.file, 'base64') // prettier-ignore
const files: Record<string, string | Uint8Array> = {
  'good.csv': text([head, ...good]),
  'names.csv': text([['a', 'bush', 'y'], ...good]),
  'few.csv': text([['a', 'y'], ...good.map(([a, , y]) => [a!, y!])]),
  'class.csv': text([head, ...changed(6, 2, 'w')]),
  'word.csv': text([head, ...changed(6, 0, 'big')]),
  'numbers.csv': text([head, ...good.map(([a, , y], i) => [a!, i % 3, y!])]),
  'words.csv': text([head, ...good.map(([a, tree, y]) => [`n${a}`, tree!, y!])]),
  'gap.csv': text([head, ...changed(5, 2, '')]),
  'gap-in.csv': text([head, ...changed(5, 0, 'NA')]),
  'value.csv': text([['a', 'b', 'y'], ...good.map(([a], i) => [a!, i % 3, i === 5 ? '' : i / 2])]),
  'one-class.csv': text([head, ...good.map(([a, tree]) => [a!, tree!, 'x'])]),
  'many.csv': text([head, ...Array.from({ length: 20_000 }, (_, i) => [i % 7, `w${i % 10_000}`, kinds[i % 2]!])]),
  'ragged.csv': `${text([head, ...good])}1,oak\n`,
  // As scikit-learn's files begin: the numbers of samples and columns, the classes.
  'titled.csv': `40,13,no,yes\n${text(Array.from({ length: 40 }, (_, i) => Array.from({ length: 14 }, (_, j) => (j < 13 ? (i * j) % 7 : i % 2))))}`,
  'empty.csv': '',
  'head.csv': text([head]),
  'book.csv': Buffer.from('PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml'),
  'objects.npz': Buffer.from(numpyFiles.archives.objects, 'base64'),
  'conv.onnx': onnxOf('PyTorch convolution'),
  'hot.onnx': onnxOf('skl2onnx pipeline with words'),
  'model.pt': Buffer.from('PK\x03\x04archive/data.pkl'),
}

const train = '--layers -,4,- --activation relu --loss crossEntropy --epochs 2 --backend cpu --out new.json --report new.html' // prettier-ignore
const use = '--backend cpu --out new.csv'
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-bad-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const args = '--layers -,4,- --activation relu --loss crossEntropy --epochs 2 --backend cpu --out model.json'
  const { error } = await run(`train --data good.csv ${args}`.split(' '), folder)
  expect(error).toBe('')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('bad input is refused in one line, and nothing is written', () => {
  it.each<[string, string, RegExp]>([
    ['a class never seen', 'evaluate --model model.json --data class.csv --target y --backend cpu', /^class\.csv: CSV: line 8, column 'y': found 'w', expected one of the classes x, z$/],
    ['a class never seen in validation', `train --data good.csv --validation class.csv ${train}`, /^class\.csv: CSV: line 8, column 'y': found 'w', expected one of the classes x, z/],
    ['10,000 categories', `train --data many.csv ${train}`, /^many\.csv: CSV: column 'tree' has 10000 different words \(w0, w1, w10, …\), at most 64 are encoded; .*--drop\)$/],
    ['numbers where the training data have words', `predict --model model.json --data numbers.csv ${use}`, /^numbers\.csv: CSV: line 2, column 'tree': found '0', expected words as in the training data \(elm, oak\)/],
    ['words where the training data have numbers', `predict --model model.json --data words.csv ${use}`, /^words\.csv: CSV: line 2, column 'a': found 'n0', expected a finite number$/],
    ['words in validation where the training data have numbers', `train --data good.csv --validation words.csv ${train}`, /^words\.csv: CSV: line 2, column 'a': found 'n0', expected a finite number$/],
    ['a word among numbers', `train --data word.csv ${train}`, /^word\.csv: CSV: line 8, column 'a': found 'big', expected a finite number/],
    ['other columns in validation', `train --data good.csv --validation names.csv ${train}`, /^names\.csv: features: the file has no column 'tree'; it has a, bush, y$/],
    ['fewer columns', `predict --model model.json --data few.csv ${use}`, /^few\.csv: features: the file has no column 'tree'; it has a, y$/],
    ['a missing target', `train --data gap.csv ${train}`, /^gap\.csv: CSV: line 7, column 'y': the value is missing, .*--missing drop/],
    ['a missing target where inputs are filled', `train --data gap.csv --missing impute ${train}`, /^gap\.csv: CSV: line 7, column 'y': the value is missing, .*--missing drop/],
    ['a missing regression target', `train --data value.csv --task regression --layers -,1 --activation linear --epochs 1 --out new.json`, /^value\.csv: CSV: line 7, column 'y': the value is missing, expected a finite number; .*--missing drop/],
    ['a missing input', `train --data gap-in.csv ${train}`, /^gap-in\.csv: CSV: line 7, column 'a': the value is missing \('NA'\)\. .*--missing impute\)$/],
    ['a target of one class', `train --data one-class.csv ${train}`, /^one-class\.csv: CSV: column 'y': every value is 'x', expected two or more$/],
    ['a target that is not there', `train --data good.csv --target kind ${train}`, /^good\.csv: target: the file has no column 'kind'; it has a, tree, y$/],
    ['a row that is cut short', `train --data ragged.csv ${train}`, /^ragged\.csv: CSV: line 42: expected 3 values, as many as line 1 has, got 2$/],
    ['a title with values above the table', `train --data titled.csv ${train}`, /^titled\.csv: CSV: line 2: expected 4 values, as many as line 1 has, got 14; if line 1 is a title and no part of the table, delete it$/],
    ['an empty file', `train --data empty.csv ${train}`, /^empty\.csv: CSV: the file is empty/],
    ['a file without rows', `train --data head.csv ${train}`, /^head\.csv: CSV: /],
    ['a spreadsheet', `train --data book.csv ${train}`, /^book\.csv: this is a spreadsheet .*save the sheet as CSV$/],
    ['no file', `train --data nowhere.csv ${train}`, /^--data: no file or folder 'nowhere\.csv'/],
    ['an array of Python objects', `train --data objects.npz ${train}`, /^objects\.npz: y: values of type '\|O', .*save labels as texts, y\.astype\(str\)/],
    ['labels of one column', `train --data good.csv --task multilabel --layers -,- --loss binaryCrossEntropy --out new.json`, /^good\.csv: task: multilabel has several target columns; one column of 0 and 1 is two classes$/],
    ['softmax for several labels', `train --data good.csv --task multilabel ${train}`, /^--task: softmax outputs choose one class of several/],
    ['an ONNX model with a convolution', 'import conv.onnx --out new.json', /^conv\.onnx: onnx: node '\S*Conv\S*' \(Conv\) is no part of an MLP; read are /],
    ['an ONNX pipeline that encodes words', 'import hot.onnx --out new.json', /^hot\.onnx: onnx: node 'OneHotEncoder_0' \(OneHotEncoder\) is no part of an MLP/],
    ['a checkpoint of PyTorch', 'import model.pt --out new.json', /^model\.pt: a file of PyTorch .*safetensors\.torch\.save_file/],
    ['data as a model', `predict --model good.csv --data good.csv ${use}`, /^good\.csv: not a model file: it is not JSON/],
  ])('%s', async (_, args, message) => {
    const before = readdirSync(folder)
    const { code, out, error } = await run(args.split(' '), folder)
    const [first = '', ...rest] = error.split('\n')
    expect([code, out, rest]).toEqual([2, '', ['']])
    expect(first.replace(/^webgpu-mlp: /, '')).toMatch(message)
    expect(readdirSync(folder)).toEqual(before)
  }) // prettier-ignore

  it('a report needs no plane where one column of two words or truth values makes the inputs', async () => {
    for (const column of [words, ['yes', 'no']]) {
      writeFileSync(join(folder, 'two.csv'), text([['b', 'tree', 'y'], ...good.map(([, , y], i) => [column[(i >> 1) % 2]!, column[i % 2]!, y!])])) // prettier-ignore
      const features = column === words ? 'tree' : 'b,tree'
      const { code, error } = await run(`train --data two.csv --features ${features} --target y ${train} --force`.split(' '), folder) // prettier-ignore
      expect([code, error]).toEqual([0, ''])
    }
  })

  it('a column with one category is used, with a note', async () => {
    writeFileSync(join(folder, 'one.csv'), text([['a', 'land', 'y'], ...good.map(([a, , y]) => [a!, 'at', y!])]))
    const { code, error } = await run(`train --data one.csv ${train}`.split(' '), folder)
    expect([code, error]).toEqual([0, "webgpu-mlp: note: one.csv: column 'land' ('at') has one word only; it adds nothing (--drop leaves columns out)\n"]) // prettier-ignore
  })
})
