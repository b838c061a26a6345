import { describe, expect, it } from 'vitest'
import { csvColumns } from '../src/data/columns.ts'
import { parseCsvInputs } from '../src/data/csv-inputs.ts'
import { type CsvInputsOptions, type CsvOptions, parseCsv } from '../src/data/csv.ts'
import { InputError } from '../src/core/errors.ts'

const iris = 'length,width,kind\n5.1,3.5,setosa\n6.2,2.9,virginica\n4.9,3,setosa\n'
const f32 = (rows: number[][]) => rows.map((row) => row.map(Math.fround))

async function expectError(work: Promise<unknown>, message: string | RegExp) {
  await expect(work).rejects.toThrow(InputError)
  await expect(work).rejects.toThrow(typeof message === 'string' ? new InputError(message) : message)
}

describe('parseCsv', () => {
  it('reads a header, numbers, and classes from the last column', async () => {
    const data = await parseCsv(iris)
    expect(data.features).toEqual(['length', 'width'])
    expect(data.inputs.toArray()).toEqual(f32([[5.1, 3.5], [6.2, 2.9], [4.9, 3]])) // prettier-ignore
    expect(data.classes).toEqual(['setosa', 'virginica'])
    expect(data.targets.toArray()).toEqual([[1, 0], [0, 1], [1, 0]]) // prettier-ignore
  })

  it.each([
    ['a BOM', `\ufeff${iris}`],
    ['CRLF', iris.replaceAll('\n', '\r\n')],
    ['CR', iris.replaceAll('\n', '\r')],
    ['blank lines', `\n${iris.replaceAll('\n', '\n\n')}   \n`],
    ['no line end at the end', iris.trimEnd()],
    ['semicolons', iris.replaceAll(',', ';')],
    ['tabs', iris.replaceAll(',', '\t')],
    ['spaces after commas', iris.replaceAll(',', ', ')],
    ['quotes', iris.replace(/[^,\n]+/g, '"$&"')],
  ])('reads the same with %s', async (_, text) => {
    const [data, plain] = [await parseCsv(text), await parseCsv(iris)]
    expect(data.inputs.toArray()).toEqual(plain.inputs.toArray())
    expect(data.targets.toArray()).toEqual(plain.targets.toArray())
    expect([data.features, data.classes]).toEqual([plain.features, plain.classes])
  })

  it('treats the first row as a sample if it looks like the second', async () => {
    const data = await parseCsv('5.1,3.5,setosa\n6.2,2.9,virginica\n')
    expect(data.length).toBe(2)
    expect(data.features).toBeUndefined()
    expect((await parseCsv('1,2,3\n4,5,7.5\n')).length).toBe(2)
    expect((await parseCsv('1,2,3\n')).inputs.toArray()).toEqual([[1, 2]])
  })

  it('treats a first row with a word above a number as a header, unless the option overrides it', async () => {
    expect((await parseCsv('id,2019,2020\n1,2.5,3.5\n2,4,1.5\n')).features).toEqual(['id', '2019'])
    expect((await parseCsv('1,2,3\n4,5,7.5\n', { header: true })).features).toEqual(['1', '2'])
    await expect(parseCsv('a,b\n1,2\n', { header: false, target: 1, features: ['x'] })).rejects.toThrow(
      "CSV: line 1, column 0 (counted from 0): found 'a', expected a finite number",
    )
  })

  it.each([
    ['width', ['length', 'height'], [2, 5]],
    [1, ['length', 'height'], [2, 5]],
    ['1', ['length', 'height'], [2, 5]],
    [-3, ['width', 'height'], [1.5, 4]],
    [undefined, ['length', 'width'], [3, 6]],
  ])('accepts the target %j', async (target, features, values) => {
    const data = await parseCsv('length,width,height\n1.5,2,3\n4,5,6\n', { target })
    expect(data.features).toEqual(features)
    expect([...data.targets.data]).toEqual(values)
    expect(data.classes).toBeUndefined()
  })

  it('accepts several targets: numbers, or one-hot columns', async () => {
    const text = 'x,no,yes\n0.5,1,0\n0.7,0,1\n'
    const numbers = await parseCsv(text, { target: ['yes', 'no'] })
    expect(numbers.targets.toArray()).toEqual([[0, 1], [1, 0]]) // prettier-ignore
    expect(numbers.classes).toBeUndefined()
    const classes = await parseCsv(text, { target: ['no', 2], task: 'classification' })
    expect(classes.targets.toArray()).toEqual([[1, 0], [0, 1]]) // prettier-ignore
    expect(classes.classes).toEqual(['no', 'yes'])
    await expectError(
      parseCsv('x,no,yes\n0.5,1,0\n0.7,1,1\n', { target: [1, 2], task: 'classification' }),
      'CSV: line 3: expected one 1 and else 0 in the target columns, got 1, 1',
    )
  })

  it('distinguishes classes from regression targets among numbers', async () => {
    const column = (values: number[]) => values.map((value, i) => `${i + 0.5},${value}`).join('\n')
    expect((await parseCsv(column([10, 2, 10, 2]))).classes).toEqual(['2', '10'])
    expect((await parseCsv(column([0, 1, 1, 0]))).targets.toArray()).toEqual([[1, 0], [0, 1], [0, 1], [1, 0]]) // prettier-ignore
    expect((await parseCsv(column([1, 2, 3, 4]))).classes).toBeUndefined()
    expect((await parseCsv(column([1, 1, 0.5, 0.5]))).classes).toBeUndefined()
    expect((await parseCsv(column([3, 3, 3, 3]))).classes).toBeUndefined()
    const range = (count: number) => [...Array(count).keys()]
    expect((await parseCsv(column([...range(20), ...range(20)]))).classes).toHaveLength(20)
    expect((await parseCsv(column([...range(21), ...range(21)]))).classes).toBeUndefined()
    expect((await parseCsv(column([0, 1, 1, 0]), { task: 'regression' })).targets.toArray()).toEqual([[0], [1], [1], [0]]) // prettier-ignore
    expect((await parseCsv(column([1, 2, 3]), { task: 'classification' })).classes).toEqual(['1', '2', '3'])
  })

  it('maps to the classes and features of a saved model', async () => {
    const text = 'kind,width,other,length\nvirginica,1,x,2\nsetosa,3,y,4\n'
    const known = { features: ['length', 'width'], classes: ['virginica', 'versicolor', 'setosa'] }
    const data = await parseCsv(text, { ...known, target: 'kind' })
    expect(data.inputs.toArray()).toEqual([[2, 1], [4, 3]]) // prettier-ignore
    expect(data.targets.toArray()).toEqual([[1, 0, 0], [0, 0, 1]]) // prettier-ignore
    expect([data.features, data.classes]).toEqual([known.features, known.classes])
    const last = await parseCsv('kind,a\nu,1\nv,2\n', { features: ['a'] })
    expect(last.classes).toEqual(['u', 'v'])
    expect((await parseCsv('a,y\n1,1.0\n2,0\n', { classes: ['0', '1'] })).targets.toArray()).toEqual([[0, 1], [1, 0]]) // prettier-ignore
    await expectError(
      parseCsv(text, { ...known, classes: ['setosa', 'versicolor'], target: 'kind' }),
      "CSV: line 2, column 'kind': found 'virginica', expected one of the classes setosa, versicolor",
    )
  })

  it('counts lines as the file does: line breaks in quotes and blank lines, too', async () => {
    const text = 'x,"the\nclass",y\n1,a,2\n\n3,"b\n\nb",oops\n4,c,5\n'
    await expectError(parseCsv(text, { target: 1 }), "CSV: line 5, column 'y': found 'oops', expected a finite number")
  })

  it.each<[string, CsvOptions, string | RegExp]>([
    ['', {}, 'CSV: the file is empty, expected rows of values'],
    ['\n \n', {}, 'CSV: the file is empty, expected rows of values'],
    ['a,b,c\n', {}, 'CSV: only a header (line 1), expected rows of values below it'],
    ['a,b\n1,2\n3\n', {}, 'CSV: line 3: expected 2 values, as many as line 1 has, got 1'],
    ['a,b\n1,2\n3,4,5\n', {}, 'CSV: line 3: expected 2 values, as many as line 1 has, got 3'],
    ['a,b\n1,2\nx,4\n', {}, "CSV: line 3, column 'a': found 'x', expected a finite number"],
    ['a,b\n1,2\n0x10,4\n', {}, "CSV: line 3, column 'a': found '0x10', expected a finite number"],
    [
      'a,b\n1,2\n,4\n',
      {},
      "CSV: line 3, column 'a': the value is missing. Leave such rows out with missing: 'drop', or fill them with 'impute' (on the command line: --missing drop, --missing impute)",
    ],
    [
      'a,b\nNaN,2\n3,4\n',
      {},
      "CSV: line 2, column 'a': the value is missing ('NaN'). Leave such rows out with missing: 'drop', or fill them with 'impute' (on the command line: --missing drop, --missing impute)",
    ],
    ['a,b\n1,2\n-inf,4\n', {}, "CSV: line 3, column 'a': found '-inf', expected a finite number"],
    [
      '1,nan,0.5\n1,2,3\n',
      {},
      "CSV: line 1, column 1 (counted from 0): the value is missing ('nan'). Leave such rows out with missing: 'drop', or fill them with 'impute' (on the command line: --missing drop, --missing impute)",
    ],
    ['a,b\n1e39,2\n', {}, /^CSV: line 2, column 'a': found '1e39', expected a number that float32 can hold/],
    ['a,b\n1,2\n3,\n', {}, /^CSV: line 3, column 'b': the value is missing, expected a finite number; missing: 'drop'/],
    [
      'a,b\n1,u\n3,\n5,v\n',
      {},
      /^CSV: line 3, column 'b': the value is missing, expected the name of a class; missing: 'drop'/,
    ],
    [
      'a,b\n1,u\n3,nan\n5,v\n',
      {},
      /^CSV: line 3, column 'b': found 'nan', expected the name of a class; missing: 'drop' \(--missing drop\) leaves such rows out$/,
    ],
    [
      'a,b\n1,2\n3,oops\n',
      {},
      /^CSV: line 3, column 'b': found 'oops', expected a finite number, as in most rows; task: 'classification' \(--task classification\)/,
    ],
    ['a,b\n1,2\n3,oops\n', { task: 'regression' }, "CSV: line 3, column 'b': found 'oops', expected a finite number"],
    ['a,b\n1,u\n3,u\n', {}, "CSV: column 'b': every value is 'u', expected two or more"],
    ['a,b\n"1,2\n3,4\n', {}, 'CSV: line 2: a quoted value (") is never closed'],
    ['a,b\n1,2\n"3"x,4\n', {}, 'CSV: line 3: a quoted value (") is not followed by a delimiter'],
    [
      iris,
      { target: 'knd' },
      "target: the file has no column 'knd' (did you mean 'kind'?); it has length, width, kind",
    ],
    [iris, { target: 3 }, 'target: expected a column from 0 to 2, or back from -1, got 3'],
    [iris, { target: 0.5 }, 'target: expected a column from 0 to 2, or back from -1, got 0.5'],
    [iris, { target: [] }, "target: expected a column's name or number, or several of them, got an array of 0"],
    [iris, { target: ['kind', 2] }, "target: column 'kind' is listed twice"],
    ['1,2\n', { target: 'y' }, "target: expected a column's name or number, got 'y' in a file without header"],
    [iris, { features: ['length', 'kind'], target: 'kind' }, "target: 'kind' is one of the features, too"],
    [iris, { features: ['lenth'] }, /^features: the file has no column 'lenth' \(did you mean 'length'\?\)/],
    ['1,2,3\n', { features: ['a'] }, /^CSV: expected 1 input columns \(a\), got 2;/],
    ['a\n1\n', {}, 'CSV: every column is a target, expected at least one input column'],
    [iris, { classes: ['a', 'b'], task: 'regression' }, /^classes: a regression has none/],
    [
      iris,
      { delimiter: '||' },
      "delimiter: expected one character, such as ',' or ';', or auto, tab, pipe or space, got '||'",
    ],
    [iris, { tagret: 'kind' } as CsvOptions, /unknown name 'tagret' \(did you mean 'target'\?\)/],
    [iris, { task: 'clasification' as 'classification' }, /^task: unknown name/],
    [
      undefined as unknown as string,
      {},
      'text: expected the text of a CSV file, or its bytes (Uint8Array), got undefined',
    ],
  ])('refuses %j with %j', (text, options, message) => expectError(parseCsv(text, options), message))

  it('refuses a last column of names that are not classes', async () => {
    const text = Array.from({ length: 30 }, (_, i) => `${i},name${i}`).join('\n')
    await expectError(
      parseCsv(text),
      /^CSV: column 1 \(counted from 0\): 30 different words in 30 rows are no classes; name the column/,
    )
    expect((await parseCsv(text, { task: 'classification' })).classes).toHaveLength(30)
  })
})

describe('parseCsvInputs', () => {
  it('selects the features by name and ignores other columns', async () => {
    const read = await parseCsvInputs(iris, { features: ['width', 'length'] })
    expect(read.inputs.toArray()).toEqual(f32([[3.5, 5.1], [2.9, 6.2], [3, 4.9]])) // prettier-ignore
    expect(read.features).toEqual(['width', 'length'])
  })

  it('uses all columns by default', async () => {
    const named = await parseCsvInputs('a,b\n1,2\n')
    expect([named.inputs.toArray(), named.features]).toEqual([[[1, 2]], ['a', 'b']])
    const unnamed = await parseCsvInputs('1,2\n3,4\n')
    expect([unnamed.inputs.toArray(), unnamed.features]).toEqual([[[1, 2], [3, 4]], ['x0', 'x1']]) // prettier-ignore
    const known = await parseCsvInputs('1,2\n3,4\n', { features: ['a', 'b'] })
    expect([known.inputs.rows, known.features]).toEqual([2, ['a', 'b']])
  })

  it('recognises a header of numbers if it names the features', async () => {
    const read = await parseCsvInputs('0,1\n5,6\n', { features: ['1', '0'] })
    expect(read.inputs.toArray()).toEqual([[6, 5]])
  })

  it.each<[string, CsvInputsOptions, string | RegExp]>([
    [iris, {}, "CSV: line 2, column 'kind': found 'setosa', expected a finite number"],
    ['1,2,3\n', { features: ['a', 'b'] }, /^CSV: expected 2 input columns \(a, b\), got 3;/],
    [iris, { features: ['widht', 'length'] }, /^features: the file has no column 'widht' \(did you mean 'width'\?\)/],
    [iris, { features: [] }, 'features: expected a list of column names, got an array of 0'],
    [iris, { features: ['width', 'width'] }, "features: 'width' is listed twice"],
    [iris, { target: 'kind' } as CsvInputsOptions, /^parseCsvInputs option: unknown name 'target'/],
  ])('refuses %j with %j', (text, options, message) => expectError(parseCsvInputs(text, options), message))
})

describe('csvColumns', () => {
  it('describes the content of each column', async () => {
    expect(await csvColumns('length,kind,id\n5.1,setosa,1\n6.2,virginica,2\n6.2,setosa,3\n')).toEqual({
      rows: 3,
      header: true,
      columns: [
        { name: 'length', kind: 'number', problem: undefined, numeric: true, distinct: 2, missing: 0 },
        { name: 'kind', kind: 'category', problem: undefined, numeric: false, distinct: 2, missing: 0 },
        { name: 'id', kind: 'number', problem: undefined, numeric: true, distinct: 3, missing: 0 },
      ],
    })
  })

  it('numbers the columns of a file without header, and names the line that does not fit', async () => {
    expect((await csvColumns('1,a\n2,b\n')).columns.map(({ name }) => name)).toEqual(['x0', 'x1'])
    await expect(csvColumns('a,b\n1,2\n3\n')).rejects.toThrow('line 3: expected 2 values')
  })
})
