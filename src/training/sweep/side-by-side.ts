import { joinFloats } from '../../core/join.ts'
import type { DataHandle, Population, Sums } from '../../backend/backend.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import { newPlateau } from '../../optimizer/schedule.ts'
import { RegressionSums, meanScore, type Score } from '../score.ts'
import { SnapshotPace } from '../recovery/snapshot-pace.ts'
import type { MemberState } from './checkpoint/state.ts'
import type { Context, Group, Progress } from './context.ts'
import { EpochRecords, type KnownEpochs } from './epoch-records.ts'
import { historyOf } from './histories.ts'
import type { Member } from './members.ts'
import { placePopulation } from './place-population.ts'
import type { SweepFault } from './results.ts'
import type { Trained } from './trained.ts'

/** A call trains about so long: shorter ones would keep the device waiting, longer ones the reports. */
const MILLISECONDS = 500
/** The place is searched for at most this number of networks that diverge: that trains an epoch again, one network at a time. */
const MOST_FAULTS = 16

/** Networks of one shape that a device trains side by side. */
export class SideBySide implements Group {
  readonly members: readonly Member[]
  readonly reason = undefined
  readonly threads = 1
  readonly #context: Context
  readonly #population: Population
  readonly #train: DataHandle
  readonly #validation: DataHandle | undefined
  readonly #seeds: Uint32Array
  /** The targets that R² compares with. */
  readonly #targets = new RegressionSums()
  readonly #places: ReadonlyMap<Member, number>
  readonly #records = new EpochRecords()
  readonly #faults = new Map<Member, { readonly fault: SweepFault; readonly loss: number }>()
  #kept: readonly Member[]
  #epoch = 0
  /** The call that trains now, or the last one; it does not reject. */
  #training: Promise<unknown> = Promise.resolve()
  /** Epochs of the next call. */
  #count = 1
  /** Where its networks were at a time to which it can go back after a loss of the device, and after which epoch. */
  #last: { readonly epoch: number; readonly states: ReadonlyMap<Member, MemberState> }
  #hasKept = false
  readonly #pace = new SnapshotPace()
  readonly #generation: number

  private constructor(
    members: readonly Member[],
    context: Context,
    population: Population,
    data: readonly DataHandle[],
    generation: number,
  ) {
    this.members = members
    this.#kept = members
    this.#context = context
    this.#population = population
    this.#train = data[0]!
    this.#validation = data[1]
    const { train, validation } = members[0]!.part
    const { targets } = validation ?? train
    if (members[0]!.combination.task === 'regression') this.#targets.add(targets.data, targets)
    this.#seeds = Uint32Array.from(members, ({ seed }) => seed)
    this.#places = new Map(members.map((member, place) => [member, place]))
    const { states } = context
    this.#generation = generation
    const given = members.flatMap((member) => (states.has(member) ? [[member, states.get(member)!] as const] : []))
    this.#last = { epoch: given[0]?.[1].epoch ?? 0, states: new Map(given) }
  }

  /** @throws InputError where the backend cannot train these networks side by side */
  static async place(members: readonly Member[], context: Context): Promise<SideBySide> {
    const { train, validation } = members[0]!.part
    const { generation } = context.replacement
    const population = await placePopulation(members, context)
    try {
      const data = [await population.upload(train)]
      if (validation) data.push(validation === train ? data[0]! : await population.upload(validation))
      const placed = new SideBySide(members, context, population, data, generation)
      await placed.#begin()
      return placed
    } catch (error) {
      population.dispose()
      throw error
    }
  }

  /** Makes the initial parameters, on the device; or goes on where the networks were. */
  async #begin(): Promise<void> {
    const { states } = this.#context
    const own = this.members.map((member) => states.get(member))
    const [first] = own
    if (!first) {
      await this.#population.initialize(this.#seeds, this.members[0]!.combination.settings.init)
      return
    }
    this.#epoch = first.epoch
    const known = own as MemberState[]
    await this.#population.writeState({
      form: this.#population.form,
      parameters: joinFloats(known.map(({ snapshot }) => snapshot.parameters)),
      state: joinFloats(known.map(({ snapshot }) => snapshot.state)),
      ended: Uint8Array.from(known, ({ diverged }) => (diverged ? 1 : 0)),
    })
    for (const [place, { epochs, diverged }] of known.entries()) {
      const member = this.members[place]!
      this.#records.restore(member, epochs)
      if (diverged) this.#faults.set(member, diverged)
    }
  }

  async states(): Promise<ReadonlyMap<Member, MemberState>> {
    try {
      return await this.#readStates()
    } catch (error) {
      if ((await this.recover(error)) === undefined) throw error
      return this.#last.states
    }
  }

  async recover(error: unknown): Promise<number | undefined> {
    const isReplaced = await this.#context.replacement.replaces(error, this.#generation)
    return isReplaced ? this.#epoch - this.#last.epoch : undefined
  }

  async #readStates(): Promise<ReadonlyMap<Member, MemberState>> {
    // Parameters and epochs are of the same time.
    await this.#training
    if (this.#epoch === 0) return new Map()
    const { parameters, state, form } = await this.#population.readState()
    const [width, slots] = [parameters, state].map(({ length }) => length / this.members.length) as [number, number]
    const { batchSize } = this.members[0]!.combination.settings
    const step = this.#epoch * countMinibatches(this.members[0]!.part.train.length, batchSize)
    const known = this.#records.known()
    const stateOf = (member: Member): MemberState => {
      const place = this.#places.get(member)!
      const snapshot = {
        parameters: parameters.slice(place * width, (place + 1) * width),
        state: state.slice(place * slots, (place + 1) * slots),
      }
      const [epochs, diverged] = [this.#records.of(member, place, known), this.#faults.get(member)]
      return { epoch: this.#epoch, step, epochs, snapshot, plateau: newPlateau(), diverged, form }
    }
    return new Map(this.#kept.map((member) => [member, stateOf(member)]))
  }

  async *trainTo(epoch: number, kept: readonly Member[]): AsyncGenerator<Progress> {
    await this.#keep(kept)
    while (this.#epoch < epoch) {
      const count = Math.min(this.#count, epoch - this.#epoch)
      const training = this.#trainFor(count)
      this.#training = training.catch(() => undefined)
      await training
      await this.#keepStates()
      yield { epochs: count * kept.length, trained: [] }
    }
    const trained = await this.#results()
    // The scores of this epoch are computed only now.
    if (epoch < this.members[0]!.combination.settings.epochs) await this.#keepStates(true)
    yield { epochs: 0, trained }
  }

  /** Keeps the states from time to time; at once after a loss, so that each device has got further than the one before. */
  async #keepStates(isRequired = false): Promise<void> {
    const isDue = this.#generation > 0 && !this.#hasKept
    if (!isRequired && !isDue && !this.#pace.isTimeOver) return
    this.#hasKept = true
    const began = performance.now()
    // The place of a fault is known on the device only.
    await this.#searchFaults()
    this.#last = { epoch: this.#epoch, states: await this.#readStates() }
    this.#context.replacement.noteProgress(this.#generation)
    this.#pace.note()
    this.#pace.learn(performance.now() - began)
  }

  /** Trains the others no more. */
  async #keep(kept: readonly Member[]): Promise<void> {
    const next = new Set(kept)
    const dropped = this.#kept.filter((member) => !next.has(member))
    this.#kept = kept
    if (dropped.length > 0) await this.#population.stop(dropped.map((member) => this.#places.get(member)!))
  }

  async #trainFor(count: number): Promise<void> {
    const { members } = this
    const { batchSize } = members[0]!.combination.settings
    const { signal } = this.#context.options
    const first = this.#epoch + 1
    const seeds = this.#seeds
    const countsLabels = members[0]!.combination.task === 'multilabel'
    const began = performance.now()
    const epochs = { seeds, first, count, batchSize, countsLabels, signal }
    const sums = await this.#population.trainSeeded(this.#train, epochs).result
    const milliseconds = performance.now() - began
    this.#records.addStretch({ sums, first, seconds: milliseconds / 1000 / count })
    this.#epoch += count
    const fitting = Math.floor((count * MILLISECONDS) / milliseconds)
    this.#count = Math.max(1, Math.min(fitting, 4 * count))
    for (const member of this.#kept) this.#watch(member)
  }

  /** Takes note of a network that diverged in the last epochs. */
  #watch(member: Member): void {
    if (this.#faults.has(member)) return
    const { sums, first } = this.#records.lastStretch!
    const place = this.#places.get(member)!
    const last = sums.trained[place]! - 1
    const loss = sums.loss(place, last)
    if (Number.isFinite(loss)) return
    this.#faults.set(member, { fault: { epoch: first + last }, loss: loss / sums.samples })
  }

  /** The results of the networks that are still trained. */
  async #results(): Promise<Trained[]> {
    await this.#searchFaults()
    const { task } = this.members[0]!.combination
    const isRegression = task === 'regression'
    const scored = this.#validation ?? (isRegression ? this.#train : undefined)
    const sums = scored && (await this.#population.score(scored, task === 'multilabel', isRegression).result)
    const scores = sums?.map((own) => this.#meanOf(own))
    if (scores && this.#validation) this.#records.addScores(this.#epoch, scores)
    const parameters = await this.#population.readParameters()
    const count = this.members[0]!.combination.parameters
    const results: Trained[] = []
    const known = this.#records.known()
    for (const member of this.#kept) {
      const place = this.#places.get(member)!
      const own = parameters.subarray(place * count, (place + 1) * count)
      const { squares } = sums?.[place] ?? {}
      results.push(this.#resultOf(member, known, own, scores?.[place], squares && this.#targets.r2From(squares)))
    }
    return results
  }

  #meanOf(sums: Sums): Score {
    const { task, outputs } = this.members[0]!.combination
    return meanScore(sums, task, outputs)
  }

  #resultOf(
    member: Member,
    known: KnownEpochs,
    parameters: Float32Array,
    scored: Score | undefined,
    r2: number | undefined,
  ): Trained {
    const { name, description } = this.#context.replacement.backend
    const backend = { name, description }
    const place = this.#places.get(member)!
    const { seed } = member
    const epochs = this.#records.of(member, place, known)
    const { fault, loss } = this.#faults.get(member) ?? {}
    const samples = member.part.train.length
    const end = { stopped: 'epochs', bestEpoch: null } as const
    const history = () => historyOf(epochs(), { seed, backend, samples, ...end })
    const result = { member, fault, history, parameters }
    if (fault) return { ...result, epochs: fault.epoch - 1, score: NaN, loss: loss! }
    // A sweep may have been resumed after its last epoch.
    const score = scored ?? this.#lastScore(place) ?? epochs().at(-1)!
    return { ...result, epochs: this.#epoch, score: r2 ?? score.accuracy!, loss: score.loss }
  }

  /** That of the training data in the last epoch of the last call. */
  #lastScore(place: number): Score | undefined {
    const { sums } = this.#records.lastStretch ?? {}
    if (!sums) return undefined
    const last = sums.epochs - 1
    return this.#meanOf({ loss: sums.loss(place, last), right: sums.right(place, last), samples: sums.samples })
  }

  async #searchFaults(): Promise<void> {
    const unknown = [...this.#faults].filter(([, { fault }]) => fault.minibatch === undefined)
    for (const [member, { fault, loss }] of unknown.slice(0, MOST_FAULTS)) {
      const found = await this.#population.locateFault(this.#places.get(member)!)
      if (!found) continue
      const whole = { ...fault, minibatch: found.minibatch + 1, layer: found.layer + 1 }
      this.#faults.set(member, { fault: whole, loss })
    }
  }

  dispose(): void {
    this.#population.dispose()
  }
}
