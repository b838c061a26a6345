import { type Dataset, decisionBoundary, type Matrix, type Network } from '../../index.ts'
import { palette } from '../report/html.ts'
import { type Bounds, boundsOf, classShares, gridPoints, hasPlane } from '../report/plane.ts'
import type { SweepRecord } from '../sweep/record.ts'
import type { Wall } from './payload.ts'

/** Networks that the wall shows at most. */
export const MOST_PICTURES = 48
/** Pixels per side of a picture. */
const SIDE = 64
/** Samples that are shown at most. */
const MOST_POINTS = 500
/** The number of values of a byte. */
const COLOURS = 256

type Colour = readonly number[]
const mix = (from: Colour, to: Colour, share: number): number[] =>
  from.map((value, channel) => Math.round(value + (to[channel]! - value) * share))
const pale = [236, 236, 232]

/** A trained network and its rank in the sweep. */
export interface RankedNetwork {
  readonly rank: number
  readonly network: Network
}

/**
 * Pictures of what networks compute over the plane of their data.
 * @param networks the best ones; not more than {@link MOST_PICTURES} of them are shown
 * @param data samples to show, and whose bounds the pictures have
 * @returns undefined where the inputs are no plane, for several labels per sample, and for several regression targets
 */
export function makeWall(
  networks: readonly RankedNetwork[],
  data: Dataset,
  { task }: Pick<SweepRecord, 'task'>,
): Wall | undefined {
  const [first] = networks
  const isShown = task === 'classification' || (task === 'regression' && data.targets.cols === 1)
  if (!first || !hasPlane(first.network) || !isShown) return undefined
  const bounds = boundsOf(data.inputs)
  const points = gridPoints(bounds, SIDE)
  const coding = task === 'regression' ? codeValues(data) : codeClasses(data, first.network)
  const pictures = networks.slice(0, MOST_PICTURES).map(({ rank, network }) => {
    const values = Buffer.from(coding.encode(network.predict(points), network)).toString('base64')
    return { rank, width: SIDE, height: SIDE, values }
  })
  const [x = 'x', y = 'y'] = first.network.features ?? data.features ?? []
  return {
    kind: task === 'regression' ? 'values' : 'classes',
    features: [x, y],
    legend: coding.legend,
    colours: Buffer.from(coding.colours.flat()).toString('base64'),
    points: somePoints(bounds, coding.samples),
    pictures,
  }
}

/** How outputs and samples become places in a table of colours. */
interface Coding {
  readonly colours: number[][]
  readonly legend: Wall['legend']
  readonly samples: ArrayLike<number>
  readonly encode: (outputs: Matrix, network: Network) => Uint8Array
}

/** Two classes: mixtures of their colours. More: the class with the largest output, paler where its share is smaller. */
function codeClasses(data: Dataset, example: Network): Coding {
  const classes = Math.max(2, data.targets.cols)
  const shades = classes === 2 ? COLOURS : Math.floor(COLOURS / classes)
  const colourOf = (label: number): Colour => palette[label % palette.length]!
  const full = (label: number) => (classes === 2 ? label * (COLOURS - 1) : (label + 1) * shades - 1)
  const colours = Array.from({ length: COLOURS }, (_, place) => {
    if (classes === 2) return mix(colourOf(0), colourOf(1), place / (COLOURS - 1))
    return mix(pale, colourOf(Math.floor(place / shades)), ((place % shades) + 1) / shades)
  })
  const encode = (outputs: Matrix, network: Network) => {
    const boundary = decisionBoundary(network)
    return Uint8Array.from({ length: outputs.rows }, (_, i) => {
      const shares = classShares(outputs.row(i), boundary)
      const total = shares.reduce((sum, share) => sum + share, 0) || 1
      if (classes === 2) return Math.round(((COLOURS - 1) * shares[1]!) / total)
      const largest = shares.indexOf(Math.max(...shares))
      return largest * shades + Math.min(shades - 1, Math.floor((shades * shares[largest]!) / total))
    })
  }
  const names = example.classes ?? data.classes
  const legend = Array.from({ length: classes }, (_, label) => ({
    name: names?.[label] ?? `class ${label}`,
    colour: full(label),
  }))
  return { colours, legend, encode, samples: data.labels(decisionBoundary(example)).map(full) }
}

/** Regression: from the smallest target of the data to the largest. */
function codeValues({ targets: { data }, targetNames }: Dataset): Coding {
  const [low, high] = Array.from(data).reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]) // prettier-ignore
  const place = (value: number) =>
    Math.round((COLOURS - 1) * Math.max(0, Math.min(1, (value - low) / (high - low || 1))))
  const [lowest, highest] = [palette[0], palette[1]]
  const colours = Array.from({ length: COLOURS }, (_, i) => {
    const share = i / (COLOURS - 1)
    return share < 0.5 ? mix(lowest, pale, 2 * share) : mix(pale, highest, 2 * share - 1)
  })
  const name = targetNames?.[0] ?? 'target'
  const text = (value: number) => `${name} ${Number(value.toPrecision(3))}`
  return {
    colours,
    legend: [
      { name: text(low), colour: 0 },
      { name: text(high), colour: COLOURS - 1 },
    ],
    encode: (outputs) => Uint8Array.from(outputs.data, place),
    samples: Array.from(data, place),
  }
}

/** Samples at equal distances in the data. */
function somePoints([x, y]: readonly [Bounds, Bounds], colours: ArrayLike<number>): Wall['points'] {
  const every = Math.ceil(colours.length / MOST_POINTS)
  const chosen = Array.from({ length: Math.floor(colours.length / every) }, (_, i) => i * every)
  const share = ({ values, low, high }: Bounds, i: number) => Number(((values[i]! - low) / (high - low)).toFixed(4))
  return {
    x: chosen.map((i) => share(x, i)),
    y: chosen.map((i) => Number((1 - share(y, i)).toFixed(4))),
    colour: chosen.map((i) => colours[i]!),
  }
}
