import { joinFloats } from '../../core/join.ts'
import type { DataHandle, Population } from '../../backend/backend.ts'
import type { Matrix } from '../../core/matrix.ts'
import type { PredictRows } from '../../model/rows.ts'
import { newPlateau } from '../../optimizer/schedule.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Context } from './context.ts'
import type { HostBackends } from './host-backends.ts'
import { HostOutputs } from './host-outputs.ts'
import { checkpointOf, type LiveGroup, type LiveScore, type LiveState, noScore } from './live-group.ts'
import { type Member, networkOf } from './members.ts'

/** Where the networks of a population are, and the arithmetic that they were trained with. */
export interface PopulationStates {
  readonly form: string
  readonly states: readonly LiveState[]
}

/** Networks of one shape that a device trains side by side. */
export class LivePopulation implements LiveGroup {
  readonly members: readonly Member[]
  readonly reason = undefined
  readonly #context: Context
  readonly #population: Population
  readonly #train: DataHandle
  /** By place, the epochs before the one in which the training diverged. */
  readonly #diverged = new Map<number, number>()
  readonly #host: HostOutputs
  #epoch = 0
  /** Those of all networks, until they are trained on. */
  #parameters: Promise<Float32Array> | undefined

  private constructor(
    members: readonly Member[],
    context: Context,
    population: Population,
    train: DataHandle,
    backends: HostBackends,
  ) {
    this.members = members
    this.#context = context
    this.#population = population
    this.#train = train
    this.#host = new HostOutputs(members[0]!, backends)
  }

  /** @param states where the networks go on; left out, they begin */
  static async place(
    members: readonly Member[],
    context: Context,
    backends: HostBackends,
    given?: PopulationStates,
  ): Promise<LivePopulation> {
    const networks = members.map(networkOf)
    const settings = members.map(({ combination, seed }) => ({ ...combination.placement, seed }))
    const population = await context.replacement.backend.populate!(networks, settings, given?.form)
    try {
      const train = await population.upload(members[0]!.part.train)
      const placed = new LivePopulation(members, context, population, train, backends)
      if (given) await placed.#restore(given)
      return placed
    } catch (error) {
      population.dispose()
      throw error
    }
  }

  async #restore({ states, form }: PopulationStates): Promise<void> {
    await this.#population.writeState({
      form,
      parameters: joinFloats(states.map(({ snapshot }) => snapshot.parameters)),
      state: joinFloats(states.map(({ snapshot }) => snapshot.state)),
      ended: Uint8Array.from(states, ({ isDiverged }) => (isDiverged ? 1 : 0)),
    })
    for (const [place, { epoch, isDiverged }] of states.entries()) {
      if (isDiverged) this.#diverged.set(place, epoch)
      else this.#epoch = epoch
    }
  }

  /** Where all networks are. */
  async states(): Promise<PopulationStates> {
    const { form, parameters, state } = await this.#population.readState()
    const [width, slots] = [parameters, state].map(({ length }) => length / this.members.length) as [number, number]
    const stateOf = (_: Member, place: number): LiveState => ({
      epoch: this.epochsOf(place),
      isDiverged: this.isDiverged(place),
      snapshot: {
        parameters: parameters.slice(place * width, (place + 1) * width),
        state: state.slice(place * slots, (place + 1) * slots),
      },
    })
    return { form, states: this.members.map(stateOf) }
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
    this.#parameters = undefined
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
    const all = await (this.#parameters ??= this.#population.readParameters())
    const { parameters: count } = this.#common
    return this.members.map((_, place) => all.slice(place * count, (place + 1) * count))
  }

  async outputs(x: PredictRows, places: readonly number[]): Promise<readonly Matrix[]> {
    const all = await this.parameters()
    return this.#host.outputs(x, places.map((place) => all[place]!)) // prettier-ignore
  }

  async scores(): Promise<readonly LiveScore[]> {
    const scores = await this.#host.scores(await this.parameters())
    return scores.map((score, place) => (this.#diverged.has(place) ? noScore : score))
  }

  async checkpoint(place: number): Promise<Checkpoint> {
    const state = { snapshot: await this.#population.read(place), epoch: this.epochsOf(place), plateau: newPlateau() }
    return checkpointOf(this.members[place]!, state)
  }

  dispose(): void {
    this.#host.dispose()
    this.#population.dispose()
  }
}
