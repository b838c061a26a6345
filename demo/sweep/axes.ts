import { type ActivationName, activationNames, initializerNames, optimizerNames } from '../../src/index.ts'
import { formatNumber } from '../numbers.ts'
import { MAX_LAYERS, seedOfData, type Settings, type WallAxisName } from '../settings.ts'
import type { TermName } from '../terms/terms.ts'

/** Tiles along each side of the wall, unless an axis has fewer values. */
export const SIDE = 12

/** One of the values of an axis. */
export interface AxisValue {
  readonly text: string
  /** The settings with this value. */
  readonly apply: (settings: Settings) => Settings
}

interface Axis {
  readonly title: string
  readonly term: TermName
  readonly values: (settings: Settings) => readonly AxisValue[]
}

type NumberName = 'learningRate' | 'batch' | 'l2'

const numbers = (name: NumberName, all: readonly number[]) =>
  all.map((value): AxisValue => ({ text: formatNumber(value), apply: (settings) => ({ ...settings, [name]: value }) }))

/** Rates for the optimizers: adam and its relatives divide by the size of the slopes, so theirs are smaller. */
const rates = {
  sgd: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50],
  others: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  all: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
}

function ratesFor({ optimizer, wallAcross, wallUp }: Settings): readonly number[] {
  if (wallAcross === 'optimizer' || wallUp === 'optimizer') return rates.all
  return optimizer === 'sgd' ? rates.sgd : rates.others
}

/** Neurons of a hidden layer where the run has none. */
const USUAL_WIDTH = 4

const withActivations = (settings: Settings, hidden: number[], activation: ActivationName): Settings => {
  const output = settings.activations.at(-1)!
  return { ...settings, hidden, activations: [...hidden.map(() => activation), output] }
}

const hiddenActivation = ({ hidden, activations }: Settings): ActivationName =>
  hidden.length > 0 ? activations[0]! : 'tanh'

/** In the order in which they are applied: the number of layers decides how many widths and activations there are. */
export const axes: Readonly<Record<WallAxisName, Axis>> = {
  layers: {
    title: 'Hidden layers',
    term: 'hidden',
    values: ({ hidden: [width = USUAL_WIDTH] }) =>
      Array.from({ length: MAX_LAYERS + 1 }, (_, count) => ({
        text: String(count),
        apply: (settings) => withActivations(settings, Array.from({ length: count }, () => width), hiddenActivation(settings)), // prettier-ignore
      })),
  },
  width: {
    title: 'Neurons per layer',
    term: 'neuron',
    values: () =>
      Array.from({ length: SIDE }, (_, i) => ({
        text: String(i + 1),
        apply: (settings) => ({ ...settings, hidden: settings.hidden.map(() => i + 1) }),
      })),
  },
  activation: {
    title: 'Activation',
    term: 'activation',
    values: () =>
      activationNames
        .filter((name) => name !== 'softmax')
        .map((name) => ({ text: name, apply: (settings) => withActivations(settings, settings.hidden, name) })),
  },
  learningRate: {
    title: 'Learning rate',
    term: 'learningRate',
    values: (settings) => numbers('learningRate', ratesFor(settings)),
  },
  batch: {
    title: 'Batch size',
    term: 'batch',
    values: () => numbers('batch', [1, 2, 3, 5, 8, 12, 20, 30, 50, 100, 200, 400]),
  },
  l2: {
    title: 'l2 penalty',
    term: 'l2',
    values: () => numbers('l2', [0, 0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]),
  },
  optimizer: {
    title: 'Optimizer',
    term: 'optimizer',
    values: () =>
      optimizerNames.map((optimizer) => ({ text: optimizer, apply: (settings) => ({ ...settings, optimizer }) })),
  },
  init: {
    title: 'Initial weights',
    term: 'init',
    values: () => initializerNames.map((init) => ({ text: init, apply: (settings) => ({ ...settings, init }) })),
  },
  seed: {
    title: 'Seed',
    term: 'seed',
    values: (base) =>
      Array.from({ length: SIDE }, (_, i) => {
        const seed = (base.seed + i) % 2 ** 32
        return { text: String(seed), apply: (settings) => ({ ...settings, seed }) }
      }),
  },
}

const applied = Object.keys(axes) as WallAxisName[]

/** One network of the wall. */
export interface Tile {
  readonly column: number
  /** Counted from the top. */
  readonly row: number
  /** The settings of the run that equals it. */
  readonly settings: Settings
}

/** The networks that two axes span; the values of the axis up grow from the bottom to the top. */
export interface Wall {
  readonly across: readonly AxisValue[]
  /** From the top. */
  readonly up: readonly AxisValue[]
  /** Row by row from the top left. */
  readonly tiles: readonly Tile[]
}

export function wallOf(settings: Settings): Wall {
  const base = withHiddenLayer(settings)
  const across = axes[settings.wallAcross].values(base)
  const up = axes[settings.wallUp].values(base).toReversed()
  // All networks have the same data, which otherwise follow from the seed.
  const data = seedOfData(settings)
  const tiles = up.flatMap((vertical, row) =>
    across.map((horizontal, column): Tile => {
      const changes = { [settings.wallAcross]: horizontal, [settings.wallUp]: vertical }
      const changed = applied.reduce((own, name) => changes[name]?.apply(own) ?? own, base)
      return { column, row, settings: { ...changed, dataSeed: data === changed.seed ? undefined : data } }
    }),
  )
  return { across, up, tiles }
}

/** Without a hidden layer, neither width nor activation would change anything. */
function withHiddenLayer(settings: Settings): Settings {
  const names = [settings.wallAcross, settings.wallUp]
  const needs = (names.includes('width') || names.includes('activation')) && !names.includes('layers')
  return needs && settings.hidden.length === 0 ? withActivations(settings, [USUAL_WIDTH], 'tanh') : settings
}

/** The two settings of a tile in words: “learning rate 2, seed 7”. */
export function describeTile({ wallAcross, wallUp }: Settings, wall: Wall, { column, row }: Tile): string {
  const across = `${axes[wallAcross].title} ${wall.across[column]!.text}`
  return `${across}, ${axes[wallUp].title.toLowerCase()} ${wall.up[row]!.text}`
}
