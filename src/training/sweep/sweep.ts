import { InputError } from '../../core/errors.ts'
import { readOptions } from '../../core/schema.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Backend } from '../../backend/backend.ts'
import { recipeOf } from '../../backend/host/recipe.ts'
import { type BackendName, chooseBackend } from '../backends.ts'
import { SharedReplacement } from '../recovery/shared-replacement.ts'
import { checkIsDataset } from '../settings.ts'
import { type SweepCheckpoint, type SweepCheckpointOptions, sweepCheckpointSchema } from './checkpoint/checkpoint.ts'
import { checkSameSweep } from './checkpoint/run-state.ts'
import { planOf, type Plan } from './members.ts'
import { type SweepOptions, sweepSchema } from './options.ts'
import type { SweepResult, SweepRound } from './results.ts'
import { Run } from './run.ts'
import { SweepThreads } from './threads/sweep-threads.ts'

/**
 * A sweep that begins when it is first awaited or iterated over. Awaiting it gives the ranked results, the best one first;
 * iterating over it gives rounds while it trains. It trains once: after a loop over its rounds, awaiting it gives the results
 * of what the loop has seen, also where the loop was left early.
 */
export class Sweep implements PromiseLike<SweepResult[]>, AsyncIterable<SweepRound> {
  /** How many networks it trains, those of other shards not counted. */
  readonly networks: number
  readonly #plan: Plan
  #run: Run | undefined
  readonly #rounds: AsyncGenerator<SweepRound>
  #results: Promise<SweepResult[]> | undefined

  constructor(plan: Plan) {
    this.#plan = plan
    this.networks = plan.members.length / plan.parts.length
    this.#rounds = this.#train()
  }

  async *#train(): AsyncGenerator<SweepRound> {
    const { options } = this.#plan
    const { backend: choice, deterministic, threads, onRound } = options
    options.signal?.throwIfAborted()
    const named = { deterministic, threads: takesThreads(choice) ? undefined : threads }
    const { backend, opened } = await chooseBackend(choice, named)
    const { onLoss, onRecovery } = options
    const replacement = new SharedReplacement(backend, { onLoss, onRecovery, threads: named.threads })
    const host = new SweepThreads()
    try {
      this.#run = new Run({ ...this.#plan, replacement, threads: host }, this.#plan.options.resume)
      for await (const round of this.#run.rounds()) {
        await onRound?.(round)
        yield round
      }
    } finally {
      host.dispose()
      replacement.dispose()
      if (opened) backend.dispose()
    }
  }

  /**
   * Where the sweep is, to go on from later, with the option `resume`. For use within a loop over its rounds, or in
   * {@link SweepOptions.onRound}: what it has trained up to that round; and after the sweep.
   * @param options `notes`, which the checkpoint keeps: anything that JSON can hold. Default: none
   * @throws InputError before the first round
   * @example
   * const options = { sizes: [2, 3, 2], seeds: 4, epochs: 4, backend: 'cpu' } as const
   * const data = circle({ samples: 50, seed: 1 })
   * const run = sweep(data, options)
   * for await (const round of run) {
   *   const checkpoint = await run.checkpoint({ notes: 'first attempt' })
   *   if (round.progress > 0.5) break
   * }
   * const results = await sweep(data, { ...options, resume: await run.checkpoint() })
   */
  async checkpoint(options: SweepCheckpointOptions = {}): Promise<SweepCheckpoint> {
    const { notes } = readOptions(sweepCheckpointSchema, options)
    if (!this.#run)
      throw new InputError('sweep: it has not begun; make checkpoints in a loop over its rounds, or in onRound')
    const checkpoint = await this.#run.checkpoint()
    return notes === undefined ? checkpoint : { ...checkpoint, notes }
  }

  async #finish(): Promise<SweepResult[]> {
    let round = await this.#rounds.next()
    while (!round.done) round = await this.#rounds.next()
    return this.#run?.results() ?? []
  }

  /**
   * Trains all networks, or those that are not trained yet.
   * @param resolved called with the results, the best first, when training has ended
   * @param rejected called with the reason where training failed or was aborted
   */
  then<T = SweepResult[], E = never>(
    resolved?: ((results: SweepResult[]) => T | PromiseLike<T>) | null,
    rejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    this.#results ??= this.#finish()
    return this.#results.then(resolved, rejected)
  }

  /** Trains, and returns the results after each round. */
  [Symbol.asyncIterator](): AsyncGenerator<SweepRound> {
    return this.#rounds
  }
}

/** Whether a backend trains one network on one thread, so that the option is about the threads of the sweep only. */
const takesThreads = (choice: BackendName | Backend) =>
  choice === 'cpu' || (typeof choice === 'object' && recipeOf(choice) !== undefined)

/**
 * Trains many networks, one for each combination of the settings and each seed, and ranks them: by the score of the validation
 * data, or without them by that of the training data; then by the loss, then by the number of parameters. Networks whose
 * training diverged come last. After successive halving, those that trained longer come before those that were left out.
 *
 * Each network equals the one of a single training with its settings and its seed: `Network.create({ sizes, …, seed })` with
 * `Trainer.create(network, { optimizer, …, seed })`; bit for bit on the backend `cpu`, up to the rounding of float32 on others.
 *
 * On a GPU, networks of one shape and batch size train side by side, small groups of them at the same time; after a round of
 * halving, those that train on are placed together. Networks that are too large for it, that have dropout, clipped gradients,
 * weights of samples, early stopping or `shuffle: false`, are trained one after another; each round says how many, and why. On
 * the CPU, worker threads train one network each, or four small ones; where none can be started, as under a
 * Content-Security-Policy without `worker-src blob:`, the calling thread trains all of them, and the rounds say so.
 * @param data to train on; for regression, scaled with {@link standardizeTargets} if they are large
 * @param options the layer sizes, the settings to combine (an array holds values to try), the seeds, and how all
 *   networks are trained; only `sizes` is required
 * @returns what can be awaited or iterated over; nothing is trained before
 * @throws InputError at once, for options or data that do not fit together, for no combination, and for more than `limit`
 * @example
 * const data = circle({ samples: 100, seed: 1 })
 * const sizes = [[2, 3, 2], [2, 6, 2]]
 * const results = await sweep(data, { sizes, learningRate: logspace(0.1, 10, 3), seeds: 2, epochs: 5, backend: 'cpu' })
 * const [best] = results
 * console.log(results.length, best?.score, best?.settings.learningRate, best?.network().predict([[0.5, 0.5]]))
 * for await (const round of sweep(data, { sizes, seeds: 8, halving: true, epochs: 8, backend: 'cpu' })) {
 *   console.log(`${round.remaining} of ${round.networks} remain; best ${round.best[0]?.score}`)
 * }
 */
export function sweep(data: Dataset, options: SweepOptions): Sweep {
  checkIsDataset(data, 'data')
  const plan = planOf(data, readOptions(sweepSchema, options))
  if (plan.options.resume) checkSameSweep(plan.options.resume, plan)
  return new Sweep(plan)
}
