import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csvColumns, type CsvOptions, InputError, parseCsv, parseCsvInputs } from '../src/index.ts'
import { readCsvInputs, readDataset, streamCsv } from '../src/node/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-kinds-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** What a text holds, and what is noted about it. */
async function read(text: string | Uint8Array, options: CsvOptions = {}) {
  const notes: string[] = []
  const { inputs, targets, features, classes } = await parseCsv(text, {
    ...options,
    onNote: (note) => notes.push(note),
  })
  return { x: inputs.toArray(), y: targets.toArray(), features, classes, notes }
}

const expectError = async (work: Promise<unknown>, message: string | RegExp) => {
  await expect(work).rejects.toThrow(InputError)
  await expect(work).rejects.toThrow(message)
}

const plain = 'a,b,kind\n1.5,2,reed\n-3,4.25,sedge\n5,6,reed\n'

describe('delimiters', () => {
  it.each(['five', 'nine'])('semicolons in a file of two columns and few rows', async (rows) => {
    const lines = Array.from({ length: rows === 'five' ? 5 : 9 }, (_, i) => `${i}.5;${3 * i}`)
    for (const end of ['', '\n', '\n\n']) {
      const { x, features } = await read(`x;y\n${lines.join('\n')}${end}`)
      expect([x.length, features]).toEqual([lines.length, ['x']])
    }
    expect((await read(`${lines[0]!}\n`)).x).toEqual([[0.5]])
    expect((await read('x\ty\n1\t2\n')).x).toEqual([[1]])
  })

  it.each<[string, (text: string) => string, CsvOptions?]>([
    ['spaces', (text) => text.replaceAll(',', '  ')],
    ['spaces in front and behind', (text) => text.replaceAll(',', '   ').replace(/^|$/gm, '   ')],
    ['spaces and tabs', (text) => text.replaceAll(',', ' \t ')],
    ['spaces and a word in quotes', (text) => text.replaceAll(',', ' ').replaceAll('reed', '"reed"')],
    ['pipes', (text) => text.replaceAll(',', '|'), { delimiter: 'pipe' }],
    ['tabs', (text) => text.replaceAll(',', '\t'), { delimiter: 'tab' }],
    ['colons', (text) => text.replaceAll(',', ':'), { delimiter: ':' }],
    ['sep=;', (text) => `sep=;\n${text.replaceAll(',', ';')}`],
    ['sep=: in quotes', (text) => `\ufeff"sep=:"\r\n${text.replaceAll(',', ':')}`],
    ['a delimiter at the end of every line', (text) => text.replace(/(?<=.)$/gm, ',')],
    ['a delimiter at the end of every line but the header', (text) => text.replace(/\n(.+)/g, '\n$1,')],
    ['empty columns at the end', (text) => text.replace(/(?<=.)$/gm, ',,,')],
    ['rows of delimiters at the end', (text) => `${text},,\n,,\n, ,\n`],
    ['rows of delimiters between', (text) => text.replace('\n-', '\n,,\n-')],
    ['spaces before quotes', (text) => text.replace(/[^,\n]+/g, '"$&"').replaceAll(',', ', ')],
    ['comments above', (text) => `# field office\n#\n\n# cm, 2020\n${text}`],
    ['a commented header', (text) => `# made by numpy\n# ${text}`],
    ['comments everywhere', (text) => text.replaceAll('\n', '\n# "a remark, 1\n'), { comment: '#' }],
    ['comments with another mark', (text) => `%\n${text.replaceAll('\n', '\n%,,"\n')}`, { comment: '%' }],
    ['a title', (text) => `Measurements of 2020\n${text}`],
    ['titles of a spreadsheet', (text) => `Measurements of 2020,,\nfield office,,\n,,\n${text}`],
  ])('reads the same with %s', async (_, change, options) => {
    const [want, got] = [await read(plain), await read(change(plain), options)]
    expect({ ...got, notes: [] }).toEqual(want)
  }) // prettier-ignore

  it('counts lines as the file does', async () => {
    for (const [text, line] of [
      ['sep=;\na;y\n1;2\nx;3\n', 4],
      ['# c\n#\n\na,y\n1,2\nx,3\n', 6],
      ['Title\na,b,y\n1,2,3\nx,4,5\n', 4],
      ['a y\n1 2\n\nx 3\n', 4],
    ] as const) {
      await expectError(read(text, { task: 'regression' }), `CSV: line ${line}, column 'a': found 'x'`)
    }
    await expectError(read('a,y\n#\n1,2\nx,3\n', { comment: '#' }), "CSV: line 4, column 'a': found 'x'")
  })

  it('keeps what only looks like a comment, a title or a trailing delimiter', async () => {
    expect((await read('#ff0000,1\nred,2\n#00ff00,3\n', { target: 0, task: 'classification' })).classes).toEqual(['#00ff00', '#ff0000', 'red']) // prettier-ignore
    expect((await read('colour,y\n#1,2\n#2,3\n', { target: 0 })).classes).toEqual(['#1', '#2'])
    await expectError(read('#a\n1,2\n', { comment: 'none', header: false }), 'CSV: line 2: expected 1 values')
    await expectError(read('a,b\n1,2\n3,4,5\n'), 'CSV: line 3: expected 2 values, as many as line 1 has, got 3')
    await expectError(read('a,b,c\n1,2\n3,4\n'), 'CSV: line 2: expected 3 values, as many as line 1 has, got 2')
    expect((await read('name\n1\n2\n', { target: 0, features: [] as string[] }).catch((error: unknown) => String(error)))).toMatch(/features/) // prettier-ignore
    const words = 'first last,kind\nAda Byron,x\nAlan Turing,y\nGrace Hopper,x\n'
    expect((await csvColumns(words)).columns.map(({ name }) => name)).toEqual(['first last', 'kind'])
  })

  it.each([
    [{ delimiter: '||' }, /^delimiter: expected one character, .* got '\|\|'$/],
    [{ comment: '//' }, /^comment: expected one character, such as '#', or auto or none, got '\/\/'$/],
    [{ decimal: ';' as '.' }, /^decimal: unknown name ';'/],
    [{ encoding: 'windows1252x' }, /^encoding: unknown encoding 'windows1252x' \(did you mean 'windows-1252'\?\)/],
    [{ onNote: 1 as never }, /^onNote: expected a function/],
  ])('refuses %j', (options, message) => expectError(parseCsv(plain, options), message))
})

describe('columns without names', () => {
  it('leaves out row numbers and row names, and says so', async () => {
    const lines = ['reed,1.5', 'sedge,2.5', 'reed,3.5']
    for (const [header, names] of [
      [',kind,a', ['0', '1', '2']],
      ['kind,a', ['1', '2', '3']],
      ['"kind","a"', ['"Mazda RX4"', '"Fiat 128"', '"Volvo"']],
      [',kind,a', ['x1', 'x2', 'x3']],
      ['Unnamed: 0,kind,a', ['0', '1', '2']],
    ] as const) {
      const { x, features, notes } = await read(`${header}\n${lines.map((line, i) => `${names[i]!},${line}`).join('\n')}\n`, { target: 'kind' }) // prettier-ignore
      expect([x, features]).toEqual([[[1.5], [2.5], [3.5]], ['a']])
      expect(notes).toHaveLength(1)
      expect(notes[0]).toMatch(/^the first column .* holds row (numbers|names): it is left out$/)
    }
  })

  it('uses a column that has a name, or does not count the rows', async () => {
    expect((await read('id,a,y\n0,1,2.5\n1,2,3\n2,4,5\n')).features).toEqual(['id', 'a'])
    expect((await read(',a,y\n0,1,2.5\n2,2,3\n5,4,5\n')).features).toEqual(['column 0', 'a'])
    expect((await parseCsvInputs(',a\n0,1\n1,2\n', { features: ['column 0', 'a'] })).inputs.toArray()).toEqual([[0, 1], [1, 2]]) // prettier-ignore
  })

  it('renames a second column of the same name', async () => {
    const { features, notes } = await read('a,b,a,a.1,a,y\n1,2,3,4,5,6.5\n')
    expect(features).toEqual(['a', 'b', 'a.2', 'a.1', 'a.3'])
    expect(notes[0]).toBe("line 1: column 2 (counted from 0) has the name 'a', as another has; it is called 'a.2'")
  })
})

describe('numbers as people write them', () => {
  it.each<[string, string, CsvOptions, number[][]]>([
    ['decimal commas', 'a;b;y\n0,5;-1,25;1\n1,5;2;2,5\n', {}, [[0.5, -1.25], [1.5, 2]]],
    ['no header', '0,5;-1,25;1,5\n1,5;2,75;2,5\n', {}, [[0.5, -1.25], [1.5, 2.75]]],
    ['tabs', 'a\tb\ty\n0,5\t-1,25\t1\n1,5\t2\t2,5\n', {}, [[0.5, -1.25], [1.5, 2]]],
    ['commas and quotes', 'a,b,y\n"0,5","-1,25",1\n"1,5",2,"2,5"\n', {}, [[0.5, -1.25], [1.5, 2]]],
    ['thousands', 'a;b;y\n1.234,5;0,5;1\n12;1,5;2,5\n', {}, [[1234.5, 0.5], [12, 1.5]]],
    ['thousands without decimals', 'a;b;y\n1.234;0,5;1\n12.345.678;1,5;2,5\n', {}, [[1234, 0.5], [12345678, 1.5]]],
    ['thousands with spaces', 'a;b;y\n1 234,5;0,5;1\n12\u00a0345;1,5;2,5\n', {}, [[1234.5, 0.5], [12345, 1.5]]],
    ['thousands with a point', 'a,b,y\n"1,234.5",0.5,1\n"12,345",1.5,2.5\n', {}, [[1234.5, 0.5], [12345, 1.5]]],
    ['percent signs', 'a,b,y\n12%,0.5,1\n7.5 %,1.5,2.5\n', {}, [[12, 0.5], [7.5, 1.5]]],
    ['percent signs and commas', 'a;b;y\n12,5%;0,5;1\n7 %;1,5;2,5\n', {}, [[12.5, 0.5], [7, 1.5]]],
    ['percent signs and a missing value elsewhere', 'a,b,y\n12%,0.5,1\nNA,1.5,2.5\n3%,1,1\n', { features: ['b'], target: 'y' }, [[0.5], [1.5], [1]]],
    ['points between semicolons', 'a;b;y\n0.5;1.250;1\n1.5;2;2.5\n', {}, [[0.5, 1.25], [1.5, 2]]],
    ['a column with points in a file with commas', 'a;b;y\n0.5;1,25;1\n1.5;2;2,5\n', {}, [[0.5, 1.25], [1.5, 2]]],
    ['a comma by option', 'a;b;y\n1,250;2,500;3\n4;5;6,5\n', { decimal: ',' }, [[1.25, 2.5], [4, 5]]],
    ['a comma by the semicolon', 'a;b;y\n1,250;2,500;3\n4;5;6\n', {}, [[1.25, 2.5], [4, 5]]],
    ['thousands by option', 'a\tb\ty\n1,250\t2,500\t3\n4\t5\t6\n', { decimal: '.' }, [[1250, 2500], [4, 5]]],
  ])('%s', async (_, text, options, want) => expect((await read(text, options)).x).toEqual(want)) // prettier-ignore

  it('reads targets in the same way', async () => {
    expect((await read('a;y\n1;0,5\n2;1.234,5\n')).y).toEqual([[0.5], [1234.5]])
    expect((await csvColumns('a;y\n1;0,5\n2;x\n')).columns.map(({ numeric }) => numeric)).toEqual([true, false])
  })

  it.each<[string, CsvOptions, string]>([
    ['a;y\n0,5;1\n1,5%;2\n', {}, "CSV: line 3, column 'a': found '1,5%', expected a finite number with a decimal comma"],
    ['a,y\n5,1\n5%,2\n', {}, "CSV: line 3, column 'a': found '5%', expected a finite number"],
    ['a;b;y\n1.234,5;1;2\n1.23,5;1;2\n1,5;1;2\n', {}, "CSV: line 3, column 'a': found '1.23,5'"],
    ['a\tb\ty\n1,234\t1\t2\n2,345\t1\t2\n', {}, "CSV: line 2, column 'a': found '1,234', expected a finite number; decimal (--decimal) says whether"],
    ['a;y\n1.5;1\n2.5;2\n', { decimal: ',' }, "CSV: line 2, column 'a': found '1.5', expected a finite number with a decimal comma"],
    ['a;y\n1,5;1\n2,5;2\n', { decimal: '.' }, "CSV: line 2, column 'a': found '1,5', expected a finite number"],
  ])('refuses %j with %j', (text, options, message) => expectError(read(text, { ...options, task: 'regression' }), message)) // prettier-ignore
})

describe('encodings and endings', () => {
  const text = 'länge,kind\n1.5,Föhre\n2.5,Weide\n3.5,Föhre\n'
  const utf16 = (order: 'le' | 'be') => {
    const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
    return order === 'le' ? bytes : bytes.swap16()
  }
  const latin = Buffer.from(text, 'latin1')

  it.each<[string, () => Uint8Array, string | undefined]>([
    ['table.csv', () => Buffer.from(text), undefined],
    ['table.txt', () => Buffer.from(text.replaceAll(',', '\t')), undefined],
    ['table', () => Buffer.from(`\ufeff${text}`), undefined],
    ['table.data', () => Buffer.from(text.replaceAll(',', '  ')), undefined],
    ['table.csv.gz', () => gzipSync(text), undefined],
    ['packed.csv', () => gzipSync(text), undefined],
    ['table.tsv.gz', () => gzipSync(text.replaceAll(',', '\t')), undefined],
    ['little.csv', () => utf16('le'), undefined],
    ['big.csv', () => utf16('be'), undefined],
    ['big.csv.gz', () => gzipSync(utf16('be')), undefined],
    ['latin.csv', () => latin, 'latin1'],
    ['latin.gz', () => gzipSync(latin), 'windows-1252'],
    ['unmarked.csv', () => utf16('le').subarray(2), 'UTF-16LE'],
  ])('reads %s', async (name, content, encoding) => {
    const path = write(name, content())
    const [inputs, classes] = [
      [[1.5], [2.5], [3.5]],
      ['Föhre', 'Weide'],
    ]
    const { train } = await readDataset(path, { encoding })
    expect([train.inputs.toArray(), train.features, train.classes]).toEqual([inputs, ['länge'], classes])
    const fromBytes = await parseCsv(content(), { encoding })
    expect([fromBytes.inputs.toArray(), fromBytes.classes]).toEqual([inputs, classes])
    using stream = await streamCsv(path, { encoding, shuffle: false, folder })
    expect((await stream.train.take(3)).inputs.toArray()).toEqual(inputs)
    for await (const part of readCsvInputs(path, { encoding, features: ['länge'] })) expect(part.toArray()).toEqual(inputs) // prettier-ignore
  })

  it('names the option that helps', async () => {
    const path = write('latin1.csv', latin)
    await expectError(readDataset(path), `${path}: not UTF-8 text; where it comes from a spreadsheet, give encoding: 'windows-1252' (--encoding windows-1252)`) // prettier-ignore
    await expectError(parseCsv(utf16('le').subarray(2)), /^zero bytes among the text; .*--encoding utf-16le/)
    await expectError(
      parseCsv(Uint8Array.of(97, 255, 97, 44, 98, 10, 49, 44, 50), { encoding: 'shift_jis' }),
      /^not text in the encoding shift_jis/,
    )
  })

  it('stops when gzip unpacks to more than is allowed, and for broken gzip', async () => {
    const packed = gzipSync('\n'.repeat(70_000_000), { level: 1 })
    await expectError(parseCsv(packed), /^at most 67108864 bytes are unpacked, and the file .*--max-unpacked-bytes/)
    const small = gzipSync(plain.repeat(100))
    await expectError(parseCsv(small, { maxUnpackedBytes: 1000 }), /^at most 1000 bytes are unpacked/)
    await expectError(parseCsv(small.subarray(0, -9)), 'broken gzip, or cut short')
  })
})
