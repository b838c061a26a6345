import type { Placement, Trace } from '../backend/backend.ts'
import { InputError } from '../core/errors.ts'
import { fewerRows, resultArray } from '../core/memory.ts'
import { Matrix } from '../core/matrix.ts'
import { readOptions } from '../core/schema.ts'
import type { Dataset } from '../data/dataset.ts'
import { isStream } from '../data/is-stream.ts'
import type { DataStream } from '../data/stream.ts'
import type { LossName } from '../loss/loss.ts'
import type { Network } from '../model/network.ts'
import { inTargetUnits } from '../model/predict.ts'
import { inputsOf, type PredictRows } from '../model/rows.ts'
import type { FindCause } from './autopsy/run.ts'
import { type Checkpoint, type Resumed, type ResumeOptions, resumeSchema } from './checkpoint.ts'
import { describeFit } from './decide-task.ts'
import type { Feed, PredictedPart } from './feed/feed.ts'
import { Feeder } from './feed/feeder.ts'
import { trainGroups } from './fitting.ts'
import type { Epoch, Outcome } from './history.ts'
import { LoadedData, LoadedParts, loadedParts, type TrainingData } from './loaded.ts'
import type { AtOnce, Step } from './options.ts'
import { CallQueue, type TrainingName } from './queue.ts'
import { Recoveries } from './recovery/recoveries.ts'
import { RunCheckpoints } from './run-checkpoints.ts'
import type { Evaluation } from './score.ts'
import { scoreOutputs } from './score-outputs.ts'
import { Session } from './session.ts'
import { adoptPreprocessing, prepare } from './prepared.ts'
import { type CheckedFitOptions, checkKnown, type Settings, takeData } from './settings.ts'
import { newStopping, type StoppingState } from './stopping.ts'

/** A placed network with all that a trainer does with it, one call at a time. */
export class PlacedNetwork {
  readonly network: Network
  readonly settings: Settings
  readonly session: Session
  readonly #placement: Placement
  readonly #feeder: Feeder
  readonly #queue: CallQueue
  readonly #checkpoints: RunCheckpoints
  readonly #recoveries: Recoveries
  /** Whether what is trained on is a stream of which nothing is known before its first chunk. */
  #isTrainingUnknown = false
  /** Early stopping of a run that was resumed, for the next training. */
  #stopping: StoppingState | undefined

  /** @param findCause of a divergence; left out, it is not looked for */
  constructor(network: Network, placement: Placement, settings: Settings, findCause?: FindCause) {
    this.network = network
    this.settings = settings
    this.#placement = placement
    this.#queue = new CallQueue(settings.profiler)
    this.session = new Session(network, placement, settings, findCause)
    this.#checkpoints = new RunCheckpoints(network, placement, settings, this.session)
    this.#recoveries = new Recoveries(placement, () => this.session.epoch)
    this.#feeder = new Feeder(placement, {
      batchSize: settings.batchSize,
      dataMemory: settings.dataMemory,
      isTimed: settings.profiler !== undefined,
      check: (chunk) => this.#checkChunk(chunk),
      countsLabels: () => network.task === 'multilabel',
    })
  }

  get loss(): LossName {
    return this.settings.loss
  }

  get epoch(): number {
    return this.session.epoch
  }

  get memory(): number {
    return this.#placement.capacity.held
  }

  /** How often a lost device was replaced. */
  get recoveries(): number {
    return this.#recoveries.count
  }

  memoryFor({ train, validation }: CheckedFitOptions): number {
    return this.#feeder.memoryFor(train, validation)
  }

  async load(data: Dataset | DataStream): Promise<LoadedData> {
    if (data instanceof LoadedData) throw new InputError('data: these data are loaded already')
    const prepared = takeData(this, data, 'data')
    const feed = await this.#queue.run('load', () => this.#feeder.feed(prepared))
    return new LoadedData(new LoadedParts(this, prepared, feed))
  }

  #checkChunk(chunk: Dataset): void {
    checkKnown(this.network, this.loss, chunk, 'stream')
    if (this.#isTrainingUnknown) this.#describe(chunk)
  }

  /** Puts task, loss, names and preprocessing on the network, when it is fitted. */
  #describe(data: Dataset | DataStream): void {
    const known = isStream(data) ? data.example : data
    this.#isTrainingUnknown = known === undefined
    if (!known) return
    adoptPreprocessing(this.network, known)
    describeFit(this.network, this.loss, known)
  }

  #sourceOf(data: TrainingData, name: string): Dataset | DataStream {
    return data instanceof LoadedData ? loadedParts(data, this, name).source : data
  }

  /** @param releases takes a function to call when the feed is not used any more */
  async #feedFor(data: TrainingData, name: string, releases: (() => void)[]): Promise<Feed> {
    if (data instanceof LoadedData) {
      const loaded = loadedParts(data, this, name)
      releases.push(loaded.use())
      return loaded.feed
    }
    const feed = await this.#feeder.feed(data)
    releases.push(() => feed.dispose())
    return feed
  }

  /** Trains epochs in the groups in which they are handed over. */
  async *trainGroups(
    name: TrainingName,
    options: CheckedFitOptions,
    atOnce: AtOnce,
  ): AsyncGenerator<readonly Epoch[], Outcome> {
    const { train, validation, earlyStopping, checkpoint, signal } = options
    const source = this.#sourceOf(train, 'train')
    this.#checkpoints.identify(source, checkpoint !== undefined)
    const stopping = earlyStopping && (this.#stopping ?? newStopping())
    const feeds = this.#startTraining(name, signal)
    this.#stopping = undefined
    this.#describe(source)
    try {
      const trainFeed = await feeds.of(train, 'train')
      const validationFeed = validation === train ? trainFeed : validation && (await feeds.of(validation, 'validation'))
      const { session } = this
      const [placement, checkpoints] = [this.#placement, this.#checkpoints]
      const turn = <T>(work: () => Promise<T>) => this.#queue.run(name, work)
      const check = () => this.#queue.check(name)
      const recoveries = this.#recoveries
      const fitting = { session, placement, checkpoints, recoveries, options, stopping, atOnce, turn, check }
      return yield* trainGroups(fitting, trainFeed, validationFeed)
    } finally {
      feeds.end()
    }
  }

  async *trainSteps({ train, shuffle, onRecovery, signal }: CheckedFitOptions): AsyncGenerator<Step> {
    const source = this.#sourceOf(train, 'train')
    const feeds = this.#startTraining('steps', signal)
    this.#describe(source)
    try {
      const feed = await feeds.of(train, 'train')
      for (;;) {
        signal?.throwIfAborted()
        const step = await this.#queue.run('steps', () => this.session.trainStep(feed, shuffle))
        this.#recoveries.report(onRecovery)
        yield step
      }
    } finally {
      feeds.end()
    }
  }

  /** Begins a training; its feeds are disposed of at its end, those of loaded data excepted. */
  #startTraining(name: TrainingName, signal: AbortSignal | undefined) {
    this.#queue.startTraining(name, signal)
    const releases: (() => void)[] = []
    return {
      of: (data: TrainingData, argument: string) =>
        this.#queue.run(name, () => this.#feedFor(data, argument, releases)),
      end: () => {
        for (const release of releases) release()
        this.#isTrainingUnknown = false
        this.#queue.endTraining()
      },
    }
  }

  checkpoint(): Promise<Checkpoint> {
    return this.#queue.run('checkpoint', () => {
      if (this.session.ahead === 0) return this.#checkpoints.make(undefined)
      throw new InputError("checkpoint: epochs are under way; use fit's option checkpoint, or call it after them")
    })
  }

  async resume(checkpoint: Checkpoint, options: ResumeOptions): Promise<Resumed> {
    const { changed } = readOptions(resumeSchema, options)
    this.#queue.startTraining('resume')
    try {
      const resumed = await this.#queue.run('resume', () => this.#checkpoints.restore(checkpoint, changed))
      this.#stopping = checkpoint.stopping && { ...checkpoint.stopping }
      return resumed
    } finally {
      this.#queue.endTraining()
    }
  }

  async evaluate(given: TrainingData): Promise<Evaluation> {
    const data = takeData(this, given, 'data')
    const source = this.#sourceOf(data, 'data')
    return this.#queue.run('evaluate', async () => {
      const releases: (() => void)[] = []
      try {
        const feed = await this.#feedFor(data, 'data', releases)
        const scoring = feed.score()
        await scoring.accepted
        // Asked for before the sums are known, because each result may come late.
        const scores = await scoreOutputs(this, feed, source)
        const { loss, right, samples } = await scoring.result
        return { loss: loss / samples, samples, ...(scores ?? { accuracy: right / samples }) }
      } finally {
        for (const release of releases) release()
      }
    })
  }

  async predict(x: PredictRows | LoadedData): Promise<Matrix> {
    const outputs = this.network.sizes.at(-1)!
    if (x instanceof LoadedData) {
      const loaded = loadedParts(prepare(this.network, x, 'x'), this, 'x')
      const release = loaded.use()
      try {
        const values = await this.#queue.run('predict', () => joinOutputs(loaded.feed.outputs(), x.length * outputs))
        return inTargetUnits(new Matrix(x.length, outputs, values), this.network.targetScaling)
      } finally {
        release()
      }
    }
    const matrix = inputsOf(this.network, x)
    const values = await this.#queue.run('predict', () => this.#feeder.predict(matrix, outputs))
    return inTargetUnits(new Matrix(matrix.rows, outputs, values), this.network.targetScaling)
  }

  trace(minibatch: Dataset): Promise<Trace> {
    return this.#queue.run('gradients', () => this.#placement.trace(minibatch))
  }

  readParameters(): Promise<Float32Array> {
    return this.#queue.run('read', () => this.#placement.readParameters())
  }

  /** Takes over the parameters that the network has now; the optimizer's state stays. */
  write(): Promise<void> {
    const parameters = Float32Array.from(this.network.parameters)
    const bad = parameters.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) throw new InputError(`network: parameter ${bad} is ${parameters[bad]}, expected a finite number`)
    return this.#queue.run('write', async () => {
      if (this.session.ahead > 0) throw new InputError('write: epochs are under way; call it before or after them')
      const { state } = await this.#placement.read()
      await this.#placement.write({ parameters, state })
      this.session.restart(parameters)
    })
  }

  /** @returns whether this is the first time */
  dispose(): boolean {
    const first = this.#queue.dispose()
    if (first) this.#placement.dispose()
    return first
  }
}

async function joinOutputs(parts: AsyncGenerator<PredictedPart>, count: number): Promise<Float32Array> {
  const joined = resultArray('predictions', count, fewerRows)
  let at = 0
  for await (const { outputs } of parts) {
    joined.set(outputs, at)
    at += outputs.length
  }
  return joined
}
