import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { defaultsFor } from '../demo/presets.ts'
import { describeData } from '../demo/worker/display.ts'
import { PlaneGrid } from '../demo/worker/plane.ts'
import { FileReading, pack, unpack } from '../demo/worker/reading.ts'
import { Run } from '../demo/worker/run.ts'
import { csvColumns, Network, parseCsv } from '../src/index.ts'

const encoder = new TextEncoder()

/** Passengers: words, truth values, gaps, an id, a column of names that are all different, and one that mixes both. */
function passengers(rows = 200): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const sex = i % 3 === 0 ? 'female' : 'male'
    const age = i % 7 === 0 ? '' : String(20 + ((i * 13) % 50))
    const port = i % 11 === 0 ? 'NA' : ['Cherbourg', 'Queenstown', 'Southampton'][i % 3]
    const alone = i % 2 === 0 ? 'yes' : 'no'
    const cabin = i === 5 ? 'B7' : String(i % 9)
    const survived = sex === 'female' || (i * 13) % 50 < 10 ? 'survived' : 'died'
    return [i, `passenger ${i}`, sex, age, port, alone, cabin, survived].join()
  })
  return [',name,sex,age,port,alone,cabin,fate', ...lines].join('\n')
}

async function openFile(name: string, content: string | Uint8Array<ArrayBuffer>) {
  const reading = new FileReading()
  const summary = await reading.open([new File([content], name)])
  const settings = { ...defaultsFor('file', summary.kind), ...summary.use, file: name, backend: 'cpu' as const }
  return { reading, summary, settings }
}

describe('a file of words, truth values and gaps', () => {
  it('is described column by column, and columns that cannot be inputs are left out', async () => {
    const { reading, summary, settings } = await openFile('passengers.csv', passengers())
    expect(summary).toMatchObject({ kind: 'classes', use: { target: 'fate', task: 'auto', without: [] } })
    expect(summary.file.notes).toEqual(['The first column has no name and holds row numbers: it is left out.'])
    const { columns, train } = await reading.prepare(settings)
    expect(columns).toEqual([
      { name: 'name', role: 'unusable', holds: 'words', done: 'left out: it has more than 64 different words' },
      { name: 'sex', role: 'input', holds: 'words: 2 categories', done: 'one input per category' },
      {
        name: 'age',
        role: 'input',
        holds: 'numbers',
        done: expect.stringMatching(/^scaled; 29 missing values filled with the median \d+$/) as string,
      },
      {
        name: 'port',
        role: 'input',
        holds: 'words: 3 categories',
        done: expect.stringMatching(/^one input per category; 19 missing values filled with “\w+”$/) as string,
      },
      { name: 'alone', role: 'input', holds: 'yes or no', done: 'yes is 1, no is 0' },
      { name: 'cabin', role: 'unusable', holds: 'words', done: "left out: it holds numbers, but also 'B7' in line 7" },
      { name: 'fate', role: 'target', holds: 'words: 2 categories', done: '2 classes' },
    ])
    expect(train.inputs.cols).toBe(2 + 1 + 3 + 1)
  })

  it('can be trained on without columns that the user switches off', async () => {
    const { reading, settings } = await openFile('passengers.csv', passengers())
    const { columns, raw } = await reading.prepare({ ...settings, without: [1, 3] })
    expect(columns.filter(({ role }) => role === 'off').map(({ name }) => name)).toEqual(['sex', 'port'])
    expect(raw.train.features).toEqual(['age', 'alone'])
    const none = reading.prepare({ ...settings, without: [1, 2, 3, 4] })
    await expect(none).rejects.toThrow('No column is left to predict “fate” from. Switch a column on.')
  })

  it('is the same data with the same preprocessing in the worker that trains', async () => {
    const { reading, settings } = await openFile('passengers.csv', passengers())
    const prepared = await reading.prepare(settings)
    const { train, test, raw, ...rest } = unpack(structuredClone(pack(prepared).packed))
    expect(rest).toEqual({ kind: prepared.kind, targets: ['fate'], columns: prepared.columns, notes: prepared.notes })
    expect(train.inputs.data).toEqual(prepared.train.inputs.data)
    expect(test!.inputs.data).toEqual(prepared.test!.inputs.data)
    expect(raw.train.inputs.data).toEqual(prepared.raw.train.inputs.data)
    expect(train.targets.data).toEqual(prepared.train.targets.data)
    expect(train.encoding!.equals(prepared.train.encoding!)).toBe(true)
    expect(train.scaling!.equals(prepared.train.scaling!)).toBe(true)
    // The fills come from the training part only.
    expect(train.encoding!.columns[1]).toMatchObject({ kind: 'number', fill: expect.any(Number) as number })
  })

  it('gives a network that answers rows with words and gaps, over the plane as for single rows', async () => {
    const { reading, settings } = await openFile('passengers.csv', passengers())
    const run = new Run(settings, unpack(structuredClone(pack(await reading.prepare(settings)).packed)))
    await run.scoreUntrained()
    await run.epoch(30)
    expect(run.moment.train.accuracy).toBeGreaterThan(0.8)
    expect((await run.evaluate()).confusion!.flat().reduce((sum, count) => sum + count)).toBe(40)
    expect(run.maps()).toHaveLength(2)
    const network = Network.fromJSON(JSON.parse(JSON.stringify(run.network)))
    expect(network.features).toEqual(['sex', 'age', 'port', 'alone'])
    const [answer] = network.classify([{ sex: 'female', age: null, port: '', alone: 'yes' }])
    expect(answer!.class).toBe('survived')
    // All samples, by the network that was saved and read again, from the rows of the file.
    const data = await parseCsv(passengers(), {
      features: network.features!,
      target: 'fate',
      columns: network.encoding!,
    })
    const outputs = await (await run.trainer()).predict(data.inputs)
    const rows = passengers()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([, , sex, age, port, alone]) => {
        return { sex, age: age === '' ? null : Number(age), port: port === 'NA' ? null : port, alone }
      })
    const saved = network.predict(rows)
    expect(Math.max(...saved.data.map((value, i) => Math.abs(value - outputs.data[i]!)))).toBeLessThan(1e-5)
    await run.release()
  })

  it('has points of the plane that are rows of the data: one category each', async () => {
    const { reading, settings } = await openFile('passengers.csv', passengers())
    const prepared = await reading.prepare({ ...settings })
    const shown = describeData(prepared, { ...settings, across: 'age', up: 'port' })
    expect(shown.features).toEqual(['sex', 'age', 'port', 'alone'])
    expect(shown.axes).toEqual([1, 2])
    expect(shown.inputs.map(({ name }) => name)).toEqual(
      ['sex=female', 'sex=male', 'age', 'port=Cherbourg', 'port=Queenstown', 'port=Southampton', 'alone'], // prettier-ignore
    )
    const points = new PlaneGrid(prepared, shown).points(12)
    const ports = new Set<string>()
    for (let i = 0; i < points.rows; i++) {
      const [female, male, , ...port] = [...points.row(i)]
      expect(female! + male!).toBe(1)
      expect(port.slice(0, 3).reduce((sum, value) => sum + value)).toBe(1)
      ports.add(port.slice(0, 3).join())
    }
    expect(ports.size).toBe(3)
  })
})

describe('other files', () => {
  it('are read in any notation and encoding: decimal commas, UTF-16, gzip', async () => {
    const text = ['höhe;breite;art', ...Array.from({ length: 60 }, (_, i) => `${i},5;1.${String(100 + i)},25;${'ab'[i % 2]}`)].join('\n') // prettier-ignore
    const utf16 = new Uint8Array([0xff, 0xfe, ...Buffer.from(text, 'utf16le')])
    for (const content of [
      encoder.encode(text),
      utf16,
      new Uint8Array(gzipSync(text)),
      new Uint8Array(gzipSync(utf16)),
    ]) {
      const { reading, settings } = await openFile('messung.csv', content)
      const { raw, columns } = await reading.prepare({ ...settings, test: 0 })
      expect(columns.map(({ name, holds }) => `${name}: ${holds}`)).toEqual([
        'höhe: numbers',
        'breite: numbers',
        'art: words: 2 categories',
      ])
      expect([...raw.train.inputs.row(3)]).toEqual([3.5, 1103.25])
    }
  })

  it('have many columns', async () => {
    for (const count of [40, 200]) {
      const names = Array.from({ length: count }, (_, j) => `c${j}`)
      const lines = Array.from({ length: 80 }, (_, i) =>
        [...names.map((_, j) => Math.sin(i * (j + 1)).toFixed(3)), i % 2].join(),
      )
      const { reading, settings, summary } = await openFile('wide.csv', [[...names, 'y'].join(), ...lines].join('\n'))
      expect(summary).toMatchObject({ kind: 'classes', use: { target: 'y' } })
      const run = new Run(settings, unpack(structuredClone(pack(await reading.prepare(settings)).packed)))
      await run.scoreUntrained()
      await run.epoch()
      expect(run.network.sizes[0]).toBe(count)
      expect((await run.regions(160))!.shares.every(Number.isFinite)).toBe(true)
      await run.release()
    }
  })

  it('have large targets, which are scaled, and predicted in their own units', async () => {
    const lines = Array.from({ length: 120 }, (_, i) => {
      const [area, age] = [60 + ((i * 37) % 140), (i * 13) % 50]
      return `${area},${age},${150_000 + 2500 * area - 1200 * age}`
    })
    const { reading, settings } = await openFile('houses.csv', ['area,age,price', ...lines].join('\n'))
    const run = new Run(settings, unpack(structuredClone(pack(await reading.prepare(settings)).packed)))
    await run.scoreUntrained()
    await run.epoch(150)
    const { error } = await run.evaluate()
    expect(error!.r2).toBeGreaterThan(0.97)
    expect(error!.mean).toBeGreaterThan(100)
    expect(error!.mean).toBeLessThan(20_000)
    expect(Math.max(...error!.targets)).toBeGreaterThan(200_000)
    expect(Math.max(...error!.predictions)).toBeGreaterThan(200_000)
    const { shares } = (await run.regions(24))!
    expect(Math.min(...shares)).toBeGreaterThan(-1)
    expect(Math.max(...shares)).toBeLessThan(2)
    const answer = Network.fromJSON(JSON.parse(JSON.stringify(run.network))).predict([[100, 20]]).data[0]!
    expect(Math.abs(answer - 376_000)).toBeLessThan(20_000)
    await run.release()
  })

  it('may have gaps in the target, whose rows are left out, and columns that number the rows', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => [i, i % 5 === 0 ? '' : (i * 7) % 10, i % 6 === 0 ? 'NA' : 'ab'[i % 2]].join()) // prettier-ignore
    const { reading, settings } = await openFile('gaps.csv', ['id,x,kind', ...lines].join('\n'))
    const filled = await reading.prepare({ ...settings, test: 0 })
    // Gaps in inputs are filled; only the rows without a target cannot be used.
    expect(filled.raw.train.length).toBe(50)
    expect(filled.columns.map(({ done }) => done)).toEqual([
      'scaled',
      'scaled; 10 missing values filled with the median 5',
      '2 classes; 10 rows without a value are left out',
    ])
    expect(filled.notes).toEqual([
      '10 rows have no target: left out.',
      "10 of 50 rows have missing values: filled with the column's median or most frequent value.",
    ])
    const { raw, columns, notes } = await reading.prepare({ ...settings, test: 0, missing: 'drop' })
    expect(raw.train.length).toBe(40)
    expect(columns.map(({ done }) => done)).toEqual([
      'scaled',
      'scaled; 12 rows without a value are left out',
      '2 classes; 10 rows without a value are left out',
    ])
    expect(notes).toEqual([
      '10 rows have no target: left out.',
      expect.stringMatching(/rows have missing values: left out\.$/) as string,
    ])
    const numbered = await openFile('ids.csv', ['id,x,kind', ...lines.map((line) => line.replace(',,', ',0,').replace('NA', 'a'))].join('\n')) // prettier-ignore
    expect((await numbered.reading.prepare(numbered.settings)).notes).toEqual([
      expect.stringMatching(
        /^Column 'id' numbers the rows; where a file is sorted, that looks like skill\.$/,
      ) as string,
    ])
  })

  it('are read as windows-1252 where they are not UTF-8, with a note', async () => {
    const text = ['l\u00e4nge,art', ...Array.from({ length: 30 }, (_, i) => `${i},${i % 2 ? 'gr\u00fcn' : 'rot'}`)].join('\n') // prettier-ignore
    const { reading, summary, settings } = await openFile('alt.csv', new Uint8Array(Buffer.from(text, 'latin1')))
    expect(summary.file.notes).toEqual([
      'The file is not in UTF-8, so it is read as windows-1252, which spreadsheet programs often use.',
    ])
    const { raw } = await reading.prepare(settings)
    expect([raw.train.features, raw.train.classes]).toEqual([['länge'], ['grün', 'rot']])
  })

  it('have targets that are classes or numbers, as the user chooses; a few mixed values are classes', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => [i % 7, i % 5, i % 6 === 0 ? 'none' : i % 3].join())
    const { reading, summary, settings } = await openFile('marks.csv', ['a,mark,grade', ...lines].join('\n'))
    expect(summary).toMatchObject({ kind: 'classes', use: { target: 'grade' } })
    expect((await reading.prepare(settings)).raw.train.classes).toEqual(['0', '1', '2', 'none'])
    for (const [task, kind, outputs] of [
      ['auto', 'classes', 5],
      ['classification', 'classes', 5],
      ['regression', 'regression', 1],
    ] as const) {
      // prettier-ignore
      expect((await reading.summarize({ ...summary.use, target: 'mark', task })).kind).toBe(kind)
      expect((await reading.prepare({ ...settings, target: 'mark', task })).train.targets.cols).toBe(outputs)
    }
  })

  it('are refused where they would need too much memory', async () => {
    const words = Array.from({ length: 60_000 }, (_, i) =>
      Array.from({ length: 16 }, (_, j) => `w${(i * 7 + j) % 60}`).join(),
    )
    const opening = openFile('words.csv', words.join('\n'))
    await expect(opening).rejects.toThrow(
      'words.csv would become 900 inputs of 60,000 rows, more than this page has memory for',
    )
  })
})

describe('csvColumns', () => {
  it('says what each column is as an input, as parseCsv reads it', async () => {
    const text = passengers()
    const { columns } = await csvColumns(text)
    for (const { name, kind, problem } of columns.slice(0, -1)) {
      const reading = parseCsv(text, { features: [name], target: 'fate', missing: 'impute' })
      if (kind) expect((await reading).encoding!.columns[0]!.kind, name).toBe(kind)
      else await expect(reading, `${name} ${problem}`).rejects.toThrow(name)
    }
    expect(columns.map(({ missing }) => missing)).toEqual([0, 0, 29, 19, 0, 0, 0])
    expect((await csvColumns('a,b\n1,\n2,\n')).columns[1]).toMatchObject({ kind: undefined, problem: 'has no values' })
    expect((await csvColumns('a,b\n1,1e300\n2,3\n')).columns[1]).toMatchObject({
      kind: undefined,
      problem: "holds '1e300' in line 2, which is beyond float32 (3.4e38)",
    })
  })
})
