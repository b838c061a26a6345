import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import Papa from 'papaparse'
import { type Row, RowSplitter } from '../src/data/rows.ts'
import type { Table } from '../src/data/table.ts'
import { readTableParts } from '../src/data/table-parts.ts'
import { type Dataset, type DataStream, InputError, parseCsv } from '../src/index.ts'
import { type CsvStreamOptions, streamCsv } from '../src/node/index.ts'
import { Random } from '../src/core/random.ts'

let folder: string
let spools: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-csv-'))
  spools = mkdtempSync(join(tmpdir(), 'webgpu-mlp-spools-'))
})
afterAll(() => {
  expect(readdirSync(spools)).toEqual([])
  for (const made of [folder, spools]) rmSync(made, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)
function write(name: string, text: string): string {
  writeFileSync(file(name), text)
  return file(name)
}

/** Two numbers that identify the row, and a class; rows are sorted by class, as is common in files. */
const rows = Array.from({ length: 3000 }, (_, i) => `${i},${(i % 100) / 8},${['a', 'b', 'c'][Math.floor(i / 1000)]}`)
const text = `row,eighth,kind\n${rows.join('\n')}\n`

async function all(stream: DataStream): Promise<Dataset> {
  return stream.take(stream.length)
}

async function open(path: string, options: CsvStreamOptions = {}) {
  return streamCsv(path, { folder: spools, seed: 1, ...options })
}

const asc = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const column = ({ inputs }: Dataset, j: number) => Array.from({ length: inputs.rows }, (_, i) => inputs.get(i, j))

const cellsOf = (table: Table) =>
  Array.from({ length: table.length }, (_, row) => Array.from({ length: table.columns }, (_, j) => table.cell(row, j)))

describe('text that arrives in pieces', () => {
  /** Split at random positions: rows, cells, quotes and line ends are all split at some point. */
  async function* pieces(whole: string, seed: number) {
    const random = new Random(seed, 'data')
    for (let at = 0; at < whole.length;) {
      const length = 1 + random.below(random.below(2) ? 3 : 40)
      yield await Promise.resolve(whole.slice(at, at + length))
      at += length
    }
  }

  it.each([
    ['plain rows', 'a,b\n1,2\n3,4\n5,6\n'],
    ['no line end at the end', 'a,b\n1,2\n3,4'],
    ['CRLF and blank lines', 'a,b\r\n\r\n1,2\r\n\r\n3,4\r\n'],
    ['CR', 'a,b\r1,2\r3,4\r'],
    ['line breaks and delimiters in quotes', 'name,b\n"x\ny, z",2\n"a ""q"" \r\n\r\n",4\n"",5\n'],
    ['quotes inside of plain values', 'size,b\n5" pipe,2\n6" pipe,4\nx"y",8\n'],
    ['spaces behind quotes', '"a" ,b\n"1" ,2\n"3",4\n'],
    ['no header', '1,2\n3,4\n'],
    ['blank lines before the header', '\n\n a , b \n1,2\n'],
  ])('gives the same rows as the whole text: %s', async (_, whole) => {
    const plain = whole.replace(/\r\n?/g, '\n')
    const want = Papa.parse<string[]>(plain, { delimiter: ',', newline: '\n', skipEmptyLines: 'greedy' })
    const rows = want.data.map((cells) => cells.map((cell) => cell.trim()))
    const hasHeader = /[a-z]/.test(plain)
    for (let seed = 1; seed <= 40; seed++) {
      const tables = []
      for await (const table of readTableParts(pieces(whole, seed), { delimiter: ',' })) tables.push(table)
      expect(tables.flatMap(cellsOf)).toEqual(hasHeader ? rows.slice(1) : rows)
      const splitter = new RowSplitter(',')
      const split: Row[] = []
      for await (const piece of pieces(plain, seed)) split.push(...splitter.push(piece))
      expect([...split, ...splitter.finish()].map(({ cells }) => cells)).toEqual(rows)
      for (const { names, columns } of tables) {
        expect([names, columns]).toEqual([hasHeader ? rows[0] : undefined, rows[0]!.length])
      }
      // The position of each row is the start of its line; its cells do not include the quotes.
      const lines = plain.split('\n')
      for (const table of tables) {
        cellsOf(table).forEach(([first = ''], i) => {
          expect(lines[table.lines[i]! - 1]!.replaceAll('"', '')).toContain(first.split('\n')[0]!.replaceAll('"', ''))
        })
      }
    }
  })

  it('reports errors with their line', async () => {
    const read = async (whole: string) => {
      for await (const _ of readTableParts(pieces(whole, 1), {}));
    }
    await expect(read('a,b\n1,2\n3,4\n5\n')).rejects.toThrow(
      'CSV: line 4: expected 2 values, as many as line 1 has, got 1',
    )
    await expect(read('a,b\n1,2\n3,"4\n5,6\n')).rejects.toThrow('CSV: line 3: a quoted value (") is never closed')
    await expect(read('a,b\n1,2\n"3"4,5\n')).rejects.toThrow('CSV: line 3: a quoted value (") is not followed by a delimiter') // prettier-ignore
    await expect(read('')).rejects.toThrow('CSV: the file is empty')
    await expect(read('a,b\n')).rejects.toThrow('CSV: only a header (line 1)')
  })

  it('buffers no more than the incomplete row', () => {
    const splitter = new RowSplitter(';')
    expect(splitter.push('1;2\n3;"a\n')).toEqual([{ line: 1, cells: ['1', '2'] }])
    expect(splitter.push('b"\n4')).toEqual([{ line: 2, cells: ['3', 'a\nb'] }])
    expect(splitter.finish()).toEqual([{ line: 4, cells: ['4'] }])
  })
})

describe('a CSV file as a stream', () => {
  it('has the samples of the file, in its order or shuffled completely', async () => {
    const path = write('rows.csv', text)
    const want = await parseCsv(text)
    const ordered = await open(path, { shuffle: false })
    const got = await all(ordered.train)
    expect(got.inputs.toArray()).toEqual(want.inputs.toArray())
    expect(got.targets.toArray()).toEqual(want.targets.toArray())
    expect([got.features, got.classes]).toEqual([want.features, want.classes])
    expect(ordered.counts).toEqual([1000, 1000, 1000])
    ordered.close()

    const mixed = await open(path)
    const [first, second] = [await all(mixed.train), await all(mixed.train)]
    expect(first.inputs.data).toEqual(second.inputs.data) // Each pass is the same.
    expect(asc(column(first, 0))).toEqual(column(want, 0))
    // The file is sorted by class, and every part of the stream has all classes.
    for await (const window of mixed.train.windows(300)) {
      const counts = [0, 0, 0]
      for (const label of window.labels()) counts[label]!++
      expect(Math.min(...counts)).toBeGreaterThan(60)
    }
    // Each row keeps its class.
    first.labels().forEach((label, i) => {
      expect(label).toBe(Math.floor(first.inputs.get(i, 0) / 1000))
    })
    const other = await open(path, { seed: 2 })
    expect(column(await all(other.train), 0)).not.toEqual(column(first, 0))
    mixed.close()
    other.close()
  })

  it('holds out a share of each class, and fits the scaling to the remaining rows', async () => {
    const data = await open(write('rows.csv', text), { test: 0.2, scaling: 'standardize' })
    const [train, test] = [await all(data.train), await all(data.test!)]
    expect([train.length, test.length, data.train.length, data.test!.length]).toEqual([2400, 600, 2400, 600])
    for (const [set, each] of [
      [train, 800],
      [test, 200],
    ] as const) {
      const counts = [0, 0, 0]
      for (const label of set.labels()) counts[label]!++
      expect(counts).toEqual([each, each, each])
    }
    const { scaling } = data
    const raw = (set: Dataset) =>
      column(set, 0).map((x) => Math.round(x * scaling!.scale[0]! + scaling!.offset[0]!) + 0)
    expect(asc([...raw(train), ...raw(test)])).toEqual(Array.from({ length: 3000 }, (_, i) => i))
    for (const j of [0, 1]) {
      const values = column(train, j)
      const mean = values.reduce((a, b) => a + b, 0) / values.length
      const square = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
      expect(Math.abs(mean)).toBeLessThan(1e-6)
      expect(square).toBeCloseTo(1, 5)
    }
    data.close()
    const single = write('one.csv', 'x,y\n1,a\n2,a\n3,b\n4,b\n')
    await expect(open(single, { test: 0.05 })).rejects.toThrow(
      'test: 0.05 of 4 samples leaves one of the two parts empty',
    )
  })

  it('finds the same classes and regression targets as reading the whole file', async () => {
    const cases: [string, CsvStreamOptions?][] = [
      ['x,y\n1,0\n2,1\n3,0\n4,1\n'],
      ['x,y\n1,10\n2,9\n3,10\n4,9\n'],
      ['x,y\n1,0.5\n2,1\n3,0\n4,1\n'],
      ['x,y\n1,yes\n2,no\n3,yes\n4,no\n'],
      ['x;y\n1;01\n2;1.0\n3;2\n4;2\n', { delimiter: ';' }],
      ['x,y,z\n1,0,1\n2,1,0\n', { target: ['y', 'z'] }],
      ['x,y,z\n1,0,1\n2,1,0\n', { target: ['y', 'z'], task: 'classification' }],
      ['x,y\n1,0\n2,1\n3,0\n4,1\n', { task: 'regression' }],
      ['x,y\n1,0.5\n2,1.5\n3,0.5\n', { task: 'classification' }],
      ['x,y\n1,b\n2,a\n', { classes: ['b', 'a', 'c'] }],
      ['junk,y,x\n7,b,1\n8,a,2\n', { features: ['x'], classes: ['a', 'b'], target: 'y' }],
      ['1,2,0\n3,4,1\n5,6,0\n7,8,1\n'],
    ]
    for (const [content, options] of cases) {
      const want = await parseCsv(content, options)
      const data = await open(write('case.csv', content), { ...options, shuffle: false })
      const got = await all(data.train)
      expect(got).toEqual(want)
      data.close()
      // When shuffled, each row keeps its target.
      const mixed = await open(file('case.csv'), options)
      const moved = await all(mixed.train)
      const pairs = ({ inputs, targets }: Dataset) => inputs.toArray().map((x, i) => [...x, ...targets.row(i)].join(' ')).sort() // prettier-ignore
      expect(pairs(moved)).toEqual(pairs(want))
      mixed.close()
    }
  })

  it('reports the same errors as reading the whole file, with the path, and leaves no files behind', async () => {
    const cases: [string, CsvStreamOptions?][] = [
      ['x,y\n1,a\n2\n'],
      ['x,y\n1,a\nz,b\n'],
      ['x,y\n1,a\n2,3\n'],
      ['x,y\n1,a\n2,\n3,b\n'],
      ['x,y\n1,\n2,3\n'],
      ['x,y\n1,1e39\n2,3.5\n'],
      ['x,y\n1e39,1\n2,3.5\n'],
      ['x,y\n1,a\n2,a\n'],
      ['x,y\n1,a\n2,"b\n'],
      ['x,y\n1,a\n2,b\n', { classes: ['a', 'c'] }],
      ['x,y\n1,a\n2,b\n', { target: 'z' }],
      ['x,y\n1,a\n2,b\n', { features: ['w'] }],
      ['x,y,z\n1,0,1\n2,1,1\n', { target: ['y', 'z'], task: 'classification' }],
      [`x,y\n${Array.from({ length: 60 }, (_, i) => `${i},w${i}`).join('\n')}`],
      ['x,y\n'],
      [''],
    ]
    for (const [content, options] of cases) {
      const path = write('bad.csv', content)
      const want: unknown = await parseCsv(content, options).catch((error: unknown) => error)
      expect(want).toBeInstanceOf(InputError)
      const got = open(path, options)
      await expect(got).rejects.toThrow(InputError)
      await expect(got).rejects.toThrow(new InputError(`${path}: ${(want as Error).message}`))
    }
    writeFileSync(file('latin.csv'), Buffer.from('x,y\n1,\xe4\n', 'latin1'))
    await expect(open(file('latin.csv'))).rejects.toThrow(
      `${file('latin.csv')}: not UTF-8 text; where it comes from a spreadsheet, give encoding: 'windows-1252'`,
    )
    await expect(open(file('none.csv'))).rejects.toThrow(
      /^.*none\.csv: cannot be read: there is no such file or folder$/,
    )
    const path = write('good.csv', text)
    await expect(open(path, { test: 2 })).rejects.toThrow('test: expected')
    await expect(open(path, { scaling: 'robust' as never })).rejects.toThrow("scaling: unknown name 'robust'")
    await expect(open(path, { task: 'regression', classes: ['a', 'b'] })).rejects.toThrow('a regression has none')
    await expect(open(path, { folder: file('none') })).rejects.toThrow('temporary files cannot be written: there is no')
    expect(readdirSync(spools).length).toBeLessThanOrEqual(1)
  })

  it('has a fingerprint that differs between files and does not depend on the seed', async () => {
    const made = async (content: string, seed: number) => {
      const data = await open(write('print.csv', content), { seed })
      data.close()
      return data.train.fingerprint
    }
    const own = await made(text, 1)
    expect(await made(text, 2)).toBe(own)
    expect(await made(text.replace('\n7,', '\n7.5,'), 1)).not.toBe(own)
    expect(await made(text.replace('7,0.875,a', '7,0.875,b'), 1)).not.toBe(own)
  })
})

describe('the command line with a file read in parts', () => {
  const call = (...more: string[]) =>
    spawnSync(process.execPath, ['dist/node/cli.js', ...more], {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: spools },
    })
  const words = (line: string) => line.split(' ')
  const network = words(
    '--layers -,8,- --activation tanh,softmax --loss crossEntropy --optimizer adam --lr 0.02 --batch 20 --seed 3 --backend cpu',
  )

  it('trains, scores and predicts; a resumed run writes the same model', () => {
    const data = ['--data', write('train.csv', text), '--stream', '--standardize', '--test', '0.1']
    const whole = [...data, ...network, '--epochs', '6', '--class-weights', 'balanced']
    const { stdout, stderr } = call('train', ...whole, '--out', file('a.json'), '--report', file('a.html'))
    expect(stderr).toMatch(/^webgpu-mlp: note: .*train\.csv: column 'row' numbers the rows; [^\n]*\n$/)
    expect(stdout).toContain('2,700 samples, 300 for validation, 2 inputs, 3 classes, read a part at a time')
    expect(stdout).toMatch(/Validation data {2}loss 0\.\d+, score (9\d\.\d|100\.0) %/)
    expect(readFileSync(file('a.html'), 'utf8')).toContain('On the 300 validation samples')
    const broken = [...whole, '--epochs', '3', '--checkpoint', file('c'), '--out', file('b.json')]
    expect(call('train', ...broken).status).toBe(0)
    expect(call('train', '--resume', file('c'), '--epochs', '6').status).toBe(0)
    expect(readFileSync(file('b.json'), 'utf8')).toBe(readFileSync(file('a.json'), 'utf8'))

    const evaluate = ['evaluate', '--model', file('a.json'), '--data', file('train.csv'), '--backend', 'cpu', '--json']
    const [part, one] = [call(...evaluate, '--stream'), call(...evaluate)].map(
      ({ stdout }) => JSON.parse(stdout) as { loss: number },
    )
    expect(part).toEqual({ ...one, loss: expect.closeTo(one!.loss, 6) as number })

    const answered = call('predict', '--model', file('a.json'), '--data', file('train.csv'), '--backend', 'cpu')
    const lines = answered.stdout.split('\n')
    expect(lines[0]).toBe('prediction,a,b,c')
    expect(lines).toHaveLength(3002)
    expect(readdirSync(spools)).toEqual([])
  }, 60_000)

  it('predicts regression targets from tab-separated files, and reports what it cannot stream', () => {
    const table = Array.from({ length: 40 }, (_, i) => `${i}\t${i / 2 + 0.25}`)
    const path = write('line.tsv', `x\ty\n${table.join('\n')}\n`)
    const trained = call('train', ...words(`--data ${path} --stream --normalize --layers -,- --activation linear --lr 0.5 --epochs 200 --seed 1 --backend cpu --out ${file('line.json')}`)) // prettier-ignore
    expect(trained.stderr).toBe('')
    expect(trained.stdout).toMatch(/R² (1|0\.999)/)
    const { stdout, stderr } = call('predict', ...words(`--model ${file('line.json')} --data ${path} --out ${file('p.csv')} --backend cpu`)) // prettier-ignore
    expect([stdout, stderr]).toEqual(['', `40 predictions written to ${file('p.csv')}\n`])
    expect(readFileSync(file('p.csv'), 'utf8').split('\n')[11]).toMatch(/^5\.[12]/)
    expect(call('train', '--data', 'circle', '--stream').stderr).toBe("webgpu-mlp: --stream: is for CSV files, 'circle' is none\n") // prettier-ignore
    const weighted = call('train', '--data', path, '--stream', '--class-weights', 'balanced')
    expect(weighted.stderr).toBe('webgpu-mlp: classWeights: the data have no classes\n')
    expect(readdirSync(spools)).toEqual([])
  }, 60_000)

  it('removes the folders of killed runs in the next run, and no others', async () => {
    const path = write('killed.csv', `a,b,y\n${'1,2,u\n3,4,v\n'.repeat(50_000)}`)
    const line = words(`train --data ${path} --stream --layers -,- --epochs 100000 --seed 1 --backend cpu`)
    const child = spawn(process.execPath, ['dist/node/cli.js', ...line], { env: { ...process.env, TMPDIR: spools } })
    await new Promise<void>((resolve) => child.stdout.on('data', (text: Buffer) => text.includes('Epoch 1 ') && resolve())) // prettier-ignore
    const ended = new Promise((resolve) => child.on('exit', resolve))
    const left = () => readdirSync(spools)
    expect(left()).toHaveLength(1)
    // While the first run is running, a second run does not remove its folder.
    const short = words(`train --data ${path} --stream --layers -,- --epochs 1 --seed 1 --backend cpu`)
    expect(call(...short).status).toBe(0)
    expect(left()).toHaveLength(1)
    child.kill('SIGKILL')
    await ended
    expect(left()).toEqual([expect.stringContaining(`-${child.pid}-`)])
    const others = [`webgpu-mlp-elsewhere-${child.pid}-abcdef`, 'webgpu-mlp-abcdef', `webgpu-mlp-${hostname()}-1-x`]
    for (const name of others) mkdirSync(join(spools, name))
    // A process id that was reused, as in containers, is recognised by the start time.
    const old = `webgpu-mlp-${hostname()}-${process.pid}-abcdef`
    const own = `webgpu-mlp-${hostname()}-${process.pid}-ghijkl`
    for (const name of [old, own]) mkdirSync(join(spools, name))
    writeFileSync(join(spools, old, '0'), 'left within the moment in which it had a name')
    utimesSync(join(spools, old), 1e9, 1e9)
    const stream = await streamCsv(path, { folder: spools })
    stream.close()
    expect(left().sort()).toEqual([...others, own].sort())
    for (const name of left()) rmSync(join(spools, name), { recursive: true })
  }, 60_000)

  it('opens many files at a time without a warning, and leaves nothing behind when the program ends', () => {
    const path = write('many.csv', 'a,b\n1,2\n3,4\n')
    const program = `
      import { readdirSync } from 'node:fs'
      import { streamCsv } from 'webgpu-mlp/node'
      const open = () => streamCsv(${JSON.stringify(path)}, { folder: ${JSON.stringify(spools)} })
      const before = process.listenerCount('exit')
      const streams = await Promise.all(Array.from({ length: 12 }, open))
      for (const stream of streams.slice(0, 3)) stream.close()
      console.log(readdirSync(${JSON.stringify(spools)}).length, process.listenerCount('exit') - before)
      process.exit(3)`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }) // prettier-ignore
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: '9 1\n', stderr: '' })
    expect(readdirSync(spools)).toEqual([])
  })

  it('writes no predictions if a late row is invalid', () => {
    const path = write('late.csv', `row,eighth\n${'1,2\n'.repeat(200_000)}x,3\n`)
    const { status, stderr } = call('predict', '--model', file('a.json'), '--data', path, '--out', file('late-p.csv'), '--backend', 'cpu') // prettier-ignore
    expect(status).toBe(2)
    expect(stderr).toBe(`webgpu-mlp: ${path}: CSV: line 200002, column 'row': found 'x', expected a finite number\n`)
    expect(readdirSync(folder).filter((name) => name.includes('late-p'))).toEqual([])
  }, 60_000)
})
