import type { Placement } from '../backend/backend.ts'
import { DivergedError } from '../core/errors.ts'
import type { Feed } from './feed/feed.ts'
import type { Epoch, Outcome } from './history.ts'
import type { AtOnce } from './options.ts'
import type { Recoveries } from './recovery/recoveries.ts'
import type { RunCheckpoints } from './run-checkpoints.ts'
import type { Session } from './session.ts'
import { ask, type CheckedFitOptions } from './settings.ts'
import { isOver, type StoppingState, watchStopping } from './stopping.ts'

/** What a run of epochs works with. */
export interface Fitting {
  readonly session: Session
  readonly placement: Placement
  readonly checkpoints: RunCheckpoints
  readonly recoveries: Recoveries
  readonly options: CheckedFitOptions
  readonly stopping: StoppingState | undefined
  /** Epochs that are trained before the first is reported; Infinity for as many as are worth it, and more ahead. */
  readonly atOnce: AtOnce
  /** Takes the trainer's turn for a part of the work. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>
  /** Throws where the trainer was disposed of. */
  readonly check: () => void
}

/**
 * Trains epochs until they are over or early stopping ends them, in the groups in which they are handed over: the callbacks,
 * the checkpoints and what follows from an epoch's result come between the groups.
 */
export async function* trainGroups(
  fitting: Fitting,
  train: Feed,
  validation: Feed | undefined,
): AsyncGenerator<readonly Epoch[], Outcome> {
  const { session, placement, checkpoints, recoveries, options, stopping, turn } = fitting
  const { epochs, onEpoch, onRecovery, signal, earlyStopping, checkpoint } = options
  let written = session.epoch
  const write = async () => {
    if (session.epoch === written) return
    written = session.epoch
    await checkpoint?.write(await turn(() => checkpoints.make(stopping)))
  }
  const isStopped = () => earlyStopping !== undefined && stopping !== undefined && isOver(earlyStopping, stopping)
  let failed = false
  try {
    for (let begun = 0, done = 0, until = 0; done < epochs && !isStopped();) {
      signal?.throwIfAborted()
      if (done === until) until = Math.min(epochs, done + ask(fitting.atOnce))
      begun += await startEpochs(fitting, train, validation, until - begun, epochs - begun)
      const trained = await turn(() => session.finishEpochs(train))
      done += trained.length
      recoveries.report(onRecovery)
      for (const epoch of earlyStopping && stopping ? trained : []) {
        await watchStopping(earlyStopping!, stopping!, epoch, () => turn(() => placement.read()))
      }
      for (const epoch of onEpoch ? trained : []) {
        await onEpoch?.(epoch)
        fitting.check()
      }
      if (checkpoint && session.epoch % checkpoint.every === 0) await write()
      yield trained
    }
    if (checkpoint) await write()
    const { snapshot, bestEpoch } = stopping ?? {}
    if (snapshot) await turn(() => placement.write(snapshot))
    recoveries.report(onRecovery)
    return { stopped: isStopped() ? 'earlyStopping' : 'epochs', bestEpoch: bestEpoch ?? null }
  } catch (error) {
    failed = true
    if (error instanceof DivergedError) {
      // The last good epoch is worth keeping; the divergence is what is reported even if that fails.
      await write().catch((cause: unknown) => (error.cause = cause))
    }
    throw error
  } finally {
    await session.finishStarted()
    // Where the loop was left.
    if (checkpoint && !failed) await write()
  }
}

/**
 * Hands over as many epochs as should be under way.
 * @param most of them at most
 * @param rest the number of epochs that are still to come in all
 * @returns how many
 */
async function startEpochs(
  { session, options, turn }: Fitting,
  train: Feed,
  validation: Feed | undefined,
  most: number,
  rest: number,
): Promise<number> {
  let begun = 0
  while (begun < most) {
    const { together, ahead } = session.limitsOf(train, options)
    if (session.ahead >= ahead) break
    const count = Math.min(together, most - begun)
    const next = Math.min(count, rest - begun - count)
    await turn(() => session.startEpochs(train, validation, count, next, options))
    begun += count
  }
  return begun
}

/** The epochs of groups one by one. */
export async function* oneByOne(groups: AsyncGenerator<readonly Epoch[], Outcome>): AsyncGenerator<Epoch, Outcome> {
  try {
    for (;;) {
      const result = await groups.next()
      if (result.done) return result.value
      yield* result.value
    }
  } finally {
    // Where the loop was left.
    await groups.return(undefined as never)
  }
}
