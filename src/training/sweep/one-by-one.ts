import { batchJobs } from './batches.ts'
import type { Epochs, Position } from './checkpoint/kept.ts'
import type { MemberState } from './checkpoint/state.ts'
import type { Context, Group, Progress } from './context.ts'
import { countEpochs, joinEpochs, packEpochs, unpackEpochs } from './epochs.ts'
import { historyOf } from './histories.ts'
import type { Member } from './members.ts'
import type { Job, JobResult, TrainingSetup } from './jobs.ts'
import { MemberTrainer } from './member-trainer.ts'
import type { SweepThreads } from './threads/sweep-threads.ts'
import type { Trained } from './trained.ts'

/** A training that goes on in a later round. */
interface Pending {
  readonly position: Position
  readonly epochs: Epochs
}

/** A job with its result. */
export type Finished = readonly [job: Job, result: JobResult]

/** How networks are trained that are not trained side by side. */
export interface Separately {
  /** Why. */
  readonly reason: string
  readonly setup: TrainingSetup
  /** Threads that train them; undefined where this one does. */
  readonly threads: SweepThreads | undefined
}

/** Networks that are trained separately: one after another, or on several threads. */
export class OneByOne implements Group {
  readonly members: readonly Member[]
  readonly reason: string
  readonly #setup: TrainingSetup
  readonly #threads: SweepThreads | undefined
  readonly #pending = new Map<Member, Pending>()

  constructor(members: readonly Member[], context: Context, { reason, setup, threads }: Separately) {
    this.members = members
    this.reason = reason
    this.#setup = setup
    this.#threads = threads
    for (const member of members) {
      const state = context.states.get(member)
      if (!state) continue
      const { epochs, ...position } = state
      this.#pending.set(member, { position, epochs: packEpochs(epochs(), member.part.validation !== undefined) })
    }
  }

  states(): Promise<ReadonlyMap<Member, MemberState>> {
    const stateOf = ([member, { position, epochs }]: [Member, Pending]) =>
      [member, { ...position, epochs: () => unpackEpochs(epochs, member) }] as const
    return Promise.resolve(new Map([...this.#pending].map(stateOf)))
  }

  /** Placements of one network replace their device themselves. */
  recover(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  get threads(): number {
    return this.#threads?.count ?? 1
  }

  async *trainTo(epoch: number, kept: readonly Member[]): AsyncGenerator<Progress> {
    const jobs = kept.map((member): Job => ({ member, epoch, from: this.#pending.get(member)?.position }))
    const batches = batchJobs(jobs, this.threads, this.#setup)
    const results = this.#threads ? this.#threads.run(batches, this.#setup.signal) : trainHere(batches, this.#setup)
    for await (const finished of results) {
      const epochs = finished.reduce((sum, [{ from }]) => sum + epoch - (from?.epoch ?? 0), 0)
      yield { epochs, trained: finished.map((one) => this.#take(one)) }
    }
  }

  /** Takes note of where a network is, for the next round. */
  #take([{ member, from }, result]: Finished): Trained {
    const { train } = member.part
    const { position, fault, score, loss, parameters, backend, stopped, bestEpoch } = result
    const epochs = joinEpochs(this.#pending.get(member)?.epochs, result.epochs)
    if (position) this.#pending.set(member, { position, epochs })
    else this.#pending.delete(member)
    const parts = { seed: member.seed, backend, samples: train.length, stopped, bestEpoch }
    const history = () => historyOf(unpackEpochs(epochs, member), parts)
    const trained = (from?.epoch ?? 0) + countEpochs(result.epochs)
    const packed = { epochs, stopped, bestEpoch }
    return { member, score, loss, epochs: trained, fault, history, packed, parameters }
  }

  dispose(): void {
    this.#pending.clear()
  }
}

async function* trainHere(batches: readonly Job[][], setup: TrainingSetup): AsyncGenerator<readonly Finished[]> {
  const trainer = new MemberTrainer(setup)
  try {
    for (const batch of batches) {
      setup.signal?.throwIfAborted()
      const results = await trainer.trainBatch(batch)
      yield batch.map((job, i) => [job, results[i]!] as const)
    }
  } finally {
    trainer.dispose()
  }
}
