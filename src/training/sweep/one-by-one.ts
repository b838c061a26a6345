import { DivergedError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Epoch, History, Outcome } from '../history.ts'
import { Trainer } from '../trainer.ts'
import type { Context, Group, Progress } from './context.ts'
import { historyOf } from './histories.ts'
import { type Member, networkOf } from './members.ts'
import type { SweepFault } from './results.ts'
import type { Trained } from './trained.ts'

/** A training that goes on in a later round. */
interface Pending {
  readonly checkpoint: Checkpoint
  readonly epochs: readonly Epoch[]
}

/** Networks that are trained by a trainer each, one after another. */
export class OneByOne implements Group {
  readonly members: readonly Member[]
  readonly reason: string
  readonly #context: Context
  readonly #pending = new Map<Member, Pending>()

  constructor(members: readonly Member[], context: Context, reason: string) {
    this.members = members
    this.#context = context
    this.reason = reason
  }

  async *trainTo(epoch: number, kept: readonly Member[]): AsyncGenerator<Progress> {
    for (const member of kept) {
      this.#context.options.signal?.throwIfAborted()
      const before = this.#pending.get(member)?.epochs.length ?? 0
      const trained = [await this.#train(member, epoch)]
      yield { epochs: epoch - before, trained }
    }
  }

  /** Trains a member up to an epoch, from its checkpoint if it has one. */
  async #train(member: Member, epoch: number): Promise<Trained> {
    const network = networkOf(member)
    const trainer = await this.#place(member, network)
    try {
      const pending = this.#pending.get(member)
      this.#pending.delete(member)
      if (pending) await trainer.resume(pending.checkpoint)
      const { history, diverged } = await this.#fit(trainer, member, epoch, pending?.epochs ?? [])
      await trainer.read()
      const { epochs } = history
      const result = { member, epochs: epochs.length, history: () => history, network: () => network.clone() }
      if (diverged) return { ...result, score: NaN, loss: diverged.loss, fault: faultOf(diverged) }
      const isLast = epoch === member.combination.settings.epochs
      if (!isLast) this.#pending.set(member, { checkpoint: await trainer.checkpoint(), epochs })
      return { ...result, fault: undefined, ...(await this.#score(trainer, member, history)) }
    } finally {
      trainer.dispose()
    }
  }

  #place({ combination, seed }: Member, network: Network): Promise<Trainer> {
    const { backend, options } = this.#context
    const { loss, optimizer, batchSize, l1, l2, dropout } = combination.settings
    const { dataMemory } = options
    return Trainer.create(network, { backend, loss, optimizer, batchSize, l1, l2, dropout, seed, dataMemory })
  }

  /** @returns the history from the first epoch on, and the error with which the training ended if it diverged */
  async #fit(trainer: Trainer, { combination, seed, part }: Member, epoch: number, before: readonly Epoch[]) {
    const { options, backend } = this.#context
    const { train, validation } = part
    const { signal, earlyStopping } = options
    const { shuffle } = combination.settings
    const epochs = [...before]
    const onEpoch = (one: Epoch) => void epochs.push(one)
    let end: Outcome = { stopped: 'epochs', bestEpoch: null }
    let diverged: DivergedError | undefined
    try {
      const count = epoch - before.length
      end = await trainer.fit(train, { epochs: count, validation, shuffle, earlyStopping, signal, onEpoch })
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error
      diverged = error
    }
    return { history: historyOf(epochs, { seed, backend, samples: train.length, ...end }), diverged }
  }

  async #score(trainer: Trainer, member: Member, { epochs, bestEpoch }: History) {
    const { train, validation } = member.part
    if (member.combination.task === 'regression') {
      const { r2, loss } = await trainer.evaluate(validation ?? train)
      return { score: r2!, loss }
    }
    const last = epochs.find(({ epoch }) => epoch === bestEpoch) ?? epochs.at(-1)!
    const { accuracy, loss } = last.validation ?? last
    return { score: accuracy!, loss }
  }

  dispose(): void {
    this.#pending.clear()
  }
}

const faultOf = ({ epoch, minibatch, layer }: DivergedError): SweepFault => ({ epoch, minibatch, layer })
