import type { Backend, LaneSums, NetworkLanes, Placement } from '../../backend/backend.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import type { Network } from '../../model/network.ts'
import { newPlateau, rateWith } from '../../optimizer/schedule.ts'
import { type Evaluation, meanScore, type Score } from '../score.ts'
import { COLUMNS, lastScore, packEpoch } from './epochs.ts'
import type { Job, JobResult } from './jobs.ts'
import { type Member, networkOf, trainedNetwork } from './members.ts'

/** Whether networks diverged is known after this many epochs; those that did train on until all of them did. */
const MOST_EPOCHS = 256

/** How networks are scored that are trained together: one at a time. */
export interface Scoring {
  place(network: Network, member: Member): Promise<Placement>
  /** On the validation data, or without them on the training data. */
  evaluate(network: Network, member: Member): Promise<Evaluation>
  readonly signal: AbortSignal | undefined
}

/** Trains a few networks that are alike side by side. */
export class LaneTrainer {
  readonly #lanes: NetworkLanes
  readonly #backend: Backend
  #part: Member['part']

  private constructor(lanes: NetworkLanes, backend: Backend, { part }: Member) {
    this.#lanes = lanes
    this.#backend = backend
    this.#part = part
  }

  /** @returns undefined where the backend has no such way for networks like this one */
  static async open(member: Member, backend: Backend): Promise<LaneTrainer | undefined> {
    const lanes = await backend.openLanes?.(networkOf(member).layers, member.combination.placement)
    return lanes && new LaneTrainer(lanes, backend, member)
  }

  /**
   * @param batch jobs of {@link batchJobs}
   * @returns the results; undefined for a network that diverged
   */
  async train(batch: readonly Job[], scoring: Scoring): Promise<(JobResult | undefined)[]> {
    const { member, from, epoch } = batch[0]!
    const { train, validation } = member.part
    if (this.#part !== member.part) this.#lanes.release(this.#part.train)
    this.#part = member.part
    this.#lanes.write(batch.map(beginningOf))
    const before = from?.epoch ?? 0
    const rate = (network: number, at: number) => rateWith(batch[network]!.member.combination.settings.learningRate, at, newPlateau()) // prettier-ignore
    const all = batch.map(() => new Float64Array(COLUMNS * (epoch - before)))
    const haveDiverged = batch.map(() => false)
    for (let done = before; done < epoch && haveDiverged.includes(false);) {
      // Validation data are scored after each epoch.
      const count = validation ? 1 : Math.min(MOST_EPOCHS, epoch - done)
      const began = performance.now()
      const { signal } = scoring
      const countsLabels = isMultilabel(member)
      const sums = await this.#lanes.train(train, { first: done + 1, count, rate, countsLabels, signal })
      const seconds = (performance.now() - began) / 1000 / count
      const validated = validation && (await this.#validate(batch, scoring))
      for (const [network, { member }] of batch.entries()) {
        for (let i = 0; i < count; i++) {
          const score = meanOf(sums, network * count + i, member)
          const epoch = { learningRate: rate(network, done + i), seconds }
          packEpoch(all[network]!, done - before + i, score, validated?.[network] ?? null, epoch)
          if (!Number.isFinite(score.loss)) haveDiverged[network] = true
        }
      }
      done += count
    }
    const results: (JobResult | undefined)[] = []
    for (const [network, job] of batch.entries()) {
      const result = haveDiverged[network] ? undefined : await this.#resultOf(network, job, all[network]!, scoring)
      results.push(result)
    }
    return results
  }

  /** The scores of the validation data. */
  async #validate(batch: readonly Job[], { place }: Scoring) {
    const scores = []
    for (const [network, { member }] of batch.entries()) {
      const { parameters } = this.#lanes.read(network)
      const placement = await place(trainedNetwork(member, parameters), member)
      const data = await placement.upload(member.part.validation!, 'repeatedly')
      const sums = await placement.score(data, isMultilabel(member)).result
      scores.push(meanScore(sums, member.combination.task, member.combination.outputs))
    }
    return scores
  }

  async #resultOf(network: number, job: Job, values: Float64Array, { evaluate }: Scoring): Promise<JobResult> {
    const { member, epoch, from } = job
    const { combination, part } = member
    const { name, description } = this.#backend
    const { parameters, state } = this.#lanes.read(network)
    const isLast = epoch === combination.settings.epochs
    const step = epoch * countMinibatches(part.train.length, combination.settings.batchSize)
    const snapshot = { parameters: parameters.slice(), state }
    const hasValidation = part.validation !== undefined
    const epochs = { first: (from?.epoch ?? 0) + 1, values, hasValidation }
    const isRegression = combination.task === 'regression'
    const { r2, loss } = isRegression ? await evaluate(trainedNetwork(member, parameters), member) : {}
    const last = lastScore(epochs)
    return {
      score: r2 ?? last.accuracy,
      loss: loss ?? last.loss,
      fault: undefined,
      parameters,
      epochs,
      position: isLast ? undefined : { epoch, step, snapshot, plateau: newPlateau() },
      backend: { name, description },
      stopped: 'epochs',
      bestEpoch: null,
    }
  }

  dispose(): void {
    this.#lanes.dispose()
  }
}

const isMultilabel = ({ combination }: Member) => combination.task === 'multilabel'

/** A network as its training begins or goes on. */
function beginningOf({ member, from }: Job) {
  const { parameters, state } = from?.snapshot ?? { parameters: networkOf(member).parameters, state: undefined }
  return { seed: member.seed, parameters, state }
}

/** The means of an epoch. @param at its place in the sums */
function meanOf({ losses, right }: LaneSums, at: number, { combination, part }: Member): Score {
  const { task, outputs } = combination
  return meanScore({ loss: losses[at]!, right: right[at]!, samples: part.train.length }, task, outputs)
}
