import type { Autopsy } from '../../core/autopsy.ts'
import type { Network } from '../../model/network.ts'
import type { History } from '../history.ts'
import type { SweepSettings } from './settings.ts'

/** Where the training of a network left the finite numbers; all counted from 1. */
export interface SweepFault {
  /** The epoch in which it diverged, counted from 1. */
  readonly epoch: number
  /** Of that epoch, where it was searched for. */
  readonly minibatch?: number | undefined
  /** The layer of the first value that is not finite, counted from 1. */
  readonly layer?: number | undefined
  /** With {@link SweepOptions.folds}, the fold without which the network was trained; undefined for all samples. */
  readonly fold?: number | undefined
}

/** What a network that was trained without the samples of a fold does on them. */
export interface FoldScore {
  /** As {@link SweepResult.score}. */
  readonly score: number
  /** The loss on the samples that were left out. */
  readonly loss: number
}

/** What a result is made of. */
export interface ResultParts {
  readonly index: number
  readonly settings: SweepSettings
  readonly parameters: number
  readonly seed: number
  readonly score: number
  readonly loss: number
  readonly epochs: number
  readonly fault: SweepFault | undefined
  readonly folds?: readonly FoldScore[] | undefined
  readonly history: () => History
  readonly network: () => Network
  /** Of a network that diverged. */
  readonly explain?: (() => Promise<Autopsy | undefined>) | undefined
}

/** A network of a sweep and how well it does. */
export class SweepResult {
  /** The number of the combination and seed in the whole sweep, all shards together, from 0 on. The seeds change first. */
  readonly index: number
  /** What the network was trained with. */
  readonly settings: SweepSettings
  /** Of the initial parameters, as in {@link Network.create}, and of the order, as in {@link Trainer.create}. */
  readonly seed: number
  /** Accuracy; for several labels the share of correct labels; for regression R². NaN where the training diverged. */
  readonly score: number
  /** Mean over the samples that the score is of. Not finite where the training diverged. */
  readonly loss: number
  /** With {@link SweepOptions.folds}: the score of each fold. `score` and `loss` are their means. */
  readonly folds: readonly FoldScore[] | undefined
  /** With folds: the standard deviation of their scores, the root of the mean square of the differences from the mean. */
  readonly deviation: number | undefined
  /** Whether the training left the finite numbers. The parameters are those from before that epoch. */
  readonly diverged: boolean
  /** Where it did. */
  readonly fault: SweepFault | undefined
  /** Epochs that were trained: fewer than in the settings where the training diverged or was ended early. */
  readonly epochs: number
  /** The number of weights and biases. */
  readonly parameters: number
  readonly #parts: ResultParts
  #autopsy: Promise<Autopsy | undefined> | undefined

  constructor(parts: ResultParts) {
    this.index = parts.index
    this.settings = parts.settings
    this.seed = parts.seed
    this.score = parts.score
    this.loss = parts.loss
    this.folds = parts.folds
    this.deviation = parts.folds && deviationOf(parts.folds.map(({ score }) => score))
    this.diverged = parts.fault !== undefined
    this.fault = parts.fault
    this.epochs = parts.epochs
    this.parameters = parts.parameters
    this.#parts = parts
  }

  /**
   * As that of {@link Trainer.fit}. Of networks that were trained side by side only the last epoch of each round has the score
   * of the validation data, and the time of an epoch is that of all of them together. `recoveries` is 0 here: see
   * {@link SweepRound.recoveries}.
   */
  get history(): History {
    return this.#parts.history()
  }

  /**
   * The likely cause of the divergence and what helps, as `DivergedError.autopsy` of a single training has them. It is looked for
   * in the first call, on the CPU, for about a second at most. Rows are numbered as the data of the sweep.
   * @returns undefined for a network that did not diverge
   * @example
   * const data = circle({ samples: 50, seed: 1 })
   * const results = await sweep(data, { sizes: [2, 3, 2], optimizer: sgd({ learningRate: 1 }), l2: [0, 10], epochs: 60, backend: 'cpu' })
   * const autopsy = await results.at(-1)?.explain()
   * console.log(autopsy?.cause, autopsy?.fix) // penalty { l2: 0.05 }
   */
  explain(): Promise<Autopsy | undefined> {
    this.#autopsy ??= this.#parts.explain?.() ?? Promise.resolve(undefined)
    return this.#autopsy
  }

  /** A network with the trained parameters; a new one each time. */
  network(): Network {
    return this.#parts.network()
  }
}

function deviationOf(scores: readonly number[]): number {
  const mean = scores.reduce((sum, score) => sum + score / scores.length, 0)
  return Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2 / scores.length, 0))
}

/** How far a sweep is. */
export interface SweepRound {
  /** How often the GPU device was lost, and another one, or the CPU, went on. */
  readonly recoveries: number
  /** How many networks it trains. */
  readonly networks: number
  /** How many of them are not finished. */
  readonly remaining: number
  /** The share of the work that is done, from 0 to 1. */
  readonly progress: number
  /** The round of {@link SweepOptions.halving}, from 1 on; without halving there is one. */
  readonly halving: number
  /** The best networks of this round that are known, at most ten, the best one first. */
  readonly best: readonly SweepResult[]
  /** Since the beginning of the sweep: parts of trainings count as such. */
  readonly networksPerSecond: number
  /** Seconds since the sweep began. */
  readonly seconds: number
  /** The networks that are trained separately: on how many threads, each of which trains one after another, and why. */
  readonly separately: {
    /** How many networks are trained one after the other. */
    readonly networks: number
    /** On how many threads. */
    readonly threads: number
    /** Why. */
    readonly reasons: readonly string[]
  }
}
