import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  Encoding,
  fromOnnx,
  fromSafetensors,
  InputError,
  Network,
  Scaling,
  toOnnx,
  toSafetensors,
} from '../src/index.ts'
import { commandProcess } from './command.ts'

/** Sizes 4-3-2, of three columns: a number, a category of two, a truth value. */
function makeNetwork(task: 'classification' | 'regression'): Network {
  const network = Network.create({ sizes: [4, 3, 2], hidden: 'tanh', output: task === 'regression' ? 'linear' : 'softmax', seed: 3 }) // prettier-ignore
  const tree = { kind: 'category', categories: ['oak', 'elm'], fill: 'elm' } as const
  network.encoding = new Encoding([{ kind: 'number', fill: 2 }, tree, { kind: 'boolean', fill: 1 }], 'impute')
  network.features = ['age', 'tree', 'old']
  network.scaling = new Scaling('standardize', [1, 2, 3, 4], [1, 2, 3, 4])
  network.task = task
  if (task === 'classification') network.classes = ['no', 'yes']
  else network.targetScaling = new Scaling('standardize', [10, 20], [3, 4])
  return network
}

type Format = 'json' | 'safetensors' | 'onnx'

/** The file of a network in which the JSON of one field of its description is another. */
const writers: Record<Format, (network: Network, field: string, text: string) => Promise<Uint8Array>> = {
  json: (network, field, text) => {
    const changed = JSON.stringify({ ...network.toJSON(), [field]: 'HERE' })
    return Promise.resolve(Buffer.from(changed.replace('"HERE"', () => text)))
  },
  safetensors: (network, field, text) => {
    const bytes = Buffer.from(toSafetensors(network))
    const length = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as { __metadata__: Record<string, string> }
    header.__metadata__[field] = text
    const changed = Buffer.from(JSON.stringify(header))
    const head = Buffer.alloc(8)
    head.writeBigUInt64LE(BigInt(changed.length))
    return Promise.resolve(Buffer.concat([head, changed, bytes.subarray(8 + length)]))
  },
  onnx: async (network, field, text) => {
    // Of metadata with the same key the last counts. Lengths are written as varints.
    const varint = (value: number) => (value < 128 ? [value] : [(value & 127) | 128, value >> 7])
    const texts = [field, text].map((one) => Buffer.from(one))
    const entry = Buffer.concat(texts.flatMap((one, i) => [Buffer.from([8 * (i + 1) + 2, ...varint(one.length)]), one]))
    return Buffer.concat([await toOnnx(network), Buffer.from([8 * 14 + 2, ...varint(entry.length)]), entry])
  },
}

const readers: Record<Format, (bytes: Uint8Array) => Network> = {
  json: (bytes) => Network.fromJSON(JSON.parse(Buffer.from(bytes).toString())),
  safetensors: (bytes) => fromSafetensors(bytes),
  onnx: (bytes) => fromOnnx(bytes),
}

const column = (text: string) => `{"missing":"impute","columns":[{"kind":"number"},${text},{"kind":"boolean"}]}`
const scaling = (kind: string, offset: string, scale: string) => `{"kind":${kind},"offset":${offset},"scale":${scale}}`
/** Of scalings of two values. */
const badScalings: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['null', 'null', / is null, expected an object/],
  ['a list', '[1,2]', /kind is undefined, expected standardize or normalize/],
  ['a text', '"standardize"', / is 'standardize', expected an object/],
  ['an unknown kind', scaling('"minmax"', '[1,2]', '[1,2]'), /kind is 'minmax', expected standardize or normalize/],
  [
    'too few offsets',
    scaling('"normalize"', '[1]', '[1,2]'),
    /offset: expected 2 numbers, one per output, got 1 values/,
  ],
  ['no scale', '{"kind":"normalize","offset":[1,2]}', /scale: expected 2 numbers, one per output, got undefined/],
  ['a text as offset', scaling('"normalize"', '"12"', '[1,2]'), /offset: expected 2 numbers, one per output, got '12'/],
  ['an infinite offset', scaling('"normalize"', '[1,1e999]', '[1,2]'), /offset\[1\] is Infinity, expected a finite/],
  ['an offset that is a text', scaling('"normalize"', '["1",2]', '[1,2]'), /offset\[0\] is '1', expected a finite/],
  ['a scale of 0', scaling('"normalize"', '[1,2]', '[1,0]'), /scale\[1\] is 0, expected a positive finite number/],
  ['a negative scale', scaling('"normalize"', '[1,2]', '[-1,1]'), /scale\[0\] is -1, expected a positive/],
  ['a scale that is null', scaling('"normalize"', '[1,2]', '[1,null]'), /scale\[1\] is null, expected a positive/],
]

/** The fields, with what is damaged, and the message after the name of the field. */
const cases: readonly (readonly [field: string, what: string, text: string, message: RegExp])[] = [
  ['encoding', 'null', 'null', / is null, expected an object with its columns/],
  ['encoding', 'a text', '"number"', / is 'number', expected an object with its columns/],
  ['encoding', 'no columns', '{"missing":"error"}', /: expected a list of columns, got undefined/],
  ['encoding', 'an empty list of columns', '{"missing":"error","columns":[]}', /: expected a list of columns, got an array of 0/],
  ['encoding', 'columns that are an object', '{"columns":{"length":3}}', /: expected a list of columns, got an object/],
  ['encoding', 'an unknown policy', '{"missing":"guess","columns":[{"kind":"number"}]}', /: missing: expected error, drop, impute, got 'guess'/],
  ['encoding', 'a policy that is a number', '{"missing":3,"columns":[{"kind":"number"}]}', /: missing: expected error, drop, impute, got 3/],
  ['encoding', 'a column that is null', column('null'), /: column 1: expected an object, got null/],
  ['encoding', 'a column that is a text', column('"number"'), /: column 1: expected an object, got 'number'/],
  ['encoding', 'an unknown kind', column('{"kind":"date"}'), /: column 1: kind: expected number, boolean or category, got 'date'/],
  ['encoding', 'a kind of Object.prototype', column('{"kind":"constructor"}'), /: column 1: kind: expected number/],
  ['encoding', 'no categories', column('{"kind":"category"}'), /: column 1: categories: expected a list of names, got undefined/],
  ['encoding', 'an empty list of categories', column('{"kind":"category","categories":[]}'), /: column 1: categories: expected a list of names/],
  ['encoding', 'categories that are numbers', column('{"kind":"category","categories":[1,2]}'), /: column 1: categories: expected a list of names/],
  ['encoding', 'a category twice', column('{"kind":"category","categories":["a","a"]}'), /: column 1: a category is listed twice/],
  ['encoding', 'a fill of no category', column('{"kind":"category","categories":["a","b"],"fill":"c"}'), /: column 1: fill: expected one of its categories, got 'c'/],
  ['encoding', 'a fill that is a text', column('{"kind":"number","fill":"2"}'), /: column 1: fill: expected a finite number, got '2'/],
  ['encoding', 'an infinite fill', column('{"kind":"boolean","fill":-1e999}'), /: column 1: fill: expected a finite number, got -Infinity/],
  ['encoding', 'too few categories', column('{"kind":"category","categories":["a"]}'), / makes 3 inputs, the network has 4/],
  ['encoding', 'too many columns', column('{"kind":"number"},{"kind":"number"},{"kind":"number"}'), / makes 5 inputs, the network has 4/],
  ...badScalings.map(([what, text, message]) => ['targetScaling', what, text, message] as const),
  ['scaling', 'the length of another network', scaling('"normalize"', '[1,2]', '[1,2]'), /offset: expected 4 numbers, one per input, got 2 values/],
  ['task', 'null', 'null', / is null, expected one of classification, multilabel, regression/],
  ['task', 'an unknown name', '"ranking"', / is 'ranking', expected one of classification, multilabel, regression/],
  ['task', 'a list', '["regression"]', / is an array of 1, expected one of/],
  ['features', 'null', 'null', / is null, expected a list of names/],
  ['features', 'a text', '"age"', / is 'age', expected a list of names/],
  ['features', 'numbers', '[1,2,3]', / is an array of 3, expected a list of names/],
  ['features', 'one name for each input', '["a","b","c","d"]', / has 4 names, expected 3/],
  ['features', 'an object', '{"length":3}', / is an object, expected a list of names/],
  ['classes', 'null', 'null', / is null, expected a list of names/],
  ['classes', 'numbers', '[0,1]', / is an array of 2, expected a list of names/],
  ['classes', 'too many', '["a","b","c"]', / has 3 names for 2 outputs, expected 2/],
  ['classes', 'none', '[]', / has 0 names for 2 outputs, expected 2/],
  ['classes', 'a name twice', '["a","a"]', / names a class twice/],
  ['loss', 'an unknown name', '"mse"', / is 'mse', expected one of/],
] // prettier-ignore

const formats = Object.keys(writers) as Format[]
const networkFor = (field: string) => makeNetwork(field === 'targetScaling' ? 'regression' : 'classification')

describe.each(formats)('damaged descriptions in %s', (format) => {
  it('reads what is not damaged', async () => {
    for (const task of ['classification', 'regression'] as const) {
      const network = makeNetwork(task)
      const same = readers[format](await writers[format](network, 'task', JSON.stringify(task)))
      expect(JSON.stringify(same)).toBe(JSON.stringify(network))
    }
  })

  it.each(cases)('%s: %s', async (field, _, text, message) => {
    const bytes = await writers[format](networkFor(field), field, text)
    let error: unknown
    try {
      readers[format](bytes)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(InputError)
    const said = (error as InputError).message
    expect(said).toMatch(message)
    expect(said).toMatch(new RegExp(`^model: "?${field}"?`))
    expect(said).not.toContain('\n')
  })

  if (format !== 'json') {
    it('names a field that is no JSON', async () => {
      const bytes = await writers[format](networkFor('task'), 'encoding', '{"missing":')
      expect(() => readers[format](bytes)).toThrow(/^(onnx: metadata|safetensors: __metadata__): encoding is not JSON: '\{"missing":'/) // prettier-ignore
    })
  }
})

describe('damaged files on the command line', () => {
  let folder: string
  const run = commandProcess()
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-damaged-'))
    writeFileSync(join(folder, 'data.csv'), 'age,tree,old,y\n1,oak,yes,no\n2,elm,no,yes\n')
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const damaged = [...new Map(cases.map(([field, , text]) => [field, text]))]
  it.each(formats)('%s: one line with the file and the field, exit 2, and no output', async (format) => {
    for (const [field, text] of damaged) {
      const file = `${field}.${format}`
      writeFileSync(join(folder, file), await writers[format](networkFor(field), field, text))
      const commands = [`import ${file} --out out`]
      if (format === 'json') commands.push(`predict --model ${file} --data data.csv --out out`, `export --model ${file} --out out --to onnx`, `info --model ${file}`, `train --from ${file} --data data.csv --epochs 1 --backend cpu --out out`) // prettier-ignore
      for (const command of commands) {
        const { code, out, error } = await run(command.split(' '), folder)
        expect([code, out]).toEqual([2, ''])
        expect(error).toMatch(new RegExp(`^webgpu-mlp: ${field}\\.${format}: model: "?${field}"?[^\\n]*\\n$`))
        expect(existsSync(join(folder, 'out'))).toBe(false)
      }
    }
  })
})
