import type { Epoch } from '../../index.ts'
import type { Axis, BestRecord, ResultRecord, Setting, SweepRecord } from '../sweep/record.ts'
import type { BestCurves, PackedTexts, PayloadAxis, SweepPayload, Wall, WordColumn } from './payload.ts'

/** Points of a curve at most. */
const MOST_EPOCHS = 500

/** The results of a sweep as columns, which are much shorter than a list of results. */
export function makePayload(record: SweepRecord, wall: Wall | undefined): SweepPayload {
  const { results, axes, best, scoreName } = record
  const places = new Map(results.map(({ rank }, i) => [rank, i]))
  const column = <T>(value: (result: ResultRecord) => T) => results.map(value)
  return {
    score: {
      name: nameScore(record),
      short: scoreName === 'r2' ? 'R²' : 'accuracy',
      decimals: scoreName === 'r2' ? null : decimalsOf(record),
    },
    axes: axes.map((axis) => makeAxis(axis, results)).filter(({ values }) => values.length > 1),
    ranks: column(({ rank }) => rank),
    scores: column(({ score }) => shorten(score)),
    losses: column(({ loss }) => shorten(loss)),
    deviations: results.some(({ deviation }) => deviation !== null)
      ? column(({ deviation }) => shorten(deviation))
      : null,
    epochs: column(({ epochs }) => epochs),
    parameters: column(({ parameters }) => parameters),
    faults: column(({ diverged, fault }) => (diverged ? (fault?.epoch ?? 0) : null)),
    causes: Object.fromEntries(
      results.flatMap(({ autopsy }, i) => (autopsy ? [[i, sentence(`${autopsy.evidence}; ${autopsy.hint}`)]] : [])),
    ),
    commands: packTexts(column(({ command }) => command)),
    curves: best.flatMap((one) => {
      const network = places.get(one.rank)
      return network === undefined ? [] : [makeCurves(network, one)]
    }),
    wall: wall ?? null,
  }
}

/** What the scores are of: `validation accuracy`, `mean R² of the folds`. */
export function nameScore({ scoreName, scoredOn }: SweepRecord): string {
  const name = scoreName === 'r2' ? 'R²' : 'accuracy'
  return scoredOn === 'folds' ? `mean ${name} of the folds` : `${scoredOn} ${name}`
}

/** Decimals of percentages: more than one only where there are enough samples for them. */
export function decimalsOf({ data, scoredOn }: SweepRecord): number {
  return (scoredOn === 'validation' ? data.validationSamples : data.samples) >= 2000 ? 2 : 1
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** Seven digits are all that float32 has. */
const shorten = (value: number | null | undefined) =>
  value === null || value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(7))

/** The name of a setting as people read it: `learningRate` is the learning rate, `l2` is L2. */
export function nameSetting(name: string): string {
  if (/^l[12]$/.test(name)) return name.toUpperCase()
  if (name === 'loss') return 'loss function'
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** The value of a setting as people read it: layers as 2-3-2, as everywhere else. */
export function textOfSetting(name: string, value: Setting | undefined): string {
  if (value === undefined) return '–'
  return name === 'layers' ? String(value).replaceAll(',', '-') : String(value)
}

function makeAxis({ name, option, scale, values }: Axis, results: readonly ResultRecord[]): PayloadAxis {
  const given = results.map(({ seed, settings }) => (name === 'seed' ? seed : settings[name]))
  const isNumeric = scale !== 'words' && given.every((value) => typeof value === 'number')
  const valueOf = (value: Setting | undefined) => (isNumeric ? (value as number) : textOfSetting(name, value))
  const found = new Set(given.map(valueOf))
  const ordered = isNumeric
    ? [...(found as Set<number>)].sort((a, b) => a - b)
    : [...new Set([...values.map(valueOf).filter((value) => found.has(value)), ...found])]
  // A scale of logarithms has no place for 0.
  const isLog = isNumeric && scale === 'log' && (ordered[0] as number) > 0
  const places = new Map(ordered.map((value, i) => [value, i]))
  const isEven = !isNumeric || (scale === 'log' && !isLog)
  return {
    name: nameSetting(name),
    option,
    scale: isEven ? 'words' : isLog ? 'log' : 'linear',
    values: ordered,
    places: given.map((value) => places.get(valueOf(value))!),
  }
}

/** Stores texts by their words, so that 65,536 commands take little more than the words in which they differ. */
export function packTexts(texts: readonly string[]): PackedTexts {
  const rows = new Map<number, string[][]>()
  const group: number[] = []
  const row: number[] = []
  for (const text of texts) {
    const words = text.split(' ')
    const own = rows.get(words.length) ?? []
    rows.set(words.length, own)
    group.push([...rows.keys()].indexOf(words.length))
    row.push(own.push(words) - 1)
  }
  const groups = [...rows].map(([length, own]) => ({
    columns: Array.from({ length }, (_, i) => packColumn(own.map((words) => words[i]!))),
  }))
  return { groups, group, row }
}

function packColumn(words: readonly string[]): string | WordColumn {
  const places = new Map<string, number>()
  for (const word of words) if (!places.has(word)) places.set(word, places.size)
  return places.size === 1 ? words[0]! : { words: [...places.keys()], places: words.map((word) => places.get(word)!) }
}

/** Columns for the charts; long trainings are thinned out evenly, their last epoch kept. */
function makeCurves(network: number, { history: { epochs } }: BestRecord): BestCurves {
  const every = Math.ceil(epochs.length / MOST_EPOCHS)
  // Networks that were trained side by side are validated at the end of each round only: all those epochs are kept.
  const validated = epochs.filter(({ validation }) => validation !== null).length
  const isRare = validated <= MOST_EPOCHS
  const isKept = ({ validation }: Epoch, i: number) =>
    i % every === 0 || i === epochs.length - 1 || (isRare && validation !== null)
  const shown = epochs.filter(isKept)
  const held = shown.some(({ validation }) => validation !== null)
  const scoreOf = (score: { accuracy?: number } | null) => shorten(score?.accuracy)
  return {
    network,
    epoch: shown.map(({ epoch }) => epoch),
    loss: shown.map(({ loss }) => shorten(loss)),
    score: shown.map((one) => scoreOf(one)),
    validationLoss: held ? shown.map(({ validation }) => shorten(validation?.loss)) : null,
    validationScore: held ? shown.map(({ validation }) => scoreOf(validation)) : null,
  }
}
