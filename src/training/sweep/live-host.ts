import type { DataHandle, EpochOrder, Placement, Snapshot } from '../../backend/backend.ts'
import { Matrix } from '../../core/matrix.ts'
import { countMinibatches, epochOrder } from '../../data/minibatch.ts'
import { inTargetUnits } from '../../model/predict.ts'
import { inputsOf, type PredictRows } from '../../model/rows.ts'
import { newPlateau, type PlateauState, rateWith, watchPlateau } from '../../optimizer/schedule.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Context } from './context.ts'
import type { HostBackends } from './host-backends.ts'
import { checkpointOf, type LiveGroup, type LiveScore, type LiveState, noScore, scoreOf } from './live-group.ts'
import { type Member, networkOf } from './members.ts'

/** Where networks that differ in parameters, state, seed and learning rate only are computed, one at a time. */
interface Place {
  readonly placement: Placement
  readonly train: DataHandle
  readonly scored: DataHandle
  /** The rows of the last prediction. */
  rows?: { readonly x: PredictRows; readonly inputs: Matrix; readonly handle: DataHandle }
}

/** A network between two turns. */
interface State {
  readonly place: Place
  snapshot: Snapshot
  epoch: number
  readonly plateau: PlateauState
  isDiverged: boolean
}

/** Networks that take turns in host memory. */
export class LiveHost implements LiveGroup {
  readonly members: readonly Member[]
  readonly reason: string
  readonly #context: Context
  readonly #backends: HostBackends
  readonly #states: State[] = []
  readonly #places = new Map<string, Place>()

  private constructor(members: readonly Member[], context: Context, reason: string, backends: HostBackends) {
    this.members = members
    this.reason = reason
    this.#context = context
    this.#backends = backends
  }

  static async place(
    members: readonly Member[],
    context: Context,
    reason: string,
    backends: HostBackends,
    states?: readonly LiveState[],
  ): Promise<LiveHost> {
    const group = new LiveHost(members, context, reason, backends)
    try {
      for (const [place, member] of members.entries()) {
        context.options.signal?.throwIfAborted()
        await group.#add(member, states?.[place])
      }
      return group
    } catch (error) {
      group.dispose()
      throw error
    }
  }

  /** Places a network where a network alike is already, else anew. */
  async #add(member: Member, given?: LiveState): Promise<void> {
    const { combination, seed, part } = member
    const network = networkOf(member)
    const key = placeKey(member)
    let place = this.#places.get(key)
    if (!place) {
      const backend = this.#backends.next()
      const placement = await backend.place(network, { ...combination.placement, seed })
      const train = await placement.upload(part.train, 'repeatedly')
      const scored = part.validation ? await placement.upload(part.validation, 'repeatedly') : train
      place = { placement, train, scored }
      this.#places.set(key, place)
    } else await place.placement.write({ parameters: network.parameters })
    const { snapshot, epoch, isDiverged } = given ?? {
      snapshot: await place.placement.read(),
      epoch: 0,
      isDiverged: false,
    }
    this.#states.push({ place, snapshot, epoch, plateau: newPlateau(), isDiverged })
  }

  async train(epochs: number): Promise<void> {
    const orders = new Map<string, Uint32Array>()
    for (const [k, state] of this.#states.entries()) {
      this.#context.options.signal?.throwIfAborted()
      if (!state.isDiverged) await this.#trainOne(this.members[k]!, state, epochs, orders)
    }
  }

  /** @param orders of the networks before it in this call, several of which may have the same seed */
  async #trainOne(member: Member, state: State, epochs: number, orders: Map<string, Uint32Array>): Promise<void> {
    const { placement, train } = state.place
    const { learningRate } = member.combination.settings
    const rule = typeof learningRate === 'object' ? learningRate.plateau : undefined
    await placement.write(state.snapshot)
    // A plateau decides the rate of the next epoch.
    const together = rule ? 1 : epochs
    for (let done = 0; done < epochs && !state.isDiverged; done += together) {
      const next = Array.from({ length: together }, (_, e) => this.#orderOf(member, state, e, orders))
      const sums = await placement.train(train, next).result
      const finite = sums.filter(({ loss }) => Number.isFinite(loss))
      state.isDiverged = finite.length < together
      state.epoch += finite.length
      const last = finite.at(-1)
      if (rule && last) watchPlateau(rule, state.plateau, last.loss / last.samples)
    }
    state.snapshot = await placement.read()
  }

  #orderOf({ combination, seed, part }: Member, state: State, ahead: number, orders: Map<string, Uint32Array>) {
    const { batchSize, learningRate, shuffle } = combination.settings
    const samples = part.train.length
    const epoch = state.epoch + ahead
    const key = `${seed} ${epoch} ${shuffle}`
    const order = orders.get(key) ?? epochOrder(samples, seed, epoch + 1, shuffle)
    orders.set(key, order)
    return {
      order,
      batchSize,
      learningRate: rateWith(learningRate, epoch, state.plateau),
      stepsBefore: epoch * countMinibatches(samples, batchSize),
      signal: this.#context.options.signal,
    } satisfies EpochOrder
  }

  epochsOf(place: number): number {
    return this.#states[place]!.epoch
  }

  isDiverged(place: number): boolean {
    return this.#states[place]!.isDiverged
  }

  parameters(): Promise<readonly Float32Array[]> {
    return Promise.resolve(this.#states.map(({ snapshot }) => Float32Array.from(snapshot.parameters)))
  }

  async outputs(x: PredictRows, places: readonly number[]): Promise<readonly Matrix[]> {
    const all: Matrix[] = []
    for (const place of places) all.push(await this.#outputsOf(x, place))
    return all
  }

  async #outputsOf(x: PredictRows, k: number): Promise<Matrix> {
    const member = this.members[k]!
    const { place, snapshot } = this.#states[k]!
    const { placement } = place
    if (place.rows?.x !== x) {
      place.rows?.handle.dispose()
      const inputs = inputsOf(networkOf(member), x)
      place.rows = { x, inputs, handle: await placement.upload({ inputs }, 'repeatedly') }
    }
    await placement.write(snapshot)
    const { inputs, handle } = place.rows
    const values = new Matrix(inputs.rows, member.combination.outputs, await placement.outputs(handle))
    return inTargetUnits(values, member.part.train.targetScaling)
  }

  async scores(): Promise<readonly LiveScore[]> {
    const scores: LiveScore[] = []
    for (const [k, state] of this.#states.entries()) {
      scores.push(state.isDiverged ? noScore : await this.#scoreOf(this.members[k]!, state))
    }
    return scores
  }

  async #scoreOf(member: Member, { place, snapshot }: State): Promise<LiveScore> {
    await place.placement.write(snapshot)
    return scoreOf(place.placement, place.scored, member)
  }

  checkpoint(place: number): Promise<Checkpoint> {
    const { snapshot, epoch, plateau } = this.#states[place]!
    return Promise.resolve(checkpointOf(this.members[place]!, { snapshot, epoch, plateau }))
  }

  dispose(): void {
    for (const { placement } of this.#places.values()) placement.dispose()
  }
}

/** What the networks of a place have in common: all that a placement is made with but for the learning rate. */
function placeKey({ combination, seed, part }: Member): string {
  const { placement, settings, activations } = combination
  const optimizer = { ...placement.optimizer, learningRate: 0 }
  // The units that are dropped follow from the seed.
  const dropped = placement.dropout?.some((share) => share > 0) && seed
  return JSON.stringify([settings.sizes, activations, { ...placement, optimizer }, dropped, part.number])
}
