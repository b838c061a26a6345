import type { ActivationName, SweepSettings } from '../../index.ts'
import type { CheckedAxes } from './axes.ts'
import type { AxisTexts } from './options.ts'
import type { Axis, Setting, Settings } from './record.ts'

/** The option of each setting, in the order in which settings are shown. */
const optionOf: Readonly<Record<string, { readonly option: string; readonly key?: keyof AxisTexts }>> = {
  layers: { option: '--layers' },
  activation: { option: '--activation' },
  hidden: { option: '--hidden' },
  output: { option: '--output' },
  init: { option: '--init' },
  loss: { option: '--loss' },
  optimizer: { option: '--optimizer' },
  learningRate: { option: '--lr', key: 'lr' },
  schedule: { option: '--schedule' },
  momentum: { option: '--momentum', key: 'momentum' },
  weightDecay: { option: '--weight-decay', key: 'weightDecay' },
  clipNorm: { option: '--clip-norm', key: 'clipNorm' },
  batchSize: { option: '--batch', key: 'batch' },
  l1: { option: '--l1', key: 'l1' },
  l2: { option: '--l2', key: 'l2' },
  dropout: { option: '--dropout', key: 'dropout' },
  epochs: { option: '--epochs', key: 'epochs' },
  seed: { option: '--seeds' },
}

/** The names of all settings, in their order. */
export const settingNames: readonly string[] = Object.keys(optionOf)

/** The activations of a network, one for each layer after the first. */
export function activationsOf(settings: SweepSettings): ActivationName[] {
  const { sizes, activation = 'sigmoid', hidden = activation, output = activation, activations } = settings
  return [...(activations ?? [...Array<ActivationName>(sizes.length - 2).fill(hidden), output])]
}

/** The learning rate as the options have it: the rate, and the form of its schedule. */
export function rateOf({ learningRate }: SweepSettings, { schedules }: CheckedAxes): { rate: number; text: string } {
  if (typeof learningRate === 'number') return { rate: learningRate, text: 'none' }
  const known = schedules.get(learningRate)
  if (!known) throw new Error('a schedule that no option made')
  return known
}

/** The settings of a network by their names. */
export function flatSettings(settings: SweepSettings, checked: CheckedAxes): Settings {
  const { sizes, init, loss, optimizer, batchSize, l1, l2, dropout, epochs } = settings
  const activations = activationsOf(settings)
  const { rate, text } = rateOf(settings, checked)
  const shown = {
    activation: { activation: activations[0]! },
    hiddenAndOutput: { ...(sizes.length > 2 && { hidden: activations[0]! }), output: activations.at(-1)! },
    list: { activation: activations.join() },
  }[checked.activationsAs]
  return {
    layers: sizes.join(),
    ...shown,
    init,
    loss,
    optimizer: optimizer.name,
    learningRate: rate,
    ...(checked.schedules.size > 0 && { schedule: text }),
    momentum: optimizer.momentum,
    weightDecay: optimizer.weightDecay,
    clipNorm: optimizer.clipNorm,
    batchSize,
    l1,
    l2,
    dropout: typeof dropout === 'number' ? dropout : dropout.join(),
    epochs,
  }
}

/** What {@link axesOf} needs of a result. */
interface Point {
  readonly index: number
  readonly seed: number
  readonly settings: Settings
}

/** The settings of which the results have several values, in their order; the seed is the last one. */
export function axesOf(results: readonly Point[], texts: AxisTexts): Axis[] {
  const inOrder = results.toSorted((a, b) => a.index - b.index)
  return settingNames.flatMap((name): Axis[] => {
    const all = inOrder.map(({ settings, seed }) => (name === 'seed' ? seed : settings[name]))
    const values = [...new Set(all.filter((value) => value !== undefined))]
    if (values.length < 2) return []
    const { option, key } = optionOf[name]!
    if (!areNumbers(values)) return [{ name, option, values, scale: 'words' }]
    const sorted = values.toSorted((a, b) => a - b)
    return [{ name, option, values: sorted, scale: scaleOf(sorted, key && texts[key]) }]
  })
}

const areNumbers = (values: readonly Setting[]): values is number[] =>
  values.every((value) => typeof value === 'number')

/** Logarithmic where the range was, or where positive values differ by two orders of magnitude. */
function scaleOf(sorted: readonly number[], texts: readonly string[] | undefined): 'log' | 'linear' {
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  if (least <= 0) return 'linear'
  return texts?.some((text) => text.includes(':log')) || most >= 100 * least ? 'log' : 'linear'
}
