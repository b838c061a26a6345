import { describe, expect, it } from 'vitest'
import { csvColumns, parseCsv, parseCsvInputs } from '../src/index.ts'
import { Random } from '../src/core/random.ts'

/** Whether the first row of a text is taken for a header. */
const hasHeader = async (text: string) => (await csvColumns(text)).header

const random = new Random(7, 'data')
const normal = () => (Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())).toFixed(2) // prettier-ignore
const rows = (count: number, row: (i: number) => (string | number)[]) =>
  Array.from({ length: count }, (_, i) => row(i).join(',')).join('\n')
const count = (n: number) => [...Array(n).keys()]
const plants = ['sedge', 'reed']

describe('a first row of digits that is a header', () => {
  it.each<[string, string]>([
    ['pandas, three columns and a class', `0,1,2,3\n${rows(40, (i) => [normal(), normal(), normal(), i % 2])}`],
    ['pandas, five rows', `0,1,2,3\n${rows(5, (i) => [normal(), normal(), normal(), i % 2])}`],
    ['pandas, two columns of fractions', `0,1\n${rows(30, () => [normal(), normal()])}`],
    ['pandas, a column and a class', `0,1\n${rows(30, (i) => [normal(), i % 2])}`],
    ['pandas, pixels', `${count(785).join(',')}\n${rows(12, (i) => [i % 10, ...count(784).map((j) => (i * j) % 256)])}`],
    ['pandas with its index', `,0,1,2\n${rows(20, (i) => [i, normal(), normal(), i % 2])}`],
    ['whole numbers of several ranges', `0,1,2,3\n${rows(50, (i) => [(i * 37) % 50, (i * 53) % 101, (i * 7) % 30, i % 2])}`],
    ['wavelengths and a word', `species,410,420,430\n${rows(40, (i) => [plants[i % 2]!, ...count(3).map((j) => 0.3 + (i % 7) / 50 + j / 100)])}`],
    ['wavelengths and a word at the end', `410.5,420.5,430.5,kind\n${rows(40, (i) => [0.31, 0.52, 0.3 + i / 100, plants[i % 2]!])}`],
    ['wavelengths over counts', `kind,410,420,430\n${rows(30, (i) => [plants[i % 2]!, 300 + ((i * 17) % 90), 200 + ((i * 31) % 250), 350 + ((i * 7) % 111)])}`],
    ['falling wave numbers', `kind,4000,3998,3996\n${rows(9, (i) => [plants[i % 2]!, normal(), normal(), normal()])}`],
    ['wavelengths over samples of different names', `,410,420\n${rows(9, (i) => [`s${i}`, normal(), normal()])}`],
    ['years beside words above numbers', 'id,2019,2020\n1,2.5,3.5\n2,4,1.5'],
    ['years and a word above numbers, no index', `rain,sun,2020\n${rows(9, () => [normal(), normal(), normal()])}`],
    ['a column number and a class name', `0,1,label\n${rows(30, (i) => [normal(), normal(), plants[i % 2]!])}`],
    ['words above words that occur often', `kind,colour\n${rows(9, (i) => [plants[i % 2]!, ['red', 'green', 'blue'][i % 3]!])}`],
    ['names with an empty one', ',a,b\n0,1,2\n1,3,4'],
    ['a column with missing values from its first row on', 'a,b\nNA,1\n?,2\n,3\n4,4'],
  ])('%s', async (_, text) => expect(await hasHeader(text)).toBe(true)) // prettier-ignore
})

describe('a first row that is a sample', () => {
  it.each<[string, string]>([
    ['NA among numbers', `4.1,NA,0.3,0\n${rows(20, (i) => [normal(), normal(), normal(), i % 2])}`],
    ['? among numbers', `3,2,38.5,?,3,1\n${rows(20, (i) => [i % 3, i % 5, 37.5, 60 + i, 3, i % 2])}`],
    ['an empty cell among numbers', `1.5,,3\n${rows(9, () => [normal(), normal(), normal()])}`],
    ['an empty cell at the beginning', ',2.5,3.25\n1.5,2.5,3.5\n1,2,3'],
    ['NaN and a class', `nan,2.5,sedge\n${rows(9, (i) => [normal(), normal(), plants[i % 2]!])}`],
    ['? and a class', `?,2.5,sedge\n${rows(9, (i) => [normal(), normal(), plants[i % 2]!])}`],
    ['numbers and a class', '5.1,3.5,setosa\n6.2,2.9,virginica'],
    ['whole numbers and a class', '1,2,3,a\n4,5,7,b\n7,8,9,a'],
    ['whole numbers in order and a class that occurs again', `1,2,3,reed\n${rows(9, (i) => [i, 4 * i, 7, plants[i % 2]!])}`],
    ['names of samples and small numbers', 'anna,1,2,3\nbob,4,0,2\ncarl,3,3,1'],
    ['xor', '0,0,0\n0,1,1\n1,0,1\n1,1,0'],
    ['xor that begins with 0, 1', '0,1\n1,0\n0,0\n1,1'],
    ['a line', '0,1\n1,3\n2,5\n3,7'],
    ['a line in fractions', '0,1\n0.1,1.3\n0.2,1.6\n0.3,1.9'],
    ['a cosine', `0,1\n${rows(9, (i) => [((i + 1) / 10).toFixed(1), Math.cos((i + 1) / 10).toFixed(4)])}`],
    ['windows of a sequence', rows(20, (i) => [i, i + 1, i + 2, i + 3, i + 4])],
    ['numpy.arange', '0,1,2\n3,4,5\n6,7,8'],
    ['numpy.arange of two rows', '0,1,2\n3,4,5'],
    ['a row of digits', '0,1,2,3'],
    ['ranks', '0,1,2,3,4\n4,3,2,1,0\n1,0,2,4,3\n2,1,0,3,4'],
    ['levels', `0,1,2\n${rows(30, (i) => [i % 3, (i >> 1) % 3, (i * 2) % 3])}`],
    ['words that occur again', `p,x,s\n${rows(30, (i) => ['ep'[i % 2]!, 'xb'[(i >> 1) % 2]!, 'sy'[(i >> 2) % 2]!])}`],
    ['a typing error in a row of fractions', '5.1,3.5,1.4x\n4.9,3.0,1.3\n4.7,3.2,1.2'],
    ['decimal commas', '3,12;-2,31;reed\n2,74;0,90;sedge\n4,00;-0,02;reed'],
    ['infinity', 'inf,2,3\n1,2,3\n4,5,6'],
  ])('%s', async (_, text) => expect(await hasHeader(text)).toBe(false)) // prettier-ignore
})

describe('header', () => {
  it('keeps all samples below a header of digits, and its names', async () => {
    const text = `0,1,2,3\n${rows(40, (i) => [normal(), normal(), normal(), i % 2])}`
    const data = await parseCsv(text)
    expect([data.length, data.features, data.classes]).toEqual([40, ['0', '1', '2'], ['0', '1']])
    const spectra = `species,410,420,430\n${rows(40, (i) => [plants[i % 2]!, 0.3, 0.4, 0.5])}`
    for (const target of [0, '0', 'species']) {
      const data = await parseCsv(spectra, { target })
      expect([data.length, data.features, data.classes]).toEqual([40, ['410', '420', '430'], ['reed', 'sedge']])
    }
  })

  it('takes a target that is no column number for a name', async () => {
    const text = 'a,b,2020\n1,2,3\n4,5,6\n'
    expect((await parseCsv(text, { target: '2020' })).features).toEqual(['a', 'b'])
    expect((await parseCsv('7,8,2020\n1,2,3\n4,5,6\n', { target: '2020' })).length).toBe(2)
    expect((await parseCsv('7,8,2\n1,2,3\n4,5,6\n', { target: '2' })).length).toBe(3)
    expect((await parseCsv('1.5,2,a\n3,4,b\n5,6,a\n', { target: 'a' })).length).toBe(2)
  })

  it('names line and column of a marker in the first row', async () => {
    const text = `4.1,NA,0.3,0\n${rows(20, (i) => [normal(), normal(), normal(), i % 2])}`
    await expect(parseCsv(text)).rejects.toThrow("CSV: line 1, column 1 (counted from 0): the value is missing ('NA')")
  })

  it.each([true, 'yes'] as const)('%s takes the first row for names, %s does not', async (header) => {
    expect((await parseCsv('1,2,3\n4,5,7\n', { header })).features).toEqual(['1', '2'])
    expect((await parseCsv('1,2,3\n4,5,7\n', { header: 'no' })).length).toBe(2)
    expect((await parseCsv('0,1,2,3\n0.5,0.5,0.5,7.5\n', { header: 'auto' })).length).toBe(2)
    const numbered = `0,1,2\n${rows(9, () => [normal(), normal(), normal()])}`
    expect((await parseCsv(numbered)).length).toBe(9)
    expect((await parseCsv(numbered, { header: false })).length).toBe(10)
    await expect(parseCsv('1,2\n', { header: 'perhaps' as 'auto' })).rejects.toThrow(
      "header: expected auto, yes or no (true or false), got 'perhaps'",
    )
  })

  it('says when it takes digits for names', async () => {
    const notes: string[] = []
    const onNote = (text: string) => notes.push(text)
    await parseCsvInputs(`0,1\n${rows(9, () => [normal(), normal()])}`, { onNote })
    expect(notes).toEqual(["line 1 ('0, 1') is the header; header: false (--header no) reads it as values"])
    await parseCsvInputs('a,b\n1,2\n', { onNote })
    expect(notes).toHaveLength(1)
  })
})
