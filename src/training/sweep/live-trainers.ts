import { DivergedError } from '../../core/errors.ts'
import type { Matrix } from '../../core/matrix.ts'
import type { PredictRows } from '../../model/rows.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { LoadedData } from '../loaded.ts'
import { Trainer } from '../trainer.ts'
import type { Context } from './context.ts'
import { type LiveGroup, type LiveScore, noScore } from './live-group.ts'
import { type Member, networkOf } from './members.ts'

/** A network with its trainer and the data that it has loaded. */
interface Placed {
  readonly trainer: Trainer
  readonly train: LoadedData
  readonly scored: LoadedData
  isDiverged: boolean
}

/** Networks that are trained by a trainer each, one after another. */
export class LiveTrainers implements LiveGroup {
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

  async outputs(x: PredictRows, places: readonly number[]): Promise<readonly Matrix[]> {
    const outputs: Matrix[] = []
    for (const place of places) outputs.push(await this.#placed[place]!.trainer.predict(x))
    return outputs
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
