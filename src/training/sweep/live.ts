import type { Backend } from '../../backend/backend.ts'
import type { Autopsy } from '../../core/autopsy.ts'
import { checkConstructor, KEY } from '../../core/constructors.ts'
import { checkInteger, InputError } from '../../core/errors.ts'
import type { Matrix } from '../../core/matrix.ts'
import { type Fields, readOptions } from '../../core/schema.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Network } from '../../model/network.ts'
import type { PredictRows } from '../../model/rows.ts'
import { chooseBackend } from '../backends.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { SharedReplacement } from '../recovery/shared-replacement.ts'
import { checkIsDataset } from '../settings.ts'
import type { Context } from './context.ts'
import { explainFault } from './explain.ts'
import { HostBackends } from './host-backends.ts'
import type { LiveGroup, LiveScore } from './live-group.ts'
import { placeLive } from './live-groups.ts'
import { type Member, planOf, trainedNetwork } from './members.ts'
import { type SweepOptions, sweepSchema } from './options.ts'
import type { SweepSettings } from './settings.ts'

/** The options of {@link sweep} that {@link liveSweep} takes: all but those that decide which networks train for how long. */
export type LiveSweepOptions = Omit<
  SweepOptions,
  'epochs' | 'halving' | 'earlyStopping' | 'folds' | 'shard' | 'resume' | 'onRound'
>

const {
  epochs: _,
  halving: __,
  earlyStopping: ___,
  folds: ____,
  shard: _____,
  resume: ______,
  onRound: _______,
  ...fields
} = sweepSchema.fields

const { 'a sweep reports rounds: onRound': ________, ...elsewhere } = sweepSchema.elsewhere

export const liveSweepSchema = {
  name: 'liveSweep',
  fields: fields satisfies Fields<LiveSweepOptions>,
  elsewhere: {
    ...elsewhere,
    'train(epochs) says for how many epochs': ['epochs', 'onEpoch'],
    'an option of sweep, which ranks networks after their training': [
      'halving',
      'earlyStopping',
      'folds',
      'shard',
      'resume',
      'onRound',
    ],
  },
}

/** A network of a live sweep, as it is now. */
export interface LiveNetwork {
  /** What the network is trained with. */
  readonly settings: Omit<SweepSettings, 'epochs'>
  /** Of the initial parameters, as in {@link Network.create}, and of the order, as in {@link Trainer.create}. */
  readonly seed: number
  /** Epochs that it was trained for. */
  readonly epoch: number
  /** Whether its training left the finite numbers: it has the parameters from before that epoch, and is trained no more. */
  readonly diverged: boolean
}

/**
 * Networks that all train on together while a program looks at them, made by {@link liveSweep}. Networks are named by their
 * number, from 0 on: combinations in their order, each with all seeds. Calls wait for those that were made before.
 */
export class LiveSweep {
  readonly #context: Context
  readonly #groups: readonly LiveGroup[]
  readonly #places = new Map<Member, { readonly group: LiveGroup; readonly place: number }>()
  readonly #release: () => void
  #last: Promise<unknown> = Promise.resolve()
  #isDisposed = false

  /** Not public: {@link liveSweep} makes one. @param release of backends that were opened for it */
  constructor(key: unknown, context: Context, groups: readonly LiveGroup[], release: () => void) {
    checkConstructor(key, 'LiveSweep', 'await liveSweep(data, options)')
    this.#context = context
    this.#groups = groups
    this.#release = release
    for (const group of groups) group.members.forEach((member, place) => this.#places.set(member, { group, place }))
  }

  /** What the networks are trained on; the CPU where a GPU was lost and no other one was found. */
  get backend(): Backend {
    return this.#context.replacement.backend
  }

  /** How often the GPU device was lost, and another one, or the CPU, went on. */
  get recoveries(): number {
    return this.#context.replacement.recoveries
  }

  /** All networks, in their order. */
  get networks(): LiveNetwork[] {
    return this.#context.members.map((member): LiveNetwork => {
      const { group, place } = this.#places.get(member)!
      const { epochs: _, ...settings } = member.combination.settings
      return { settings, seed: member.seed, epoch: group.epochsOf(place), diverged: group.isDiverged(place) }
    })
  }

  /** How many networks are trained one after another, not side by side, and why. */
  get separately(): {
    /** How many networks are trained one after the other. */
    readonly networks: number
    /** Why. */
    readonly reasons: readonly string[]
  } {
    const groups = this.#groups.filter(({ reason }) => reason !== undefined)
    const networks = groups.reduce((sum, { members }) => sum + members.length, 0)
    return { networks, reasons: [...new Set(groups.map(({ reason }) => reason!))] }
  }

  /**
   * Trains every network for some epochs. Networks that diverge are left out from then on.
   * @param epochs how many epochs to train in addition to those so far, at least 1; default 1
   * @throws InputError for a number of epochs below 1; the reason of the signal that was aborted
   */
  async train(epochs = 1): Promise<void> {
    checkInteger('epochs', epochs)
    await this.#inTurn(async () => {
      for (const group of this.#groups) await group.train(epochs)
    })
  }

  /** Copies of the weights and biases of each network, laid out as {@link Network.parameters}. */
  parameters(): Promise<Float32Array[]> {
    return this.#inTurn(() => this.#ofAll((group) => group.parameters()))
  }

  /**
   * The outputs of some networks for the same rows, for example the points of a grid over the plane.
   * @param x rows in the units of the data, preprocessed as the networks need it; see {@link Network.predict}
   * @param indices the numbers of the networks; default all
   * @returns a matrix for each of them: rows × outputs
   * @throws InputError for rows that do not fit, and for a number that no network has
   */
  async outputs(x: PredictRows, indices?: readonly number[]): Promise<Matrix[]> {
    const members = indices?.map((index) => this.#memberAt(index)) ?? this.#context.members
    return this.#inTurn(async () => {
      const found = new Map<Member, Matrix>()
      for (const group of this.#groups) {
        const own = members.filter((member) => this.#places.get(member)!.group === group)
        if (own.length === 0) continue
        const outputs = await group.outputs(x, own.map((member) => this.#places.get(member)!.place)) // prettier-ignore
        own.forEach((member, i) => found.set(member, outputs[i]!))
      }
      return members.map((member) => found.get(member)!)
    })
  }

  /** The score and the loss of each network on the validation data, or without them on the training data. */
  scores(): Promise<LiveScore[]> {
    return this.#inTurn(() => this.#ofAll((group) => group.scores()))
  }

  /**
   * A copy of one network with its present parameters.
   * @param index the number of the network: its place in {@link LiveSweep.networks}, counted from 0
   * @throws InputError for a number that no network has
   */
  async network(index: number): Promise<Network> {
    const member = this.#memberAt(index)
    const parameters = await this.parameters()
    return trainedNetwork(member, parameters[index]!)
  }

  /**
   * The state of one network. A trainer with its settings and seed takes it, and trains on from there.
   * @param index the number of the network: its place in {@link LiveSweep.networks}, counted from 0
   * @throws InputError for a number that no network has
   * @example
   * using live = await liveSweep(train, { sizes: [2, 3, 2], seeds: 4, backend: 'cpu' })
   * await live.train(10)
   * const { settings, seed } = live.networks[2]!
   * const { sizes, loss, optimizer, batchSize } = settings
   * const trainer = await Trainer.create(Network.create({ sizes, seed }), { loss, optimizer, batchSize, seed, backend: 'cpu' })
   * await trainer.resume(await live.checkpoint(2))
   * await trainer.fit(train, { epochs: 10 })
   */
  async checkpoint(index: number): Promise<Checkpoint> {
    const { group, place } = this.#places.get(this.#memberAt(index))!
    return this.#inTurn(() => group.checkpoint(place))
  }

  /**
   * The likely cause of the divergence of one network and what helps, as `DivergedError.autopsy` of a single training has them.
   * The search runs on the CPU for about a second at most.
   * @param index the number of the network: its place in {@link LiveSweep.networks}, counted from 0
   * @returns undefined for a network that did not diverge
   * @throws InputError for a number that no network has
   * @example
   * const data = circle({ samples: 50, seed: 1 })
   * using live = await liveSweep(data, { sizes: [2, 3, 2], optimizer: sgd({ learningRate: 1 }), l2: [0, 10], backend: 'cpu' })
   * await live.train(60)
   * const autopsy = await live.explain(1)
   * console.log(autopsy?.cause, autopsy?.fix) // penalty { l2: 0.05 }
   */
  async explain(index: number): Promise<Autopsy | undefined> {
    const member = this.#memberAt(index)
    const { group, place } = this.#places.get(member)!
    const parameters = await this.#inTurn(async () => (group.isDiverged(place) ? group.parameters() : undefined))
    return parameters && explainFault(member, { epoch: group.epochsOf(place) + 1 }, [member.part], parameters[place]!)
  }

  #memberAt(index: number): Member {
    const { members } = this.#context
    return members[checkInteger('index', index, 0, members.length - 1)]!
  }

  /** What the groups give, in the order of the networks. */
  async #ofAll<T>(get: (group: LiveGroup) => Promise<readonly T[]>): Promise<T[]> {
    const all: T[] = []
    for (const group of this.#groups) {
      const own = await get(group)
      group.members.forEach(({ index }, place) => (all[index] = own[place]!))
    }
    return all
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#isDisposed) throw new InputError('liveSweep: it was disposed of')
      return work()
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Frees everything that it holds, after the calls that were made before. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    void this.#last.then(() => {
      for (const group of this.#groups) group.dispose()
      this.#release()
    })
  }

  /** Frees the networks, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

/**
 * Places many networks, one for each combination of the settings and each seed, that train on together for as long as the
 * program wants, and whose parameters and scores it can look at in between: for a display of many networks that learn.
 * {@link sweep} is faster where only the results count. Each network equals the one of a single training, as there.
 * @param data to train on
 * @param options those of {@link sweep} without `epochs`, `halving`, `earlyStopping`, `folds`, `shard`, `resume` and
 *   `onRound`; only `sizes` is required
 * @throws InputError for options or data that do not fit together; BackendUnavailableError where the backend is not available
 * @example
 * const data = circle({ samples: 100, seed: 1 })
 * using live = await liveSweep(data, { sizes: [2, 3, 2], learningRate: logspace(0.1, 10, 3), seeds: 4, backend: 'cpu' })
 * for (let frame = 0; frame < 10; frame++) {
 *   await live.train(2)
 *   const parameters = await live.parameters()
 *   const scores = await live.scores()
 *   console.log(parameters.length, scores[0]?.score, live.networks[0]?.settings.learningRate)
 * }
 */
export async function liveSweep(data: Dataset, options: LiveSweepOptions): Promise<LiveSweep> {
  checkIsDataset(data, 'data')
  const checked = readOptions(liveSweepSchema, options)
  // What it does not take has the defaults of a sweep.
  const plan = planOf(data, readOptions(sweepSchema, { ...options, epochs: 1 }))
  checked.signal?.throwIfAborted()
  // To measure which backend is the fastest for each of many shapes would take longer than it saves.
  const named = checked.backend === 'auto' ? { ...checked, deterministic: true } : checked
  const { backend, opened } = await chooseBackend(checked.backend, named)
  const hosts = new HostBackends(backend)
  const { onLoss, onRecovery } = checked
  const replacement = new SharedReplacement(backend, { onLoss, onRecovery, threads: named.threads })
  const release = () => {
    hosts.dispose()
    replacement.dispose()
    if (opened) backend.dispose()
  }
  try {
    const context = { ...plan, replacement, states: new Map<never, never>() }
    return new LiveSweep(KEY, context, await placeLive(context, hosts), release)
  } catch (error) {
    release()
    throw error
  }
}
