import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { historyCsv } from '../../../src/cli/report/history.ts'
import { readCsv } from '../../../src/data/csv.ts'
import { csvColumns, type CsvOptions, InputError, parseCsv, parseCsvInputs } from '../../../src/index.ts'
import { readCsvInputs, streamCsv } from '../../../src/node/index.ts'
import { bytes, choice, pair, text } from '../mutate.ts'
import { type Reader, reader } from './reader.ts'

const epoch = { epoch: 1, loss: 0.5, accuracy: 0.5, validation: null, steps: 2, learningRate: 0.1, seconds: 1, samplesPerSecond: 4 } // prettier-ignore
const texts = [
  'width,length,kind\n1,2.5,a\n3,4e2,b\n5,-6,a\n7,.8,b\n',
  '"width";"the ""length""";y\r\n1;2;0.5\r\n3;4;1.5\r\n',
  '1\t2\t3\n4\t5\t6\n',
  'x,no,yes\n0.5,1,0\n0.7,0,1\n',
  'age;tree;old;y\n1,5;oak;yes;no\n2,25;elm;no;yes\n;oak;NA;no\n1.000,5;elm;yes;yes\n',
  '# a comment\nx,y,name\n1, 0 ,"a, b"\n2,1,"c\nd"\n?,0,\n',
  historyCsv([epoch]),
  '0,1,2\n5.1,3.5,1\n4.9,3.0,0\n6.2,2.9,1\n5.5,2.3,0\n',
  'id,a,b,label\n0,1,0,x\n1,0,1,y\n2,1,1,x\n3,0,0,y\n4,1,0,x\n5,0,1,y\n6,1,1,x\n7,0,0,y\n8,1,1,x\n9,1,0,y\n10,0,1,x\n',
]
const utf16 = (mark: readonly number[], swap: boolean) => {
  const body = Buffer.from(texts[0]!, 'utf16le')
  return new Uint8Array(Buffer.concat([Buffer.from(mark), swap ? body.swap16() : body]))
}
const files = [
  ...texts.map((one) => new Uint8Array(Buffer.from(one))),
  new Uint8Array(Buffer.from(`\ufeff${texts[0]!}`)),
  utf16([0xff, 0xfe], false),
  utf16([0xfe, 0xff], true),
  new Uint8Array(Buffer.from('größe,ort\n1,Köln\n2,Bonn\n', 'latin1')),
  new Uint8Array(gzipSync(texts[0]!)),
]

const options: fc.Arbitrary<CsvOptions> = fc.record(
  {
    delimiter: fc.constantFrom(',', ';', '\t', 'a', ' ', '|', '"', '\n', ''),
    header: fc.boolean(),
    decimal: fc.constantFrom('.' as const, ',' as const),
    comment: fc.constantFrom('#', '//', ''),
    encoding: fc.constantFrom('utf-8', 'utf-16le', 'windows-1252', 'latin1', 'shift_jis', 'constructor'),
    missing: fc.constantFrom('error' as const, 'drop' as const, 'impute' as const),
    target: fc.constantFrom('kind', 'length', 'constructor', 0, -1, 1, 5, ['no', 'yes'], [1, 2], '1', 'lenght', 'y'),
    task: fc.constantFrom('classification' as const, 'regression' as const, 'multilabel' as const),
    classes: fc.constantFrom(['a', 'b'], ['toString', '__proto__'], ['0', '1'], ['no', 'yes']),
    numbers: fc.constantFrom('classes' as const, 'targets' as const),
    missingTargets: fc.constantFrom('error' as const, 'drop' as const),
    targetNames: fc.constantFrom(['y'], ['no', 'yes'], ['a', 'b']),
    features: fc.constantFrom(['width'], ['length', 'width'], ['constructor']),
    drop: fc.constantFrom(['width'], [0], ['constructor']),
    maxUnpackedBytes: fc.constantFrom(10, 1 << 20),
  },
  { requiredKeys: [] },
)
const given = choice<CsvOptions>(
  options,
  {},
  { delimiter: ';', decimal: ',', missing: 'impute' },
  { target: ['no', 'yes'], task: 'multilabel' },
  { task: 'regression', missing: 'drop', header: false },
)
const inputFeatures = choice(
  fc.constantFrom<string[] | undefined>(['width'], ['2', '1'], undefined),
  ['width'],
  undefined,
)

/** Text in pieces of any length. */
function* piecesOf(whole: string, lengths: readonly number[]): Generator<string> {
  for (let at = 0, i = 0; at < whole.length; i++) {
    const length = lengths[i % lengths.length] ?? whole.length
    yield whole.slice(at, at + length)
    at += length
  }
}

async function* delayed(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}

const outcome = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
}

const lengths = choice(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), [7])

/** Of several errors, the one in an earlier piece is reported first. */
async function comparePieces([[whole, how], parts]: [[string, CsvOptions], number[]]): Promise<void> {
  const [expected, pieces] = [
    await outcome(() => parseCsv(whole, how)),
    await outcome(() => readCsv(delayed(piecesOf(whole, parts)), how)),
  ]
  if (typeof expected === 'string' && typeof pieces === 'string') return
  if (JSON.stringify(expected) === JSON.stringify(pieces)) return
  throw new Error(`in pieces it is ${JSON.stringify(pieces)}, as a whole ${JSON.stringify(expected)}`)
}

const csv = [
  ...['csv', 'table', 'rows', 'head', 'dialect', 'cells', 'decimal', 'decode', 'gunzip', 'pieces', 'fills', 'columns'],
  ...['column-', 'number-', 'input-columns', 'target', 'read-targets', 'names'],
].map((name) => `src/data/${name}`)

/** Readers of text with rows of values. @param folder for temporary files */
export function tableReaders(folder: string): Reader<unknown>[] {
  const path = join(folder, 'table.csv')
  return [
    reader('CSV text', pair(text(texts), given), csv, ([one, how]) => parseCsv(one, how)),
    reader('CSV bytes', pair(bytes(files), given), csv, ([one, how]) => parseCsv(one, how)),
    reader('CSV columns', pair(bytes(files), given), csv, ([one, how]) => {
      const { delimiter, header, encoding, decimal, comment, maxUnpackedBytes } = how
      return csvColumns(one, { delimiter, header, encoding, decimal, comment, maxUnpackedBytes })
    }),
    reader('CSV inputs', pair(text(texts), inputFeatures), csv, ([one, features]) => parseCsvInputs(one, { features })),
    reader('CSV in pieces, as the whole', pair(pair(text(texts), given), lengths), csv, comparePieces),
    reader('CSV stream', pair(bytes(files), given), [...csv, 'src/node/csv-', 'src/node/spool'], async ([one, how]) => {
      writeFileSync(path, one)
      const stream = await streamCsv(path, { ...how, folder, seed: 1, test: 0.5 })
      try {
        await stream.train.take(10)
      } finally {
        stream.close()
      }
    }),
    reader('CSV file of inputs', pair(bytes(files), inputFeatures), [...csv, 'src/node/files'], async ([one, features]) => {
      writeFileSync(path, one)
      for await (const part of readCsvInputs(path, { features })) part.row(0)
    }), // prettier-ignore
  ]
}
