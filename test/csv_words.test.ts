import { describe, expect, it } from 'vitest'
import { InputError, parseCsv, split } from '../src/index.ts'

const animals = 'size,sex,wild,kind\n1.5,male,TRUE,cat\n2.5,female,FALSE,dog\n3.5,male,no,cat\n4.5,female,yes,dog\n'

describe('columns of words', () => {
  it('become one input per word, truth values 0 and 1', async () => {
    const data = await parseCsv(animals, { target: 'kind' })
    expect(data.features).toEqual(['size', 'sex', 'wild'])
    expect(data.encoding!.columns).toEqual([
      { kind: 'number' },
      { kind: 'category', categories: ['female', 'male'] },
      { kind: 'boolean' },
    ])
    expect(data.encoding!.inputNames(data.features!)).toEqual(['size', 'sex=female', 'sex=male', 'wild'])
    expect(data.inputs.toArray()).toEqual([[1.5, 0, 1, 1], [2.5, 1, 0, 0], [3.5, 0, 1, 0], [4.5, 1, 0, 1]]) // prettier-ignore
  })

  it('keep the categories of a model, and give zeros for unknown words', async () => {
    const { encoding } = await parseCsv(animals, { target: 'kind' })
    const other = await parseCsv('size,sex,wild,kind\n1,unknown,1,cat\n2,male,0,dog\n', {
      target: 'kind',
      columns: encoding,
    })
    expect(other.inputs.toArray()).toEqual([[1, 0, 0, 1], [2, 0, 1, 0]]) // prettier-ignore
    expect([...other.columns!.data].filter((place) => place === -1)).toHaveLength(1)
  })

  it.each([
    ['a,y\n1,u\n2,v\nx,u\n', "line 4, column 'a': found 'x', expected a finite number"],
    ['a,y\n1.5,1\n2.5,2\n3.5,9\n', undefined],
    [`a,y\n${Array.from({ length: 65 }, (_, i) => `w${i},${i % 2}`).join('\n')}\n`, /has 65 different words .* at most 64 are encoded; leave the column out \(on the command line: --drop\)/], // prettier-ignore
    ['a,b,y\n,1,u\n,2,v\n', /line 2, column 'a': the value is missing; so are line 3, column 'a'/],
  ])('%j', async (text, message) => {
    if (message === undefined) await parseCsv(text)
    else await expect(parseCsv(text)).rejects.toThrow(message)
    if (message !== undefined) await expect(parseCsv(text)).rejects.toThrow(InputError)
  })

  it('are refused where the model has numbers, and numbers where it has words', async () => {
    const { encoding } = await parseCsv(animals, { target: 'kind' })
    const read = (text: string) => parseCsv(text, { target: 'kind', columns: encoding })
    await expect(read('size,sex,wild,kind\nbig,male,1,cat\n1,male,0,dog\n')).rejects.toThrow(
      "line 2, column 'size': found 'big', expected a finite number",
    )
    await expect(read('size,sex,wild,kind\n1,male,3,cat\n1,male,0,dog\n')).rejects.toThrow(
      "line 2, column 'wild': found '3', expected true or false",
    )
  })

  it('a few numbers among words are categories', async () => {
    const data = await parseCsv('code,y\nA1,u\nB2,v\n7,u\nA1,v\n')
    expect(data.encoding!.columns).toEqual([{ kind: 'category', categories: ['7', 'A1', 'B2'] }])
    expect(data.inputs.row(2)).toEqual(Float32Array.of(1, 0, 0))
  })
})

describe('missing values', () => {
  const gaps = `a,b,y\n1,x,u\nNA,x,v\n3,?,u\n5,y,v\n,x,u\n`

  it('name the first three and the options', async () => {
    await expect(parseCsv(gaps)).rejects.toThrow(
      "CSV: line 3, column 'a': the value is missing ('NA'); so are line 4, column 'b'; line 6, column 'a'. Leave such rows",
    )
  })

  it('are dropped with their rows', async () => {
    const notes: string[] = []
    const data = await parseCsv(gaps, { missing: 'drop', onNote: (note) => notes.push(note) })
    expect(data.length).toBe(2)
    expect([...data.labels()]).toEqual([0, 1])
    expect(data.encoding!.missing).toBe('drop')
    expect(notes).toEqual(['3 of 5 rows have missing values: left out'])
  })

  it('are filled with the median and the most frequent word', async () => {
    const data = await parseCsv(gaps, { missing: 'impute' })
    expect(data.encoding!.columns).toEqual([
      { kind: 'number', fill: 3 },
      { kind: 'category', categories: ['x', 'y'], fill: 'x' },
    ])
    expect(data.inputs.toArray()).toEqual([[1, 1, 0], [3, 1, 0], [3, 1, 0], [5, 0, 1], [3, 1, 0]]) // prettier-ignore
  })

  it('are filled with what the training part has', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 5 === 0 ? '' : i * i},${i % 2 ? 'u' : 'v'}`)
    const data = await parseCsv(`a,y\n${rows.join('\n')}\n`, { missing: 'impute' })
    const { train, test } = split(data, { test: 0.5, seed: 1 })
    expect(test.encoding).toBe(train.encoding)
    const values = [...train.columns!.data].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
    const half = values.length / 2
    const median = (values[Math.floor(half - 0.5)]! + values[Math.floor(half)]!) / 2
    expect(train.encoding!.columns[0]!.fill).toBe(median)
    expect(data.encoding!.columns[0]!.fill).not.toBe(median)
  })
})
