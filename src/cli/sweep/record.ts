import type { Autopsy, History } from '../../index.ts'

/** The value of a setting: a number, a name, a list with commas between its parts (`2,8,2`), or whether it is on. */
export type Setting = number | string | boolean

/** Settings by their names, see {@link Axis.name}. */
export type Settings = Readonly<Record<string, Setting>>

/** A setting with several values. */
export interface Axis {
  /** Its name in {@link ResultRecord.settings}: `layers`, `activation`, `learningRate` … */
  readonly name: string
  /** Its option on the command line: `--layers`. */
  readonly option: string
  /** The different values in the results: numbers in ascending order, others in the order in which they were given. */
  readonly values: readonly Setting[]
  /** How an axis of a chart shows it: numbers by their logarithms or as they are, all others as words. */
  readonly scale: 'log' | 'linear' | 'words'
}

/** A network of a sweep. Numbers that are not finite are null. */
export interface ResultRecord {
  /** From 1 on, the best network first. */
  readonly rank: number
  /** Its number in the whole sweep, from 0 on; networks of all shards have different ones. */
  readonly index: number
  readonly seed: number
  /** All settings, also those with one value. */
  readonly settings: Settings
  /** Accuracy, share of correct labels, or R²; with folds the mean of their scores. Null where the training diverged. */
  readonly score: number | null
  /** The standard deviation of the scores of the folds; null without folds. */
  readonly deviation: number | null
  readonly folds: readonly { readonly score: number | null; readonly loss: number | null }[] | null
  readonly loss: number | null
  /** Epochs that were trained: fewer than in the settings where the training diverged or was ended early. */
  readonly epochs: number
  readonly parameters: number
  readonly diverged: boolean
  /** Where it diverged, counted from 1. */
  readonly fault: {
    readonly epoch: number
    readonly minibatch?: number
    readonly layer?: number
    /** With folds, the one without which the network was trained; none for the training on all samples. */
    readonly fold?: number
  } | null
  /** The likely cause of the divergence and what helps; null where it was not looked for. */
  readonly autopsy: Pick<Autopsy, 'cause' | 'evidence' | 'hint' | 'fix' | 'isTried'> | null
  /** The command that trains this network alone, with the same result; with folds, it trains on all samples. */
  readonly command: string
}

/** The epochs of one of the best networks. */
export interface BestRecord {
  readonly rank: number
  readonly history: Pick<History, 'epochs' | 'seconds' | 'stopped' | 'bestEpoch'>
}

/** A sweep for programs, as `results.json` and the page have it. */
export interface SweepRecord {
  readonly format: 'webgpu-mlp sweep'
  readonly version: 1
  /** Name and version: `webgpu-mlp 0.2.0`. */
  readonly program: string
  /** The command that trains the sweep. */
  readonly command: string
  readonly data: {
    readonly name: string
    readonly samples: number
    readonly validationSamples: number
    /** The first 16 hexadecimal digits of the SHA-256 of all samples. */
    readonly fingerprint: string
  }
  readonly backend: { readonly name: string; readonly description: string }
  /** Of all runs of the sweep together; of a sweep in shards, those of the shard that took longest. */
  readonly seconds: number
  readonly networksPerSecond: number | null
  /** How many networks the sweep trains; fewer results are those of a sweep that was interrupted. */
  readonly networks: number
  /** The part of the sweep, counted from 1; null for the whole sweep. */
  readonly shard: { readonly index: number; readonly count: number } | null
  readonly task: 'classification' | 'multilabel' | 'regression'
  readonly scoreName: 'accuracy' | 'r2'
  readonly scoredOn: 'validation' | 'training' | 'folds'
  /** The settings with several values, and the seed where there are several. */
  readonly axes: readonly Axis[]
  /** The best network first. */
  readonly results: readonly ResultRecord[]
  /** The best ten that did not diverge. */
  readonly best: readonly BestRecord[]
  /** The score of the mean prediction of the best networks. */
  readonly ensemble: { readonly networks: number; readonly score: number | null; readonly loss: number | null } | null
}
