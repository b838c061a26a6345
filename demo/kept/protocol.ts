import type { HistoryPoint } from '../history.ts'
import type { KeptRun } from './record.ts'

/** Messages from the page to the worker about runs that are kept in the browser's storage. */
export type KeptRequest =
  /** Asks for the runs of closed tabs; `last` identifies the page that this tab showed before. */
  | { type: 'find'; last: string | undefined }
  | KeepRequest
  /** Asks for a run with its files. */
  | { type: 'take'; id: string }
  /** Removes a run. */
  | { type: 'discard'; id: string }

/** Keeps the run that the page shows, in the place of the one that it kept before. */
export interface KeepRequest {
  type: 'keep'
  /** The number of the run: nothing is kept if the worker trains another one now. */
  number: number
  address: string
  run: string
  playing: boolean
  history: readonly HistoryPoint[]
  /** A kept run that this one continues; it is removed. */
  replaces: string | undefined
}

/** What the page needs to offer a run. */
export interface KeptSummary extends Pick<KeptRun, 'id' | 'address' | 'run'> {
  epoch: number
  /** The share of correct answers on the test data, else on the training data; undefined for regression. */
  accuracy: number | undefined
  loss: number
}

/** Messages from the worker to the page about kept runs. */
export type KeptMessage =
  /** `id` identifies this page from now on; `runs` are those of closed tabs, the latest one first. */
  | { type: 'found'; id: string; runs: readonly KeptSummary[] }
  /** The run that was asked for; undefined if it no longer exists. */
  | { type: 'taken'; id: string; kept: KeptRun | undefined; files: readonly File[] }
  /** Whether the browser’s storage took the run that the page shows. */
  | { type: 'stored'; isStored: boolean }

export interface ToKept {
  kept: KeptRequest
}
export interface FromKept {
  kept: KeptMessage
}
