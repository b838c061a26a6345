import { describe, expect, it } from 'vitest'
import { fromHash, toHash } from '../demo/link.ts'
import { defaultsFor } from '../demo/presets.ts'
import { makeConsistent, problemNames, type Settings } from '../demo/settings.ts'
import { adviceAfter, adviceBefore, adviceDiverged } from '../demo/worker/advice.ts'
import { describeData } from '../demo/worker/display.ts'
import { prepare } from '../demo/worker/prepare.ts'
import { FileReading, pack, unpack } from '../demo/worker/reading.ts'
import { Run } from '../demo/worker/run.ts'
import { multilabelReport, Network, parseCsv, regressionReport } from '../src/index.ts'

const table = (header: string, rows: number, row: (i: number) => readonly (string | number)[]) =>
  [header, ...Array.from({ length: rows }, (_, i) => row(i).join())].join('\n')

const uniform = (i: number, seed: number) => (((i * 7919 + seed * 104_729) % 1009) / 1009) * 2 - 1

/** Two targets of different units. */
const flights = table('wind,weight,time,fuel', 200, (i) => {
  const [wind, weight] = [uniform(i, 1), uniform(i, 2)]
  return [wind, weight, 3 + wind, 9000 + 4000 * weight * wind].map((value) => value.toFixed(4))
})
/** Three labels, of which a row has any number. */
const songs = table('tempo,loudness,happy,loud,fast', 200, (i) => {
  const [tempo, loudness] = [uniform(i, 1), uniform(i, 2)]
  return [tempo.toFixed(4), loudness.toFixed(4), ...[tempo + loudness > 0, loudness > 0.2, tempo > -0.3].map(Number)]
})

async function openFile(content: string, chosen: Partial<Settings>) {
  const reading = new FileReading()
  const { use } = await reading.open([new File([content], 'file.csv')])
  const summary = await reading.summarize({ ...use, ...chosen })
  const preset = { ...defaultsFor('file', summary.kind), ...summary.use, file: 'file.csv', backend: 'cpu' as const }
  const settings = makeConsistent({ ...preset, ...chosen }, summary.kind)
  return { reading, kind: summary.kind, settings }
}

async function openRun(content: string, chosen: Partial<Settings>) {
  const opened = await openFile(content, chosen)
  const prepared = await opened.reading.prepare(opened.settings)
  const run = new Run(opened.settings, unpack(structuredClone(pack(prepared).packed)))
  await run.scoreUntrained()
  return { ...opened, prepared, run }
}

describe('several targets', () => {
  it('of different units are trained on together, scaled, and scored one by one', async () => {
    const { kind, run, prepared } = await openRun(flights, { target: 'time', otherTargets: [3], shownTarget: 'fuel' })
    expect(kind).toBe('regression')
    expect(prepared.columns.map(({ role }) => role)).toEqual(['input', 'input', 'target', 'target'])
    expect(prepared.columns[3]!.done).toMatch(/^scaled: mean \d+, standard deviation \d+$/)
    expect(run.network.sizes).toEqual([2, 8, 2])
    expect(run.shown).toMatchObject({ outputs: ['time', 'fuel'], targets: ['time', 'fuel'], shownOutput: 1 })
    expect(run.shown.range[0]).toBeGreaterThan(4000)
    await run.epoch(150)
    const { error } = await run.evaluate()
    const test = run.prepared.raw.test!
    const report = regressionReport(await (await run.trainer()).predict(run.prepared.test!.inputs), test)
    expect(error!.each).toEqual(report.targets)
    expect(error!.r2).toBe(report.r2)
    expect(Math.min(...error!.each.map(({ r2 }) => r2))).toBeGreaterThan(0.9)
    // The plot and the plane are about the target that is shown, in its own units.
    expect([...error!.targets]).toEqual([...test.targets.data].filter((_, i) => i % 2 === 1))
    expect(Math.max(...error!.predictions)).toBeGreaterThan(9500)
    const { shares } = (await run.regions(12))!
    expect(shares).toHaveLength(144)
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.5)
    const saved = Network.fromJSON(JSON.parse(JSON.stringify(run.network)))
    expect(saved.task).toBe('regression')
    const [time, fuel] = saved.predict([[0.5, 0.5]]).data
    expect(time).toBeCloseTo(3.5, 0)
    expect(Math.abs(fuel! - 10_000)).toBeLessThan(600)
    await run.release()
  })

  it('may hold gaps: rows without one of them are left out, whatever is done with gaps in inputs', async () => {
    const lines = flights.split('\n').map((line, i) => {
      const cells = line.split(',')
      if (i % 10 === 1) cells[3] = ''
      if (i % 4 === 1) cells[0] = ''
      return cells.join()
    })
    const { reading, settings } = await openFile(lines.join('\n'), { target: 'time', otherTargets: [3] })
    const filled = await reading.prepare({ ...settings, test: 0 })
    expect(filled.raw.train.length).toBe(180)
    expect(filled.notes[0]).toBe('20 rows have no target: left out.')
    expect(filled.columns[0]!.done).toMatch(/^scaled; 40 missing values filled with the median/)
    expect((await reading.prepare({ ...settings, test: 0, missing: 'drop' })).raw.train.length).toBe(140)
  })

  it('are refused where one holds words', async () => {
    const { reading, settings } = await openFile('a,b,c\n1,x,2\n2,y,3\n3,x,4\n4,y,5\n', { target: 'c' })
    const both = reading.prepare({ ...settings, otherTargets: [1] })
    await expect(both).rejects.toThrow('“b” contains words, so it can only be the single target.')
  })
})

describe('several columns of 0 and 1', () => {
  it('are labels, with the share of correct labels and of rows with all correct', async () => {
    const { kind, run, settings } = await openRun(songs, { target: 'happy', otherTargets: [3, 4] })
    expect(kind).toBe('labels')
    expect(settings).toMatchObject({ loss: 'binaryCrossEntropy', activations: ['tanh', 'sigmoid'] })
    expect(run.network.task).toBe('multilabel')
    await run.epoch(100)
    const { train, test } = run.moment
    expect(train.accuracy).toBeGreaterThan(0.95)
    const { labels, confusion } = await run.evaluate()
    expect(confusion).toBeUndefined()
    const predictions = await (await run.trainer()).predict(run.prepared.test!.inputs)
    expect(labels).toEqual(multilabelReport(predictions, run.prepared.test!))
    expect(test!.accuracy).toBeCloseTo(labels!.accuracy, 12)
    expect(labels!.exactMatch).toBeGreaterThan(0.8)
    expect(run.shown).toMatchObject({ outputs: ['happy', 'loud', 'fast'], range: [0, 1], shownOutput: 0 })
    await run.release()
  })

  it('colour the plane by the label that is chosen', async () => {
    const { reading, settings } = await openFile(songs, { target: 'happy', otherTargets: [3, 4] })
    const prepared = await reading.prepare({ ...settings, test: 0 })
    const shown = describeData(prepared, { ...settings, shownTarget: 'loud' })
    const { data } = await parseCsv(songs, { target: 'loud', task: 'regression' }).then(({ targets }) => targets)
    expect([...shown.train.value]).toEqual([...data])
  })

  it('are classes where each row has one of them, and numbers or labels where the user says so', async () => {
    const kinds = table('x,red,green,blue', 60, (i) => [uniform(i, 1).toFixed(3), ...[0, 1, 2].map((k) => Number(i % 3 === k))]) // prettier-ignore
    const chosen = { target: 'red', otherTargets: [2, 3] }
    for (const [task, kind] of [
      ['auto', 'classes'],
      ['classification', 'classes'],
      ['multilabel', 'labels'],
      ['regression', 'regression'],
    ] as const) {
      const { run, kind: found } = await openRun(kinds, { ...chosen, task })
      expect(found).toBe(kind)
      expect(run.network.sizes.at(-1)).toBe(3)
      expect(run.shown.outputs).toEqual(['red', 'green', 'blue'])
      await run.epoch()
      await run.release()
    }
  })
})

it('the link holds targets, scaling and what is done with gaps', () => {
  const chosen: Partial<Settings> = {
    target: 'a',
    otherTargets: [3, 7],
    shownTarget: 'b',
    missing: 'drop',
    scaleInputs: false,
  }
  const settings = { ...defaultsFor('file'), ...chosen }
  expect(fromHash(toHash(settings))).toEqual({ settings, problems: [] })
  expect(fromHash('problem=file&scaleInputs=perhaps&missing=guess').problems).toHaveLength(2)
})

describe('advice', () => {
  const houses = table('area,rooms,price', 100, (i) => {
    const area = 60 + ((i * 37) % 140)
    return [area, 1 + (i % 5), 150_000 + 2500 * area]
  })

  it('names the switch that helps where a file is not scaled, and is silent where it is', async () => {
    const { run } = await openRun(houses, { target: 'price', scaleInputs: false, scaleTargets: false })
    expect(adviceBefore(run)).toEqual([
      'The inputs are large: area reaches from 60 to 199; switch on “Scale the inputs”.',
      'The target is not scaled: it reaches from 300000 to 647500; switch on “Scale the targets”; predictions stay in their own units.', // prettier-ignore
    ])
    await run.epoch(12)
    expect(await adviceAfter(run)).toEqual([
      expect.stringMatching(/^The network is worse than always answering the mean of the targets \(R² −\d.*likely cause: the inputs are large.*“Scale the targets”/), // prettier-ignore
    ])
    expect(adviceDiverged(run)).toMatch(
      /switch on “Scale the inputs”; .*; or lower the learning rate, which is 0.01\.$/,
    )
    await run.release()
    const scaled = await openRun(houses, { target: 'price' })
    expect(adviceBefore(scaled.run)).toEqual([])
    await scaled.run.epoch(100)
    expect(await adviceAfter(scaled.run)).toEqual([])
    await scaled.run.release()
  })

  it('says that a network is no better than the commonest class', async () => {
    const noise = table('x,kind', 100, (i) => [uniform(i, 1).toFixed(3), i % 10 < 7 ? 'common' : 'rare'])
    const { run } = await openRun(noise, { target: 'kind', learningRate: 1e-6 })
    await run.epoch(20)
    expect(await adviceAfter(run)).toEqual([
      expect.stringMatching(/^The network is (worse than|hardly better than) always answering the commonest class .*another learning rate, or with more neurons\.$/), // prettier-ignore
    ])
    await run.release()
  })

  it.each(problemNames.filter((name) => name !== 'file'))('is silent on %s', async (problem) => {
    const settings = { ...defaultsFor(problem), samples: 60, backend: 'cpu' as const }
    const run = new Run(settings, prepare(settings, problem))
    await run.scoreUntrained()
    expect(adviceBefore(run)).toEqual([])
    await run.epoch(2)
    expect(await adviceAfter(run)).toEqual([])
    await run.release()
  })
})
