import type { Group, RunContext, Progress } from './context.ts'
import { divide, placeGroups } from './grouping.ts'
import type { Member } from './members.ts'
import type { SweepResult, SweepRound } from './results.ts'
import { countKept, lastEpoch, plannedEpochs, type Stage, stagesOf } from './schedule.ts'
import { compareTrained, resultOf, type Trained } from './trained.ts'

/** Milliseconds between two reports, at least. */
const MILLISECONDS = 100
/** How many of the best networks a report has. */
const MOST_BEST = 10

/** Trains the networks of a sweep and ranks them. */
export class Run {
  readonly #context: RunContext
  readonly #stages: readonly Stage[]
  /** Networks that are finished, the best ones of those that trained for the same number of stages first. */
  readonly #finished: Trained[][] = []
  /** Those that train on after the last stage, as they were at its end. */
  #kept: readonly Trained[] = []
  /** Those that were trained in the running stage. */
  #current: Trained[] = []
  /** The groups that train on in a later stage. */
  #groups: Group[] = []
  #separately = { networks: 0, threads: 1, reasons: new Set<string>() }
  readonly #planned: number
  #trainedEpochs = 0
  #began = 0
  #reported = 0

  constructor(context: RunContext) {
    this.#context = context
    this.#stages = stagesOf(context.options.halving)
    const epochs = context.members.map(({ combination }) => combination.settings.epochs)
    this.#planned = plannedEpochs(this.#stages, epochs)
  }

  /** The results so far, the best one first. */
  results(): SweepResult[] {
    const seen = new Set(this.#current.map(({ member }) => member))
    const waiting = this.#kept.filter(({ member }) => !seen.has(member))
    // Those that trained longest come first.
    const stages = [...this.#finished, waiting, this.#current].toReversed()
    return stages
      .flatMap((own) => own.toSorted(compareTrained))
      .toSorted(divergedLast)
      .map(resultOf)
  }

  /** Trains the networks; reports from time to time, and after each stage. */
  async *rounds(): AsyncGenerator<SweepRound> {
    this.#reported = this.#began = performance.now()
    try {
      let members: readonly Member[] = this.#context.members
      for (const [number, stage] of this.#stages.entries()) {
        for await (const { epochs, trained } of this.#trainStage(number, stage, new Set(members))) {
          this.#trainedEpochs += epochs
          this.#current.push(...trained)
          if (performance.now() - this.#reported >= MILLISECONDS) yield this.#report(number)
        }
        this.#leaveOut(number, stage)
        yield this.#report(number)
        members = this.#kept.map(({ member }) => member)
        if (members.length === 0) return
      }
    } finally {
      for (const group of this.#groups) group.dispose()
    }
  }

  async *#trainStage(number: number, stage: Stage, kept: ReadonlySet<Member>): AsyncGenerator<Progress> {
    const isLast = number === this.#stages.length - 1
    const groups = number === 0 ? this.#place() : this.#groups.splice(0)
    for await (const group of groups) {
      // Also where training fails or is left, so that it is disposed of.
      this.#groups.push(group)
      const own = group.members.filter((member) => kept.has(member))
      if (own.length > 0) {
        const epoch = lastEpoch(stage, own[0]!.combination.settings.epochs)
        yield* group.trainTo(epoch, own)
      }
      if (!isLast && own.length > 0) continue
      group.dispose()
      this.#groups.splice(this.#groups.indexOf(group), 1)
    }
  }

  async *#place(): AsyncGenerator<Group> {
    for (const alike of divide(this.#context)) {
      for await (const group of placeGroups(alike, this.#context)) {
        if (group.reason !== undefined) {
          this.#separately.networks += group.members.length
          this.#separately.reasons.add(group.reason)
          this.#separately.threads = Math.max(this.#separately.threads, group.threads)
        }
        yield group
      }
    }
  }

  /** Ends the training of the weak networks of a stage. */
  #leaveOut(number: number, stage: Stage): void {
    const isLast = number === this.#stages.length - 1
    const ranked = this.#current.toSorted(compareTrained)
    const well = ranked.filter(({ fault }) => fault === undefined)
    const count = isLast ? 0 : Math.min(well.length, countKept(stage, ranked.length))
    this.#finished.push(ranked.slice(count))
    this.#kept = ranked.slice(0, count)
    this.#current = []
  }

  #report(number: number): SweepRound {
    const { members } = this.#context
    this.#reported = performance.now()
    const seconds = (this.#reported - this.#began) / 1000
    const isOver = this.#finished.length > number
    const progress = isOver && this.#kept.length === 0 ? 1 : Math.min(1, this.#trainedEpochs / this.#planned)
    const finished = this.#finished.reduce((sum, { length }) => sum + length, 0)
    const own = isOver ? [...this.#kept, ...this.#finished[number]!] : this.#current
    return {
      networks: members.length,
      remaining: members.length - finished,
      progress,
      halving: number + 1,
      best: own.toSorted(compareTrained).slice(0, MOST_BEST).map(resultOf),
      networksPerSecond: (progress * members.length) / seconds,
      seconds,
      separately: { ...this.#separately, reasons: [...this.#separately.reasons] },
    }
  }
}

const divergedLast = (a: Trained, b: Trained) => Number(a.fault !== undefined) - Number(b.fault !== undefined)
