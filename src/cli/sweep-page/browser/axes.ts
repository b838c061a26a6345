import { decimal, shortScore, textOfScore } from './format.ts'
import { networks, run } from './run.ts'

/** What networks differ in: settings, the seed, epochs, loss and score. */
export interface Axis {
  readonly name: string
  /** For titles, where the name is too short to be understood. */
  readonly title: string
  readonly scale: 'log' | 'linear' | 'words'
  /** Where each network is on it: a number, or the place of a word; infinite where the training diverged. */
  readonly coordinates: Float64Array
  /** Its different coordinates in ascending order. */
  readonly distinct: readonly number[]
  /** The smallest and the largest finite coordinate. */
  readonly low: number
  readonly high: number
  /** The end at which networks that diverged are shown, if there are some. */
  readonly diverged: 'top' | 'bottom' | null
  /** Whether networks share its values: settings, the seed and epochs. Losses and scores are results. */
  readonly isDiscrete: boolean
  readonly text: (coordinate: number) => string
  /** As `text`, where there is little space. */
  readonly short: (coordinate: number) => string
}

type Given = Pick<Axis, 'name' | 'title' | 'scale' | 'coordinates' | 'isDiscrete' | 'text'> & Partial<Axis>

function makeAxis(given: Given): Axis {
  const distinct = [...new Set(given.coordinates)].filter(Number.isFinite).sort((a, b) => a - b)
  const [low = 0, high = 0] = [distinct[0], distinct.at(-1)]
  return { distinct, low, high, diverged: null, short: given.text, ...given }
}

function settingAxes(): Axis[] {
  return run.axes.map(({ name, option, scale, values, places }) =>
    makeAxis({
      name,
      title: `${name} (${option})`,
      scale,
      isDiscrete: true,
      coordinates: Float64Array.from(places, (place) => (scale === 'words' ? place : (values[place] as number))),
      text: (coordinate) => {
        const value = scale === 'words' ? values[Math.round(coordinate)] : coordinate
        return typeof value === 'number' ? decimal(value) : (value ?? '–')
      },
    }),
  )
}

/** Epochs differ where trainings were ended early; those of networks that diverged say nothing more. */
function epochAxis(): Axis[] {
  if (run.axes.some(({ name }) => name === 'epochs')) return []
  const ended = new Set(run.epochs.filter((_, network) => run.faults[network] === null))
  if (ended.size < 2) return []
  const coordinates = Float64Array.from(run.epochs)
  return [makeAxis({ name: 'epochs', title: 'epochs trained', scale: 'linear', isDiscrete: true, coordinates, text: decimal })] // prettier-ignore
}

const anyDiverged = run.faults.some((fault) => fault !== null)

function lossAxis(): Axis {
  const coordinates = Float64Array.from(run.losses, (loss, network) =>
    loss === null || run.faults[network] !== null ? Infinity : loss,
  )
  const finite = coordinates.filter(Number.isFinite)
  const [low, high] = finite.reduce(([a, b], loss) => [Math.min(a, loss), Math.max(b, loss)], [Infinity, -Infinity])
  const scale = low > 0 && high > 20 * low ? 'log' : 'linear'
  const diverged = anyDiverged ? 'top' : null
  return makeAxis({ name: 'loss', title: 'loss', scale, isDiscrete: false, coordinates, diverged, text: decimal })
}

function scoreAxis(): Axis {
  const coordinates = Float64Array.from(run.scores, (score, network) =>
    score === null || run.faults[network] !== null ? -Infinity : score,
  )
  const { short: name, name: title } = run.score
  const diverged = anyDiverged ? 'bottom' : null
  return makeAxis({ name, title, scale: 'linear', isDiscrete: false, coordinates, diverged, text: textOfScore, short: shortScore }) // prettier-ignore
}

export const settings: readonly Axis[] = settingAxes()
export const loss = lossAxis()
export const score = scoreAxis()
/** In the order in which they are shown. */
export const axes: readonly Axis[] = [...settings, ...epochAxis(), loss, score]

/** The finite scores in ascending order. */
export const sortedScores = score.coordinates.filter(Number.isFinite).sort()

/** A value below which a share of the scores is. */
export const quantile = (share: number) => sortedScores[Math.floor(share * (sortedScores.length - 1))] ?? 0

/** All numbers of a network in words: `learning rate 0.1, seed 3`. */
export const describe = (network: number) =>
  settings.map(({ name, text, coordinates }) => `${name} ${text(coordinates[network]!)}`).join(', ')

/** The networks from the best to the worst. */
export const everyone = Uint32Array.from({ length: networks }, (_, network) => network)
