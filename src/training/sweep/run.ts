import type { SweepCheckpoint } from './checkpoint/checkpoint.ts'
import { restoreRun, type RunState, takeCheckpoint } from './checkpoint/run-state.ts'
import type { MemberState } from './checkpoint/state.ts'
import type { Group, Progress, RunContext } from './context.ts'
import { divide, placeGroups } from './grouping.ts'
import type { Member } from './members.ts'
import { Merged } from './merged.ts'
import { orLate, ReportPace } from './report-pace.ts'
import type { SweepResult, SweepRound } from './results.ts'
import { countKept, lastEpoch, plannedEpochs, type Stage, stagesOf } from './schedule.ts'
import { combineFolds, compareTrained, resultOf, type Trained } from './trained.ts'

/** How many groups train at the same time at most: those that have little work do not fill a GPU. */
const MOST_GROUPS = { software: 4, hardware: 64 }
/** Parameters of all networks that train at the same time, above which no further group is begun. */
const MOST_PARAMETERS = 1 << 20
/** How many of the best networks a report has. */
const MOST_BEST = 10

/** Trains the networks of a sweep and ranks them. */
export class Run {
  readonly #context: RunContext
  readonly #ending = new AbortController()
  /** Where trainings are that go on, as of the last checkpoint. */
  readonly #states = new Map<Member, MemberState>()
  readonly #stages: readonly Stage[]
  /** The number of the running stage. */
  #stage = 0
  /** Networks that are finished, the best ones of those that trained for the same number of stages first. */
  readonly #finished: (readonly Trained[])[] = []
  /** Those that train on after the last stage, as they were at its end. */
  #kept: readonly Trained[] = []
  /** The trainings that reached the end of the running stage. */
  #current: Trained[] = []
  /** The groups that train on in a later stage. */
  #groups: Group[] = []
  /** Those that are trained now. */
  readonly #running = new Set<Group>()
  #separately = { networks: 0, threads: 1, reasons: new Set<string>() }
  readonly #planned: number
  /** Networks, each with all its trainings. */
  readonly #networks: number
  #trainedEpochs = 0
  #began = performance.now()
  readonly #pace = new ReportPace()
  /** Of the sweep before it was resumed. */
  readonly #secondsBefore: number = 0

  /** @throws InputError for the checkpoint of another sweep */
  constructor(context: Omit<RunContext, 'states' | 'ending'>, checkpoint?: SweepCheckpoint) {
    this.#stages = stagesOf(context.options.halving)
    const epochs = context.members.map(({ combination }) => combination.settings.epochs)
    this.#planned = plannedEpochs(this.#stages, epochs)
    this.#networks = context.members.length / context.parts.length
    this.#context = { ...context, states: this.#states, ending: this.#ending.signal }
    if (!checkpoint) return
    const restored = restoreRun(checkpoint, context)
    for (const [member, state] of restored.states) this.#states.set(member, state)
    this.#stage = restored.stage
    this.#finished = [...restored.finished]
    this.#kept = restored.kept
    this.#current = [...restored.current]
    this.#trainedEpochs = restored.epochs
    this.#secondsBefore = restored.seconds
  }

  /** The results so far, the best one first. */
  results(): SweepResult[] {
    const current = this.#combined(this.#current)
    const seen = new Set(current.map(({ member }) => member.index))
    const waiting = this.#kept.filter(({ member }) => !seen.has(member.index))
    // Those that trained longest come first.
    const stages = [...this.#finished, waiting, current].toReversed()
    return stages
      .flatMap((own) => own.toSorted(compareTrained))
      .toSorted(divergedLast)
      .map((trained) => this.#resultOf(trained))
  }

  /** Where it is, also while networks are trained; then as of the last report. */
  async checkpoint(): Promise<SweepCheckpoint> {
    await this.#keepStates()
    const state: RunState = {
      stage: this.#stage,
      finished: this.#finished,
      kept: this.#kept,
      current: this.#current,
      states: this.#states,
      epochs: this.#trainedEpochs,
      seconds: this.#seconds(),
    }
    return takeCheckpoint(state, this.#context)
  }

  /** Takes note of where the trainings are that go on. */
  async #keepStates(): Promise<void> {
    for (const group of this.#groups) {
      for (const [member, state] of await group.states()) this.#states.set(member, state)
    }
  }

  /** Trains the networks; reports from time to time, and after each stage. */
  async *rounds(): AsyncGenerator<SweepRound> {
    this.#began = performance.now()
    let isFailed = false
    try {
      if (this.#isOver()) yield this.#report()
      while (!this.#isOver()) {
        const stage = this.#stages[this.#stage]!
        const leave = () => {
          this.#ending.abort()
        }
        for await (const progress of orLate(this.#trainStage(stage), () => this.#pace.untilNext, leave)) {
          if (progress) this.#take(progress)
          if (this.#pace.untilNext === 0) yield this.#report()
        }
        this.#leaveOut(stage)
        yield this.#report()
      }
    } catch (error) {
      isFailed = true
      throw error
    } finally {
      // Where the loop is left, it may go on later from a checkpoint.
      if (!isFailed) await this.#keepStates()
      for (const group of this.#groups) group.dispose()
      this.#groups = []
      this.#running.clear()
      this.#ending.abort()
    }
  }

  #take({ epochs, trained }: Progress): void {
    this.#trainedEpochs += epochs
    this.#current.push(...trained)
    this.#pace.noteNews()
  }

  #isOver(): boolean {
    return this.#stage > 0 && this.#kept.length === 0 && this.#current.length === 0
  }

  /** The trainings that the running stage still has to train. */
  #openMembers(): Member[] {
    const kept = this.#stage === 0 ? undefined : new Set(this.#kept.map(({ member }) => member.index))
    const done = new Set(this.#current.map(({ member }) => member))
    return this.#context.members.filter((member) => !done.has(member) && (kept?.has(member.index) ?? true))
  }

  /** Trains the groups of a stage: small ones at the same time, so that none waits for the host's work for another. */
  async *#trainStage(stage: Stage): AsyncGenerator<Progress> {
    const open = new Set(this.#openMembers())
    await this.#pack(open)
    const groups = this.#groupsOf(open)
    const running = new Merged<Progress>()
    let areAllPlaced = false
    try {
      for (;;) {
        while (!areAllPlaced && this.#hasSpace()) {
          const placed = await groups.next()
          if (placed.done) areAllPlaced = true
          else running.add(this.#trainGroup(placed.value, stage, open))
        }
        if (running.size === 0) return
        const progress = await running.next()
        if (progress) yield progress
      }
    } finally {
      // Where the loop is left, networks that are trained separately are not trained to their ends.
      if (running.size > 0) this.#ending.abort()
      await running.close()
    }
  }

  /** Whether another group may train at the same time as those that do. */
  #hasSpace(): boolean {
    const running = [...this.#running]
    const numbers = running.reduce((sum, { members }) => sum + members.length * members[0]!.combination.parameters, 0)
    const most = MOST_GROUPS[this.#context.replacement.backend.software ? 'software' : 'hardware']
    const areSmall = running.every(({ reason }) => reason === undefined) && numbers < MOST_PARAMETERS
    return running.length === 0 || (running.length < most && areSmall)
  }

  async *#trainGroup(group: Group, stage: Stage, open: ReadonlySet<Member>): AsyncGenerator<Progress> {
    this.#running.add(group)
    const isLast = stage === this.#stages.at(-1)
    const own = group.members.filter((member) => open.has(member))
    let repeated: number | undefined
    try {
      if (own.length > 0) yield* group.trainTo(lastEpoch(stage, own[0]!.combination.settings.epochs), own)
    } catch (error) {
      repeated = await group.recover(error)
      if (repeated === undefined) throw error
    } finally {
      this.#running.delete(group)
    }
    if (repeated !== undefined) {
      yield { epochs: -repeated * own.length, trained: [] }
      yield* this.#trainAgain(group, own, stage)
    } else if (isLast || own.length === 0) this.#remove(group)
  }

  /** Goes on with networks whose device was lost, where they were last known to be. */
  async *#trainAgain(group: Group, members: readonly Member[], stage: Stage): AsyncGenerator<Progress> {
    const states = await group.states()
    for (const member of members) {
      const state = states.get(member)
      if (state) this.#states.set(member, state)
    }
    this.#remove(group)
    for await (const again of this.#place(members)) yield* this.#trainGroup(again, stage, new Set(members))
  }

  #remove(group: Group): void {
    group.dispose()
    this.#groups.splice(this.#groups.indexOf(group), 1)
  }

  /**
   * Frees the groups of a device some of whose networks are not trained any more: the others are placed again, together, so
   * that no place stays empty.
   */
  async #pack(open: ReadonlySet<Member>): Promise<void> {
    const isLoose = ({ reason, members }: Group) => reason === undefined && members.some((member) => !open.has(member))
    for (const group of this.#groups.filter(isLoose)) {
      for (const [member, state] of await group.states()) if (open.has(member)) this.#states.set(member, state)
      this.#remove(group)
    }
  }

  /** Groups that have trained before, then those of the other networks, each placed when it is asked for. */
  async *#groupsOf(open: ReadonlySet<Member>): AsyncGenerator<Group> {
    const placed = new Set(this.#groups.flatMap(({ members }) => members))
    yield* [...this.#groups]
    yield* this.#place([...open].filter((member) => !placed.has(member)))
  }

  async *#place(members: readonly Member[]): AsyncGenerator<Group> {
    for (const alike of divide({ ...this.#context, members })) {
      for await (const group of placeGroups(alike, this.#context)) {
        if (group.reason !== undefined) {
          this.#separately.networks += group.members.filter(({ part }) => part.number === 0).length
          this.#separately.reasons.add(group.reason)
          this.#separately.threads = Math.max(this.#separately.threads, group.threads)
        }
        // Also where training fails or is left, so that it is disposed of.
        this.#groups.push(group)
        yield group
      }
    }
  }

  #resultOf(trained: Trained): SweepResult {
    return resultOf(trained, this.#context.parts)
  }

  #combined(trained: readonly Trained[]): readonly Trained[] {
    return combineFolds(trained, this.#context.parts.length)
  }

  /** Ends the training of the weak networks of a stage, and begins the next one. */
  #leaveOut(stage: Stage): void {
    const isLast = this.#stage === this.#stages.length - 1
    const ranked = this.#combined(this.#current).toSorted(compareTrained)
    const well = ranked.filter(({ fault }) => fault === undefined)
    const count = isLast ? 0 : Math.min(well.length, countKept(stage, ranked.length))
    this.#finished.push(ranked.slice(count))
    this.#kept = ranked.slice(0, count)
    this.#current = []
    this.#stage++
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#began) / 1000
  }

  #report(): SweepRound {
    this.#pace.noteReport()
    const seconds = this.#seconds()
    const progress = this.#isOver() ? 1 : Math.min(1, this.#trainedEpochs / this.#planned)
    const finished = this.#finished.reduce((sum, { length }) => sum + length, 0)
    // Between two stages, those of the last one.
    const hasBegun = this.#current.length > 0 || this.#stage === 0
    const own = hasBegun ? this.#combined(this.#current) : [...this.#kept, ...this.#finished.at(-1)!]
    return {
      networks: this.#networks,
      remaining: this.#networks - finished,
      progress,
      halving: hasBegun ? this.#stage + 1 : this.#stage,
      best: own
        .toSorted(compareTrained)
        .slice(0, MOST_BEST)
        .map((trained) => this.#resultOf(trained)),
      networksPerSecond: (progress * this.#networks) / seconds,
      seconds,
      recoveries: this.#context.replacement.recoveries,
      separately: { ...this.#separately, reasons: [...this.#separately.reasons] },
    }
  }
}

const divergedLast = (a: Trained, b: Trained) => Number(a.fault !== undefined) - Number(b.fault !== undefined)
