import { type InitializerName, optionSchemas, type SweepSettings } from '../../index.ts'
import { isGenerated } from '../data.ts'
import type { CheckedAxes } from './axes.ts'
import type { SweepCommandOptions } from './options.ts'
import { activationsOf, rateOf } from './settings.ts'

/** What the commands of all networks of a sweep have in common. */
export interface CommandParts {
  readonly options: SweepCommandOptions & { data: string }
  readonly checked: CheckedAxes
  /** See `sharedWords`. */
  readonly shared: readonly string[]
  /** What `--layers` was given, by the sizes. */
  readonly layers: ReadonlyMap<string, string>
  readonly dataSeed: number
  /** The name of the backend that trained. */
  readonly backend: string
}

const usual = {
  init: 'glorotUniform' satisfies InitializerName,
  loss: 'quadratic',
  optimizer: 'sgd',
  batchSize: optionSchemas['Trainer.create'].fields.batchSize.default as number,
}

/** The words of the `train` command that trains one network of a sweep alone. Options that have their defaults are left out. */
export function trainWords(settings: SweepSettings, seed: number, parts: CommandParts): string[] {
  const { sizes, init, loss, optimizer, batchSize, l1, l2, dropout, epochs } = settings
  const { options, layers, dataSeed, backend } = parts
  const { rate, text } = rateOf(settings, parts.checked)
  const activations = activationsOf(settings)
  const isSigmoid = activations.every((name) => name === 'sigmoid')
  const isAlike = activations.every((name) => name === activations[0])
  const { momentum, weightDecay, clipNorm } = optionSchemas[optimizer.name].fields as Record<string, { default?: unknown } | undefined> // prettier-ignore
  const word = (flag: string, value: unknown, isUsual: boolean) => (isUsual ? [] : [flag, String(value)])
  const isDataRandom = isGenerated(options.data) || options.test !== undefined
  return [
    ...['train', ...parts.shared, '--layers', layers.get(sizes.join()) ?? sizes.join()],
    ...word('--activation', isAlike ? activations[0] : activations.join(), isSigmoid),
    ...word('--init', init, init === usual.init),
    ...word('--loss', loss, loss === usual.loss),
    ...word('--optimizer', optimizer.name, optimizer.name === usual.optimizer),
    ...['--lr', String(rate)],
    ...word('--schedule', text, text === 'none'),
    ...word('--momentum', optimizer.momentum, momentum === undefined || optimizer.momentum === momentum.default),
    ...word('--weight-decay', optimizer.weightDecay, optimizer.weightDecay === weightDecay?.default),
    ...word('--clip-norm', optimizer.clipNorm, optimizer.clipNorm === clipNorm?.default),
    ...word('--batch', batchSize, batchSize === usual.batchSize),
    ...word('--l1', l1, l1 === 0),
    ...word('--l2', l2, l2 === 0),
    ...word('--dropout', typeof dropout === 'number' ? dropout : dropout.join(), dropout === 0),
    ...['--epochs', String(epochs), '--seed', String(seed)],
    ...word('--data-seed', dataSeed, !isDataRandom),
    ...['--backend', backend],
  ]
}
