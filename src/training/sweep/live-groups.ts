import type { DataHandle, Population } from '../../backend/backend.ts'
import { BackendUnavailableError, DivergedError, InputError, OutOfMemoryError } from '../../core/errors.ts'
import { fingerprint } from '../../data/fingerprint.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import { newPlateau } from '../../optimizer/schedule.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { LoadedData } from '../loaded.ts'
import { meanScore, RegressionSums } from '../score.ts'
import { Trainer } from '../trainer.ts'
import type { Context } from './context.ts'
import { divide } from './grouping.ts'
import { type Member, networkOf } from './members.ts'

/** How well a network of a live sweep does; both are NaN after its training diverged. */
export interface LiveScore {
  /** As {@link SweepResult.score}: accuracy, share of correct labels, or R², of the validation data if there are any. */
  readonly score: number
  /** Mean over the samples that the score is of. */
  readonly loss: number
}

const noScore: LiveScore = { score: NaN, loss: NaN }

/** Networks of a live sweep that are trained by one population, or by a trainer each. Places are counted from 0. */
export interface LiveGroup {
  readonly members: readonly Member[]
  /** Why its networks are trained one after another; undefined where they are trained side by side. */
  readonly reason: string | undefined
  /** Trains all networks that did not diverge for some epochs. */
  train(epochs: number): Promise<void>
  /** The epochs that a network was trained for: of one that diverged, those before that epoch. */
  epochsOf(place: number): number
  isDiverged(place: number): boolean
  /** Copies of the parameters of all networks. */
  parameters(): Promise<readonly Float32Array[]>
  scores(): Promise<readonly LiveScore[]>
  checkpoint(place: number): Promise<Checkpoint>
  dispose(): void
}

/** Places all networks of a sweep: as many as possible side by side. */
export async function placeLive(context: Context): Promise<LiveGroup[]> {
  const groups: LiveGroup[] = []
  try {
    for (const { members, reason } of divide(context)) groups.push(await placeGroup(members, context, reason))
    return groups
  } catch (error) {
    for (const group of groups) group.dispose()
    throw error
  }
}

async function placeGroup(members: readonly Member[], context: Context, reason?: string): Promise<LiveGroup> {
  if (reason !== undefined) return LiveTrainers.place(members, context, reason)
  try {
    return await LivePopulation.place(members, context)
  } catch (error) {
    const isRefusal =
      error instanceof InputError || error instanceof OutOfMemoryError || error instanceof BackendUnavailableError
    if (!isRefusal) throw error
    return LiveTrainers.place(members, context, error.message)
  }
}

/** Networks of one shape that a device trains side by side. */
class LivePopulation implements LiveGroup {
  readonly members: readonly Member[]
  readonly reason = undefined
  readonly #context: Context
  readonly #population: Population
  readonly #train: DataHandle
  readonly #validation: DataHandle | undefined
  /** By place, the epochs before the one in which the training diverged. */
  readonly #diverged = new Map<number, number>()
  #epoch = 0

  private constructor(
    members: readonly Member[],
    context: Context,
    population: Population,
    [train, validation]: readonly DataHandle[],
  ) {
    this.members = members
    this.#context = context
    this.#population = population
    this.#train = train!
    this.#validation = validation
  }

  static async place(members: readonly Member[], context: Context): Promise<LivePopulation> {
    const { train, validation } = members[0]!.part
    const networks = members.map(networkOf)
    const settings = members.map(({ combination, seed }) => ({ ...combination.placement, seed }))
    const population = await context.backend.populate!(networks, settings)
    try {
      const data = [await population.upload(train)]
      if (validation) data.push(await population.upload(validation))
      return new LivePopulation(members, context, population, data)
    } catch (error) {
      population.dispose()
      throw error
    }
  }

  get #common() {
    return this.members[0]!.combination
  }

  async train(count: number): Promise<void> {
    if (this.#diverged.size === this.members.length) return
    const { batchSize } = this.#common.settings
    const seeds = Uint32Array.from(this.members, ({ seed }) => seed)
    const first = this.#epoch + 1
    const { signal } = this.#context.options
    const sums = await this.#population.trainSeeded(this.#train, { seeds, first, count, batchSize, signal }).result
    this.#epoch += count
    this.members.forEach((_, place) => {
      const trained = sums.trained[place]!
      if (this.#diverged.has(place) || trained === 0) return
      if (!Number.isFinite(sums.loss(place, trained - 1))) this.#diverged.set(place, first + trained - 2)
    })
  }

  epochsOf(place: number): number {
    return this.#diverged.get(place) ?? this.#epoch
  }

  isDiverged(place: number): boolean {
    return this.#diverged.has(place)
  }

  async parameters(): Promise<readonly Float32Array[]> {
    const all = await this.#population.readParameters()
    const { parameters: count } = this.#common
    return this.members.map((_, place) => all.subarray(place * count, (place + 1) * count))
  }

  async scores(): Promise<readonly LiveScore[]> {
    const { task, outputs } = this.#common
    const data = this.#validation ?? this.#train
    const sums = await this.#population.score(data, task === 'multilabel').result
    const scores: LiveScore[] = []
    for (const [place, own] of sums.entries()) {
      if (this.#diverged.has(place)) scores.push(noScore)
      else {
        const { loss, accuracy } = meanScore(own, task, outputs)
        scores.push({ loss, score: accuracy ?? (await this.#r2(data, place)) })
      }
    }
    return scores
  }

  async #r2(data: DataHandle, place: number): Promise<number> {
    const { train, validation } = this.members[place]!.part
    const sums = new RegressionSums()
    sums.add(await this.#population.outputs(data, place), (validation ?? train).targets)
    return sums.score().r2
  }

  async checkpoint(place: number): Promise<Checkpoint> {
    const { combination, seed, part } = this.members[place]!
    const { loss, optimizer, batchSize, l1, l2, dropout } = combination.placement
    const { sizes } = combination.settings
    const epoch = this.epochsOf(place)
    return {
      epoch,
      step: epoch * countMinibatches(part.train.length, batchSize),
      seed,
      data: fingerprint(part.train),
      settings: { sizes, activations: combination.activations, loss, optimizer, batchSize, l1, l2, dropout },
      snapshot: await this.#population.read(place),
      plateau: newPlateau(),
      stopping: undefined,
    }
  }

  dispose(): void {
    this.#population.dispose()
  }
}

/** A network with its trainer and the data that it has loaded. */
interface Placed {
  readonly trainer: Trainer
  readonly train: LoadedData
  readonly scored: LoadedData
  isDiverged: boolean
}

/** Networks that are trained by a trainer each, one after another. */
class LiveTrainers implements LiveGroup {
  readonly members: readonly Member[]
  readonly reason: string
  readonly #context: Context
  readonly #placed: readonly Placed[]

  private constructor(members: readonly Member[], context: Context, reason: string, placed: readonly Placed[]) {
    this.members = members
    this.#context = context
    this.reason = reason
    this.#placed = placed
  }

  static async place(members: readonly Member[], context: Context, reason: string): Promise<LiveTrainers> {
    const made: Trainer[] = []
    try {
      const placed: Placed[] = []
      for (const member of members) {
        context.options.signal?.throwIfAborted()
        const trainer = await createTrainer(member, context)
        made.push(trainer)
        const { part } = member
        const train = await trainer.load(part.train)
        const scored = part.validation ? await trainer.load(part.validation) : train
        placed.push({ trainer, train, scored, isDiverged: false })
      }
      return new LiveTrainers(members, context, reason, placed)
    } catch (error) {
      for (const trainer of made) trainer.dispose()
      throw error
    }
  }

  async train(epochs: number): Promise<void> {
    const { signal } = this.#context.options
    for (const [place, one] of this.#placed.entries()) {
      signal?.throwIfAborted()
      if (one.isDiverged) continue
      const { shuffle } = this.members[place]!.combination.settings
      try {
        await one.trainer.fit(one.train, { epochs, shuffle, signal })
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error
        one.isDiverged = true
      }
    }
  }

  epochsOf(place: number): number {
    return this.#placed[place]!.trainer.epoch
  }

  isDiverged(place: number): boolean {
    return this.#placed[place]!.isDiverged
  }

  async parameters(): Promise<readonly Float32Array[]> {
    const parameters: Float32Array[] = []
    for (const { trainer } of this.#placed) parameters.push((await trainer.read()).parameters.slice())
    return parameters
  }

  async scores(): Promise<readonly LiveScore[]> {
    const scores: LiveScore[] = []
    for (const { trainer, scored, isDiverged } of this.#placed) {
      if (isDiverged) scores.push(noScore)
      else {
        const { loss, accuracy, r2 } = await trainer.evaluate(scored)
        scores.push({ loss, score: accuracy ?? r2! })
      }
    }
    return scores
  }

  checkpoint(place: number): Promise<Checkpoint> {
    return this.#placed[place]!.trainer.checkpoint()
  }

  dispose(): void {
    for (const { trainer } of this.#placed) trainer.dispose()
  }
}

function createTrainer(member: Member, { backend, options }: Context): Promise<Trainer> {
  const { loss, optimizer, batchSize, l1, l2, dropout } = member.combination.settings
  const { dataMemory } = options
  const placement = { backend, loss, optimizer, batchSize, l1, l2, dropout, seed: member.seed, dataMemory }
  return Trainer.create(networkOf(member), placement)
}
