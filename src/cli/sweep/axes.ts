import {
  type ActivationName,
  activationNames,
  checkName,
  InputError,
  type InitializerName,
  initializerNames,
  type LearningRate,
  type LossName,
  lossNames,
  type Optimizer,
  optimizerNames,
  optionSchemas,
  requiredActivation,
  type SweepOptions,
  type SweepRange,
} from '../../index.ts'
import { libraryFlags, longName, numbers } from '../flags.ts'
import { type Ends, parseActivations, parseLayers, parseOptimizer } from '../options.ts'
import { parseSchedule } from '../schedules.ts'
import type { AxisTexts, SweepCommandOptions } from './options.ts'
import { parseNames, parseNumbers } from './values.ts'

type Axes = Pick<
  SweepOptions,
  'activation' | 'hidden' | 'output' | 'activations' | 'init' | 'loss' | 'optimizer' | 'learningRate' | 'batchSize'
> &
  Pick<SweepOptions, 'l1' | 'l2' | 'dropout' | 'epochs'>

/** The settings of a sweep, checked as far as possible without the data. */
export interface CheckedAxes {
  readonly axes: Axes & { readonly loss: readonly LossName[] }
  /** What --layers was given, each once. */
  readonly layers: readonly string[]
  /** How the settings of a network show its activations. */
  readonly activationsAs: 'activation' | 'hiddenAndOutput' | 'list'
  /** The text of --schedule and the plain rate, by the schedule that was made of them. */
  readonly schedules: ReadonlyMap<LearningRate, { readonly text: string; readonly rate: number }>
}

/** @throws InputError for values that do not parse, or that do not fit together */
export function checkAxes(options: SweepCommandOptions): CheckedAxes {
  const loss = namesOf<LossName>(options.loss, '--loss', lossNames) ?? ['quadratic']
  const schedules: CheckedAxes['schedules'] = new Map()
  const layers = [...new Set(options.layers ?? ['-,3,-'])]
  for (const text of layers) parseLayers(text.replaceAll('-', '1'))
  const { activationsAs, ...activations } = activationAxes(options, loss, layers)
  return {
    layers,
    activationsAs,
    schedules,
    axes: {
      loss,
      ...activations,
      init: namesOf<InitializerName>(options.init, '--init', initializerNames),
      ...rateAxes(options, schedules as Map<LearningRate, { text: string; rate: number }>),
      batchSize: numbersOf(options, 'batch', { isWhole: true, takesRange: true }),
      epochs: valuesOf(options, 'epochs', { isWhole: true }),
      l1: numbersOf(options, 'l1', { takesRange: true }),
      l2: numbersOf(options, 'l2', { takesRange: true }),
      dropout: dropoutOf(options),
    },
  }
}

function namesOf<T extends string>(texts: readonly string[] | undefined, flag: string, known: readonly T[]) {
  return texts && parseNames(texts, flag, (name, text) => checkName(name, text, known))
}

type NumberAxis = 'lr' | 'batch' | 'epochs' | 'momentum' | 'weightDecay' | 'clipNorm' | 'l1' | 'l2' | 'dropout'

function numbersOf(
  options: SweepCommandOptions,
  name: NumberAxis,
  { isWhole, takesRange = false }: { isWhole?: boolean; takesRange?: boolean } = {},
): number[] | SweepRange | undefined {
  const texts = options[name]
  if (!texts) return undefined
  const { flag, check } = libraryFlags[name] as { flag: string; check: (flag: string, value: number) => unknown }
  const isRandom = options.random !== undefined
  return parseNumbers(texts, {
    flag: longName(flag),
    check,
    isWhole: isWhole ?? false,
    takesRange: takesRange && isRandom,
  })
}

const valuesOf = (...args: Parameters<typeof numbersOf>) => numbersOf(...args) as number[] | undefined

/** A list of shares is for the hidden layers of one network, as in `train`. */
function dropoutOf(options: SweepCommandOptions): SweepOptions['dropout'] {
  const { dropout } = options
  if (!dropout?.some((text) => text.includes(','))) return numbersOf(options, 'dropout', { takesRange: true })
  return [...new Set(dropout)].map((text) => {
    const shares = libraryFlags.dropout.check('--dropout', numbers(text)) as number[]
    return shares.length === 1 ? shares[0]! : shares
  })
}

/** The optimizers with all their constants, and the learning rates. */
function rateAxes(options: SweepCommandOptions, schedules: Map<LearningRate, { text: string; rate: number }>) {
  const names = namesOf(options.optimizer, '--optimizer', optimizerNames) ?? ['sgd' as const]
  const lr = numbersOf(options, 'lr', { takesRange: true })
  const forms = [...new Set(options.schedule ?? ['none'])]
  const { warmup } = options
  const isPlain = options.schedule === undefined && warmup === undefined
  const scheduled = (rate: number) =>
    forms.map((text) => {
      const made = parseSchedule(text === 'none' ? undefined : text, rate, warmup)
      if (typeof made !== 'number') schedules.set(made, { text, rate })
      return made
    })
  const isRange = lr !== undefined && !Array.isArray(lr)
  if (isRange && !isPlain) {
    throw new InputError('--lr: a range for random search takes no --schedule and no --warmup; give values, such as 0.01:10:log:32') // prettier-ignore
  }
  const rules = optimizersOf(options, names)
  if (lr !== undefined) return { optimizer: rules, learningRate: Array.isArray(lr) ? lr.flatMap(scheduled) : lr }
  const optimizer = rules.flatMap((rule) =>
    scheduled(rule.learningRate as number).map((learningRate) => Object.freeze({ ...rule, learningRate })),
  )
  return { optimizer }
}

function optimizersOf(options: SweepCommandOptions, names: readonly Optimizer['name'][]): Optimizer[] {
  const momentum = valuesOf(options, 'momentum') ?? [undefined]
  const weightDecay = valuesOf(options, 'weightDecay') ?? [undefined]
  const clipNorm = valuesOf(options, 'clipNorm') ?? [undefined]
  const takesMomentum = names.filter((name) => 'momentum' in optionSchemas[name].fields)
  return names.flatMap((optimizer) => {
    // Of several optimizers, those without momentum are trained without; alone, one is an error.
    const own = takesMomentum.includes(optimizer) || takesMomentum.length === 0 ? momentum : [undefined]
    return own.flatMap((momentum) =>
      weightDecay.flatMap((weightDecay) =>
        clipNorm.map((clipNorm) =>
          parseOptimizer({
            optimizer,
            ...(momentum !== undefined && { momentum }),
            ...(weightDecay !== undefined && { weightDecay }),
            ...(clipNorm !== undefined && { clipNorm }),
          }),
        ),
      ),
    )
  })
}

/** `--activation` with lists, `--activation` with one name for all layers, or `--hidden` and `--output`. */
function activationAxes(options: AxisTexts, losses: readonly LossName[], layers: readonly string[]) {
  const names = (texts: readonly string[] | undefined, flag: string) =>
    namesOf<ActivationName>(texts, flag, activationNames)
  const [hidden, output] = [names(options.hidden, '--hidden'), names(options.output, '--output')]
  const { activation } = options
  if (!activation) return partsOf(hidden, output, losses)
  if (hidden || output) throw new InputError('--activation: is for all layers; leave it out, or --hidden and --output')
  if (activation.some((text) => text.includes(','))) {
    const counts = [...new Set(layers.map((text) => text.split(',').length - 1))]
    if (counts.length > 1) {
      throw new InputError(`--activation: a list has one name for each layer, and --layers has shapes with ${counts.join(' and ')}; use --hidden and --output instead`) // prettier-ignore
    }
    const lists = activation.map((text) => counts.map((count) => parseActivations(text, count, losses[0]!)))
    const activations = [...new Map(lists.flat().map((list) => [list.join(), list])).values()]
    return { activationsAs: 'list' as const, activations }
  }
  const all = names(activation, '--activation')!
  const fixed = losses.map(requiredActivation)
  if (fixed.every((one) => one === undefined)) return { activationsAs: 'activation' as const, activation: all }
  if (fixed.every((one) => one === fixed[0])) return partsOf(all, [fixed[0]!], losses)
  throw new InputError(`--activation: the losses ${losses.join(', ')} need different last layers; use --hidden instead`)
}

function partsOf(
  hidden: readonly ActivationName[] | undefined,
  output: readonly ActivationName[] | undefined,
  losses: readonly LossName[],
) {
  for (const loss of losses) {
    const needed = requiredActivation(loss)
    const other = needed && output?.find((name) => name !== needed)
    if (other) throw new InputError(`--output: ${loss} needs ${needed} in the last layer, got ${other}`)
  }
  return { activationsAs: 'hiddenAndOutput' as const, hidden, output }
}

/**
 * The sizes of the networks, with what '-' takes from the data.
 * @returns what `--layers` was given by the sizes, which are joined by commas
 */
export function layersOf(layers: readonly string[], ends: Ends): { sizes: number[][]; texts: Map<string, string> } {
  const all = layers.map((text) => [parseLayers(text, ends), text] as const)
  const texts = new Map(all.map(([sizes, text]) => [sizes.join(), text]))
  return { sizes: [...texts.keys()].map((sizes) => sizes.split(',').map(Number)), texts }
}
