import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  adam,
  Dataset,
  datasetFromNpz,
  fit,
  fromSafetensors,
  Network,
  parseCsv,
  parseNpy,
  regressionReport,
  scale,
  sgd,
  standardize,
  Trainer,
} from '../src/index.ts'
import { expectClose } from './close.ts'
import { houses, kinds, randomNumbers, tableOf } from './cases.ts'

const head = ['a', 'b', 'c', 'kind']
const samples = kinds()
const options = { backend: 'cpu', loss: 'crossEntropy', seed: 1 } as const
const values = (rows: readonly (readonly string[])[]) => rows.map((row) => row.slice(0, 3).map(Number))

/** What was noted, and the data. */
async function read(text: string | Uint8Array, more: Parameters<typeof parseCsv>[1] = {}) {
  const notes: string[] = []
  const data = await parseCsv(text, { ...more, onNote: (line) => notes.push(line) })
  return { data, notes }
}

describe('files as they are in practice', () => {
  it('01: a header of digits, as pandas writes it, is no sample; so is one of wavelengths', async () => {
    const pandas = await read(tableOf([['0', '1', '2', '3'], ...samples]))
    expect([pandas.data.length, pandas.data.classes]).toEqual([40, ['reed', 'sedge']])
    expect(pandas.notes).toEqual([expect.stringMatching(/^line 1 \('0, 1, 2, 3'\) is the header; .*--header no/)])
    const rows = samples.map(([a, b, c, kind]) => [kind!, a!, b!, c!])
    const text = tableOf([['species', '410', '420', '430'], ...rows])
    for (const target of [0, 'species']) {
      const { data } = await read(text, { target })
      expect([data.length, data.features, data.classes]).toEqual([40, ['410', '420', '430'], ['reed', 'sedge']])
    }
  })

  it.each(['NA', '?'])('02: %s in the first row is a missing value, not a header', async (marker) => {
    const text = tableOf([['4.1', marker, '0.3', 'reed'], ...samples])
    await expect(parseCsv(text)).rejects.toThrow(
      `line 1, column 1 (counted from 0): the value is missing ('${marker}'). Leave such rows out with missing: 'drop'`,
    )
    expect((await read(text, { missing: 'impute' })).data.length).toBe(41)
    expect((await read(text, { missing: 'drop' })).data.inputs.toArray()[0]).toEqual(values(samples)[0]!.map(Math.fround)) // prettier-ignore
  })

  it('03, 16: a network that was saved keeps scaling and classes', async () => {
    const far = samples.map(([a, b, c, kind]) => [String(1000 + Number(a)), b!, c!, kind!])
    const data = await parseCsv(tableOf([head, ...far]))
    const network = Network.create({ sizes: [3, 8, 2], hidden: 'relu', output: 'softmax', seed: 1 })
    await fit(network, scale(data, standardize(data)), { ...options, optimizer: adam({ learningRate: 0.02 }), epochs: 60 }) // prettier-ignore
    const saved = Network.fromJSON(JSON.parse(JSON.stringify(network)))
    const trainer = await Trainer.create(saved, { backend: 'cpu', loss: 'crossEntropy' })
    expect((await trainer.evaluate(data)).accuracy).toBe(1)
    expectClose((await trainer.predict(values(far))).data, saved.predict(values(far)).data, {
      name: 'answers',
      atol: 1e-6,
    })
    trainer.dispose()
    expect(saved.classify(values(far)).map((one) => one.class)).toEqual(far.map((row) => row[3]))
  })

  it('04: the accuracy of several labels is the share of labels that are right', async () => {
    const random = randomNumbers()
    const x = Array.from({ length: 200 }, () => [random(), random()])
    const y = x.map((row) => row.map((value) => Number(value > 0)))
    const network = Network.from({ sizes: [2, 2], activations: ['sigmoid'], weights: [new Float32Array([50, 0, 0, 50])], biases: [new Float32Array(2)] }) // prettier-ignore
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'binaryCrossEntropy' })
    expect(await trainer.evaluate(Dataset.from(x, y))).toMatchObject({ accuracy: 1, exactMatch: 1 })
    trainer.dispose()
  })

  it('05: values are standardized before they become float32', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => [String(1_700_000_000 + i), i < 50 ? 'early' : 'late'])
    const data = await parseCsv(tableOf([['time', 'kind'], ...rows]))
    const scaled = scale(data, standardize(data)).inputs.toArray().flat()
    expect(new Set(scaled).size).toBe(100)
    scaled.forEach((value, i) => {
      expect(value).toBeCloseTo((i - 49.5) / Math.sqrt((100 ** 2 - 1) / 12), 6)
    })
  })

  it('07: R² of a constant target is 0, and 1 where it is hit', () => {
    const data = Dataset.from([[1], [2], [3]], [3.3, 3.3, 3.3])
    expect(regressionReport([[3.2], [3.3], [3.4]], data).targets[0]!.r2).toBe(0)
    expect(regressionReport(data.targets, data).targets[0]!.r2).toBe(1)
  })

  it.each([';', '\t'])(
    '08: five rows of two columns, with %j between values and a line break at the end',
    async (delimiter) => {
      const { data } = await read(tableOf([['a', 'b'], ...[1.5, 2.5, 3.25, 4, 5].map((a) => [a, 3 * a])], delimiter), { task: 'regression' }) // prettier-ignore
      expect([data.inputs.toArray(), data.targets.toArray()]).toEqual([[[1.5], [2.5], [3.25], [4], [5]], [[4.5], [7.5], [9.75], [12], [15]]]) // prettier-ignore
    },
  )

  it('12: a column whose name is digits is found by that name', async () => {
    const text = tableOf([['2018', '2019', '2020'], ...values(samples)])
    expect((await parseCsv(text, { target: '2020', task: 'regression' })).features).toEqual(['2018', '2019'])
  })

  it('15: classes may mix words and numbers', async () => {
    const grades = samples.map((row, i) => [row[0]!, ['1', '2', 'unknown'][i % 3]!])
    const text = tableOf([['a', 'grade'], ...grades])
    await expect(parseCsv(text)).rejects.toThrow("line 4, column 'grade': found 'unknown', expected a finite number, as in most rows; task: 'classification' (--task classification)") // prettier-ignore
    expect((await parseCsv(text, { task: 'classification' })).classes).toEqual(['1', '2', 'unknown'])
    expect((await parseCsv(text, { numbers: 'classes' })).classes).toEqual(['1', '2', 'unknown'])
  })

  it('17: regression targets have no accuracy', async () => {
    const network = Network.create({ sizes: [1, 3, 1], seed: 1 })
    const history = await fit(network, Dataset.from([[1], [2], [3], [4]], [3, 4, 5, 6]), { backend: 'cpu', epochs: 2, seed: 1 }) // prettier-ignore
    expect(network.task).toBe('regression')
    expect(history.epochs.map(({ accuracy }) => accuracy)).toEqual([undefined, undefined])
    const line = Network.create({ sizes: [1, 1], activations: ['linear'], seed: 1 })
    const x = Array.from({ length: 20 }, (_, i) => [i + 1])
    const diverging = fit(line, Dataset.from(x, x), { backend: 'cpu', loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1 }), epochs: 50, seed: 1 }) // prettier-ignore
    await expect(diverging).rejects.toThrow(/the training loss became .* lower the learning rate/)
  })

  it('18: fit with x and y says what it expects', async () => {
    const network = Network.create({ sizes: [1, 1], seed: 1 })
    const call = fit as unknown as (...args: unknown[]) => Promise<unknown>
    await expect(call(network, [[0], [1]], [0, 1], { epochs: 1 })).rejects.toThrow('train: expected a Dataset (Dataset.from(x, y) makes one), got an array of 2') // prettier-ignore
  })

  it('31: missing values are named, left out or filled, with a count', async () => {
    const rows = samples.map((row, i) =>
      i === 4 ? ['', ...row.slice(1)] : i === 7 ? [row[0]!, 'NA', '?', row[3]!] : row,
    )
    const text = tableOf([head, ...rows])
    await expect(parseCsv(text)).rejects.toThrow("line 6, column 'a': the value is missing; so are line 9, column 'b'; line 9, column 'c'. Leave") // prettier-ignore
    const dropped = await read(text, { missing: 'drop' })
    expect([dropped.data.length, dropped.notes]).toEqual([38, ['2 of 40 rows have missing values: left out']])
    const filled = await read(text, { missing: 'impute' })
    expect(filled.notes).toEqual(["2 of 40 rows have missing values: filled with the column's median or most frequent value"]) // prettier-ignore
    const known = rows.map(([a]) => a!).filter((a) => a !== '').map(Number).sort((a, b) => a - b) // prettier-ignore
    expect(filled.data.inputs.toArray()[4]![0]).toBeCloseTo(known[19]!, 6)
  })

  it('32: words are one-hot and truth values 0 and 1, also in another order and with unseen words', async () => {
    const all = await read(tableOf([['area', 'district', 'garden', 'price'], ...houses()]))
    expect(all.data.encoding!.inputNames(all.data.features!)).toEqual(['area', 'district=east', 'district=north', 'district=south', 'garden']) // prettier-ignore
    const known = { features: all.data.features, columns: all.data.encoding, task: 'regression' as const }
    const other = await read('garden,price,district,area\nTRUE,1,west,50\nno,2,south,60\nno,3,west,70\n', { ...known, target: 'price' }) // prettier-ignore
    expect(other.data.inputs.toArray()).toEqual([[50, 0, 0, 0, 1], [60, 0, 0, 1, 0], [70, 0, 0, 0, 0]]) // prettier-ignore
    expect(other.notes).toEqual(["column 'district': 2 values are categories that the training data do not have, the first 'west' in line 2; all inputs of the column are 0 there"]) // prettier-ignore
    const numbers = 'area,district,garden,price\n50,1,yes,1\n60,2,no,2\n'
    await expect(parseCsv(numbers, known)).rejects.toThrow("line 2, column 'district': found '1', expected words as in the training data (east, north, south)") // prettier-ignore
    await expect(parseCsv('area,district,garden,price\n50,east,maybe,1\n60,east,no,2\n', known)).rejects.toThrow("line 2, column 'garden': found 'maybe', expected true or false") // prettier-ignore
    await expect(parseCsv('area,district,garden,price\nbig,east,yes,1\n', known)).rejects.toThrow("line 2, column 'area': found 'big', expected a finite number") // prettier-ignore
  })

  it('32: all columns with too many words are named at once; one category is an input', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [`k${i}`, `t${i % 100}`, 'same', i % 7, i % 2])
    const text = tableOf([['key', 'tag', 'one', 'a', 'y'], ...rows])
    await expect(parseCsv(text)).rejects.toThrow(
      /^CSV: column 'key' has 10000 different words \(k0, k1, k10, …\), at most 64 are encoded; column 'tag' has 100 different words .* Leave these columns out .*--drop\)$/,
    )
    const { data } = await read(text, { drop: ['key', 'tag'] })
    expect(data.encoding!.inputNames(data.features!)).toEqual(['one=same', 'a'])
  })

  it('33: row numbers without a name are left out, named ones are used, both with a note', async () => {
    const numbered = samples.map((row, i) => [String(i), ...row])
    const unnamed = await read(tableOf([['', ...head], ...numbered]))
    expect([unnamed.data.features, unnamed.notes]).toEqual([['a', 'b', 'c'], ['the first column has no name and holds row numbers: it is left out']]) // prettier-ignore
    const named = await read(tableOf([['id', ...head], ...numbered]))
    expect(named.data.features).toEqual(['id', 'a', 'b', 'c'])
    expect(named.notes).toEqual([expect.stringMatching(/^column 'id' numbers the rows; .*--drop/)])
    expect((await read(tableOf([['id', ...head], ...numbered]), { drop: ['id', 'b'] })).data.features).toEqual(['a', 'c']) // prettier-ignore
    expect((await read(tableOf([['id', ...head], ...numbered]), { features: ['c', 'a'] })).data.inputs.toArray()[0]).toEqual([samples[0]![2], samples[0]![0]].map((v) => Math.fround(Number(v)))) // prettier-ignore
  })

  it('34: spaces between values, and in front', async () => {
    const text = values(samples).map((row) => `  ${row.map((value) => value.toFixed(2)).join('   ')}\n`).join('') // prettier-ignore
    const { data } = await read(text, { task: 'regression' })
    expect([data.length, data.inputs.cols, data.targets.data[3]]).toEqual([40, 2, Math.fround(values(samples)[3]![2]!)]) // prettier-ignore
  })

  it('35: decimal commas, thousands and percent signs', async () => {
    const rows = samples.map((row) => row.map((value) => value.replace('.', ',')))
    for (const text of [tableOf([head, ...rows], ';'), tableOf(rows, ';')]) {
      expect((await parseCsv(text)).inputs.toArray()[5]).toEqual(values(samples)[5]!.map(Math.fround))
    }
    const { data } = await read('a;b;y\n1.234,5;12 %;0,5\n2.000,0;7 %;1,5\n', { task: 'regression' })
    expect(data.inputs.toArray()).toEqual([[1234.5, 12], [2000, 7]]) // prettier-ignore
  })

  it('36: what spreadsheets and R leave in a file', async () => {
    const rows = [head, ...samples]
    const plain = await parseCsv(tableOf(rows))
    const same = {
      'sep=;': `sep=;\n${tableOf(rows, ';')}`,
      'rows of commas': `${tableOf(rows)},,,\n,,,\n`,
      'a delimiter at the end of every line': tableOf(rows.map((row) => [...row, ''])),
      'comments and a title': `# made by hand\n# in May\n${tableOf(rows)}`,
      'row names of R': tableOf([head, ...samples.map((row, i) => [`r${i}`, ...row])]),
      'spaces before quotes': tableOf(rows.map((row) => row.map((cell) => `"${cell}"`)), ', '), // prettier-ignore
    }
    for (const [name, text] of Object.entries(same)) {
      const { data } = await read(text)
      expect([name, data.features, data.inputs.toArray(), data.classes]).toEqual([name, ['a', 'b', 'c'], plain.inputs.toArray(), ['reed', 'sedge']]) // prettier-ignore
    }
    const twice = await read(tableOf([['a', 'a', 'c', 'kind'], ...samples]))
    expect([twice.data.features, twice.notes[0]]).toEqual([['a', 'a.1', 'c'], "line 1: column 1 (counted from 0) has the name 'a', as another has; it is called 'a.1'"]) // prettier-ignore
  })

  it('37: UTF-16, Windows-1252 and gzip', async () => {
    const text = tableOf([['a', 'b', 'c', 'größe'], ...samples])
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
    expect((await parseCsv(utf16, { target: 'größe' })).length).toBe(40)
    expect((await parseCsv(gzipSync(text), { target: 'größe' })).length).toBe(40)
    await expect(parseCsv(Buffer.from(text, 'latin1'))).rejects.toThrow("encoding: 'windows-1252' (--encoding windows-1252)") // prettier-ignore
    expect((await parseCsv(Buffer.from(text, 'latin1'), { encoding: 'windows-1252', target: 'größe' })).length).toBe(40)
  })

  it('41: two layers of any names that chain, without a bias', () => {
    const header = JSON.stringify({
      'fc1.weight': { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
      'fc2.weight': { dtype: 'F32', shape: [1, 2], data_offsets: [8, 16] },
    })
    const bytes = Buffer.concat([
      Buffer.alloc(8),
      Buffer.from(header),
      Buffer.from(Float32Array.of(1, -1, 2, 3).buffer),
    ])
    bytes.writeBigUInt64LE(BigInt(header.length))
    const network = fromSafetensors(bytes, { activations: ['relu', 'linear'] })
    // relu(x), relu(−x), times 2 and 3.
    expect(network.predict([[2], [-2]]).toArray()).toEqual([[4], [6]])
  })

  it('42: NA of a target is missing, not a class', async () => {
    const rows = samples.map((row, i) => (i === 4 ? [...row.slice(0, 3), 'NA'] : row))
    await expect(parseCsv(tableOf([head, ...rows]))).rejects.toThrow("line 6, column 'kind': found 'NA', expected the name of a class; missing: 'drop' (--missing drop)") // prettier-ignore
    const { data, notes } = await read(tableOf([head, ...rows]), { missing: 'drop' })
    expect([data.length, data.classes, notes]).toEqual([39, ['reed', 'sedge'], ['1 row has no target: left out']])
    // Gaps in inputs are filled, or the rows left out, whatever is done with rows without a target.
    const text = 'a,b,c\n1,,2.5\n2,3,\n4,5,6.5\n'
    const filled = await parseCsv(text, { missing: 'impute', missingTargets: 'drop' })
    expect([filled.inputs.toArray(), [...filled.targets.data]]).toEqual([
      [
        [1, 5],
        [4, 5],
      ],
      [2.5, 6.5],
    ])
    await expect(parseCsv(text, { missing: 'drop', missingTargets: 'error' })).rejects.toThrow("line 3, column 'c'")
    await expect(parseCsv(text, { missing: 'impute' })).rejects.toThrow("line 3, column 'c'")
  })

  it('45: parseNpy names the reader of a zip archive', async () => {
    expect(() => parseNpy(Buffer.from('PK\x03\x04 and more'))).toThrow(/zip archive.*parseNpz reads those/)
    await expect(datasetFromNpz(Buffer.from('PK\x03\x04 and more'))).rejects.toThrow(
      'npz: not a zip archive, or cut short',
    )
  })
})
