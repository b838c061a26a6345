import type { Placement } from '../../backend/backend.ts'
import { recipeOf } from '../../backend/host/recipe.ts'
import { DivergedError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import type { Position } from './checkpoint/kept.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Epoch, Outcome } from '../history.ts'
import { PlacedNetwork } from '../placed-network.ts'
import type { Recovery } from '../recovery/choices.ts'
import type { Settings } from '../settings.ts'
import { keyOf } from './batches.ts'
import { packEpochs } from './epochs.ts'
import { settingsOf } from './explain.ts'
import type { Job, JobResult, TrainingSetup } from './jobs.ts'
import { KeptPlacement } from './kept-placement.ts'
import { LaneTrainer } from './lane-trainer.ts'
import { type Member, networkOf } from './members.ts'

/** Fewer networks are faster one after another: four take as long together as two do. */
const LEAST_TOGETHER = 3

/**
 * Trains one network after another. The backends of the host keep what was placed for the next network that is alike, since
 * compiling takes longer than training a small network.
 */
export class MemberTrainer {
  readonly #setup: TrainingSetup
  /** `part`: whose data lie there. */
  #kept: { readonly key: string; part: number; readonly placement: KeptPlacement } | undefined
  /** Without a trainer, such networks cannot be trained together. */
  #together: { readonly key: string; readonly trainer: LaneTrainer | undefined } | undefined

  constructor(setup: TrainingSetup) {
    this.#setup = setup
  }

  /** Trains the networks of a batch (batches.ts). @returns the results in the order of the jobs */
  async trainBatch(batch: readonly Job[]): Promise<JobResult[]> {
    const together = batch.length < LEAST_TOGETHER ? [] : await this.#trainTogether(batch)
    const results: JobResult[] = []
    // A network that diverged is trained again alone, which finds out where.
    for (const [i, job] of batch.entries()) results.push(together[i] ?? (await this.#trainAlone(job)))
    return results
  }

  async #trainTogether(batch: readonly Job[]): Promise<readonly (JobResult | undefined)[]> {
    const { backend, signal } = this.#setup
    const { member } = batch[0]!
    const key = keyOf(member)
    if (this.#together?.key !== key) {
      this.#together?.trainer?.dispose()
      this.#together = { key, trainer: await LaneTrainer.open(member, backend) }
    }
    const { trainer } = this.#together
    if (!trainer) return []
    return trainer.train(batch, {
      place: (network, member) => this.#place(network, member, settingsOf(member, this.#setup.dataMemory)),
      evaluate: (network, member) =>
        this.#withPlaced(network, member, (placed) => placed.evaluate(member.part.validation ?? member.part.train)),
      signal,
    })
  }

  #trainAlone(job: Job): Promise<JobResult> {
    const { member, from } = job
    return this.#withPlaced(networkOf(member), member, async (placed) => {
      if (from) await placed.resume({ ...(await placed.checkpoint()), ...from }, {})
      return this.#trainPlaced(placed, job)
    })
  }

  async #withPlaced<T>(network: Network, member: Member, use: (placed: PlacedNetwork) => Promise<T>): Promise<T> {
    const settings = settingsOf(member, this.#setup.dataMemory)
    const placed = new PlacedNetwork(network, await this.#place(network, member, settings), settings)
    try {
      const result = await use(placed)
      placed.dispose()
      return result
    } catch (error) {
      placed.dispose()
      this.dispose()
      throw error
    }
  }

  async #place(network: Network, member: Member, settings: Settings): Promise<Placement> {
    const { backend, replacement } = this.#setup
    if (!recipeOf(backend)) {
      return replacement ? replacement.place(backend, network, settings) : backend.place(network, settings)
    }
    const key = keyOf(member)
    if (this.#kept?.key === key) {
      if (this.#kept.part !== member.part.number) this.#kept.placement.forget()
      this.#kept.part = member.part.number
      await this.#kept.placement.write({ parameters: network.parameters })
      return this.#kept.placement
    }
    this.#endKept()
    const placement = new KeptPlacement(await backend.place(network, settings))
    this.#kept = { key, part: member.part.number, placement }
    return placement
  }

  async #trainPlaced(placed: PlacedNetwork, job: Job): Promise<JobResult> {
    const { member, epoch, from } = job
    const before = from?.epoch ?? 0
    const { epochs, diverged, ...outcome } = await this.#fit(placed, member, epoch - before)
    const parameters = await placed.readParameters()
    const packed = packEpochs(epochs, member.part.validation !== undefined)
    const result = { ...outcome, parameters, epochs: packed }
    if (diverged) {
      const { epoch, minibatch, layer, loss } = diverged
      return { ...result, score: NaN, loss, fault: { epoch, minibatch, layer }, position: undefined }
    }
    const isLast = epoch === member.combination.settings.epochs
    const position = isLast ? undefined : positionOf(await placed.checkpoint())
    const score = await this.#score(placed, member, epochs, outcome)
    return { ...result, fault: undefined, position, ...score }
  }

  /** @returns the epochs, what trained the last of them, and the error with which the training ended if it diverged */
  async #fit(placed: PlacedNetwork, { combination, part }: Member, count: number) {
    const { earlyStopping, signal, replacement } = this.#setup
    const { train, validation } = part
    const { name, description } = this.#setup.backend
    let backend = { name, description }
    const { shuffle } = combination.settings
    const given = { train, validation, epochs: count, shuffle, earlyStopping, signal }
    const options = {
      ...given,
      classWeights: undefined,
      checkpoint: undefined,
      onEpoch: undefined,
      onRecovery: (recovery: Recovery) => {
        ;({ backend } = recovery)
        replacement?.note(recovery)
      },
    }
    const epochs: Epoch[] = []
    try {
      const groups = placed.trainGroups('fit', options, Infinity)
      for (;;) {
        const group = await groups.next()
        if (group.done) return { ...group.value, epochs, backend, diverged: undefined }
        epochs.push(...group.value)
      }
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error
      return { stopped: 'epochs' as const, bestEpoch: null, epochs, backend, diverged: error }
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
    this.#endKept()
    this.#together?.trainer?.dispose()
    this.#together = undefined
  }

  #endKept(): void {
    this.#kept?.placement.end()
    this.#kept = undefined
  }
}

/** The rest of a checkpoint follows from the member. */
const positionOf = ({ epoch, step, snapshot, plateau }: Checkpoint): Position => ({ epoch, step, snapshot, plateau })
