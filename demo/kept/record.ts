import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../src/index.ts'
import type { HistoryPoint } from '../history.ts'
import type { RunState } from './run-state.ts'

/** What the page keeps of a run in the browser's storage. */
export interface KeptRun {
  version: typeof VERSION
  /** Identifies the page that trained it: each tab has one run. */
  id: string
  /** When it was kept, in milliseconds since 1970. */
  time: number
  /** The settings, as in the address of the page. */
  address: string
  /** The settings without those that only say which part of the page is open. */
  run: string
  playing: boolean
  /** The points of the curves. */
  history: readonly HistoryPoint[]
  state: RunState
  /** The number of opened files that the run needs; they are kept next to it. */
  files: number
}

/** Records of another version are removed. */
export const VERSION = 1

/** How long a run is kept, in milliseconds: seven days. */
const LONGEST = 7 * 24 * 60 * 60 * 1000

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)
const isNumberOrNull = (value: unknown) => value === null || isNumber(value)

const isScore = (value: unknown) =>
  isObject(value) && isNumber(value.loss) && (value.accuracy === undefined || isNumber(value.accuracy))

const isPoint = (value: unknown) =>
  isObject(value) &&
  isCount(value.epoch) &&
  isNumber(value.trainLoss) &&
  [value.testLoss, value.trainScore, value.testScore].every(isNumberOrNull)

/**
 * Checks a record that was read from the browser's storage.
 * @returns the record; undefined if it has another version, is too old or is damaged
 */
export function checkRecord(value: unknown, now = Date.now()): KeptRun | undefined {
  if (!isObject(value) || value.version !== VERSION) return undefined
  const { id, time, address, run, playing, history, state, files } = value
  const fits =
    [id, address, run].every((text) => typeof text === 'string') &&
    isNumber(time) &&
    now - time < LONGEST &&
    typeof playing === 'boolean' &&
    isCount(files) &&
    Array.isArray(history) &&
    history.every(isPoint) &&
    isState(state)
  return fits ? (value as unknown as KeptRun) : undefined
}

function isState(state: unknown): state is RunState {
  if (!isObject(state)) return false
  const { checkpoint, train, test, best } = state
  const isBest = isObject(best) && isNumber(best.loss) && isCount(best.epoch)
  return isBest && isScore(train) && (test === null || isScore(test)) && isCheckpoint(checkpoint)
}

/** Whether the library accepts a checkpoint, and its values are finite. */
function isCheckpoint(value: unknown): boolean {
  try {
    decodeCheckpoint(encodeCheckpoint(value as Checkpoint))
    return true
  } catch {
    return false
  }
}
