import type { Backend, Placement } from '../../backend/backend.ts'
import { recipeOf } from '../../backend/host/recipe.ts'
import { DivergedError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import type { Epochs, Position } from './checkpoint/kept.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Epoch, Outcome } from '../history.ts'
import { PlacedNetwork } from '../placed-network.ts'
import { RecoverablePlacement } from '../recovery/recoverable-placement.ts'
import type { Settings } from '../settings.ts'
import type { StoppingRule } from '../stopping.ts'
import { packEpochs } from './epochs.ts'
import { KeptPlacement } from './kept-placement.ts'
import { type Combination, type Member, networkOf } from './members.ts'
import type { SweepFault } from './results.ts'

/** What all networks that are trained one at a time have in common. */
export interface TrainingSetup {
  readonly backend: Backend
  readonly earlyStopping: StoppingRule | undefined
  /** Bytes of device memory that data may take. */
  readonly dataMemory: number
  readonly signal?: AbortSignal | undefined
}

/** One network, and how far it is to be trained. */
export interface Job {
  readonly member: Member
  /** The last epoch. */
  readonly epoch: number
  /** From where it goes on; undefined from the beginning. */
  readonly from: Position | undefined
}

/** The result of a job; plain data, which can be sent to another thread. */
export interface JobResult extends Outcome {
  readonly score: number
  readonly loss: number
  readonly fault: SweepFault | undefined
  readonly parameters: Float32Array
  /** Those of this job, without earlier ones. */
  readonly epochs: Epochs
  /** Where a later job goes on; undefined after the last epoch. */
  readonly position: Position | undefined
  readonly backend: { readonly name: string; readonly description: string }
}

/**
 * Trains one network after another. The backends of the host keep what was placed for the next network that is alike, since
 * compiling takes longer than training a small network.
 */
export class MemberTrainer {
  readonly #setup: TrainingSetup
  /** `part`: whose data lie there. */
  #kept: { readonly key: string; part: number; readonly placement: KeptPlacement } | undefined

  constructor(setup: TrainingSetup) {
    this.#setup = setup
  }

  async train(job: Job): Promise<JobResult> {
    const { member, from } = job
    const network = networkOf(member)
    const { dropout = [], l1 = 0, l2 = 0, ...others } = member.combination.placement
    const { dataMemory } = this.#setup
    const settings = { ...others, dropout, l1, l2, seed: member.seed, dataMemory, profiler: undefined }
    const placed = new PlacedNetwork(network, await this.#place(network, member, settings), settings)
    try {
      if (from) await placed.resume({ ...(await placed.checkpoint()), ...from }, {})
      const result = await this.#trainPlaced(placed, job)
      placed.dispose()
      return result
    } catch (error) {
      placed.dispose()
      this.dispose()
      throw error
    }
  }

  async #place(network: Network, member: Member, settings: Settings): Promise<Placement> {
    const { backend } = this.#setup
    if (!recipeOf(backend)) return RecoverablePlacement.place(backend, network, settings)
    const key = keyOf(member)
    if (this.#kept?.key === key) {
      if (this.#kept.part !== member.part.number) this.#kept.placement.forget()
      this.#kept.part = member.part.number
      await this.#kept.placement.write({ parameters: network.parameters })
      return this.#kept.placement
    }
    this.dispose()
    const placement = new KeptPlacement(await backend.place(network, settings))
    this.#kept = { key, part: member.part.number, placement }
    return placement
  }

  async #trainPlaced(placed: PlacedNetwork, job: Job): Promise<JobResult> {
    const { member, epoch, from } = job
    const { backend } = this.#setup
    const before = from?.epoch ?? 0
    const { epochs, diverged, ...outcome } = await this.#fit(placed, member, epoch - before)
    const { name, description } = backend
    const parameters = await placed.readParameters()
    const packed = packEpochs(epochs, member.part.validation !== undefined)
    const result = { ...outcome, parameters, epochs: packed, backend: { name, description } }
    if (diverged) {
      const { epoch, minibatch, layer, loss } = diverged
      return { ...result, score: NaN, loss, fault: { epoch, minibatch, layer }, position: undefined }
    }
    const isLast = epoch === member.combination.settings.epochs
    const position = isLast ? undefined : positionOf(await placed.checkpoint())
    const score = await this.#score(placed, member, epochs, outcome)
    return { ...result, fault: undefined, position, ...score }
  }

  /** @returns the epochs, and the error with which the training ended if it diverged */
  async #fit(placed: PlacedNetwork, { combination, part }: Member, count: number) {
    const { earlyStopping, signal } = this.#setup
    const { train, validation } = part
    const { shuffle } = combination.settings
    const given = { train, validation, epochs: count, shuffle, earlyStopping, signal }
    const options = {
      ...given,
      classWeights: undefined,
      checkpoint: undefined,
      onEpoch: undefined,
      onRecovery: undefined,
    }
    const epochs: Epoch[] = []
    try {
      const groups = placed.trainGroups('fit', options, Infinity)
      for (;;) {
        const group = await groups.next()
        if (group.done) return { ...group.value, epochs, diverged: undefined }
        epochs.push(...group.value)
      }
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error
      return { stopped: 'epochs' as const, bestEpoch: null, epochs, diverged: error }
    }
  }

  async #score(placed: PlacedNetwork, { combination, part }: Member, epochs: readonly Epoch[], { bestEpoch }: Outcome) {
    const { train, validation } = part
    if (combination.task === 'regression') {
      const { r2, loss } = await placed.evaluate(validation ?? train)
      return { score: r2!, loss }
    }
    const last = epochs.find(({ epoch }) => epoch === bestEpoch) ?? epochs.at(-1)!
    const { accuracy, loss } = last.validation ?? last
    return { score: accuracy!, loss }
  }

  /** Frees what is kept. */
  dispose(): void {
    this.#kept?.placement.end()
    this.#kept = undefined
  }
}

const keys = new WeakMap<Combination, string>()

/** What networks have in common that can be trained on one placement, one after another. */
export function keyOf({ combination, seed }: Member): string {
  const { settings, activations, placement } = combination
  let key = keys.get(combination)
  if (key === undefined) {
    const optimizer = { ...placement.optimizer, learningRate: 0 }
    key = JSON.stringify([settings.sizes, activations, { ...placement, optimizer }])
    keys.set(combination, key)
  }
  // The units that are dropped follow from the seed.
  return placement.dropout?.some((share) => share > 0) ? `${key} ${seed}` : key
}

/** The rest of a checkpoint follows from the member. */
const positionOf = ({ epoch, step, snapshot, plateau }: Checkpoint): Position => ({ epoch, step, snapshot, plateau })
