import {
  adagrad,
  adam,
  adamw,
  type BackendName,
  cpu,
  decisionBoundary,
  type Epoch,
  nadam,
  Network,
  type Optimizer,
  type OptimizerName,
  rmsprop,
  type Score,
  sgd,
  type Step,
  Trainer,
} from '../../src/index.ts'
import { type Examination, MAP_SIDE, type Regions, type Shown, type StopRule } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { examine, examined } from './examining.ts'
import type { Prepared } from './material.ts'
import { Grid, show } from './showing.ts'

const optimizers: Record<OptimizerName, (options: { learningRate: number }) => Optimizer> = {
  sgd,
  rmsprop,
  adagrad,
  adam,
  adamw,
  nadam,
}

/** A moment of a run that can be gone back to. */
interface Moment {
  epoch: number
  step: number
  train: Score
  test: Score | null
  parameters: Float32Array
}

/** So many moments are kept at most; when there are more, every second one goes. */
const MOST_MOMENTS = 240

/** One run: a network, its data, the backend it is trained on, and the moments so far. */
export class Run {
  readonly settings: Settings
  readonly network: Network
  readonly moments: Moment[] = []
  #prepared: Prepared
  #shown: Shown
  #grid: Grid
  #trainer: Trainer | undefined
  #epochs: AsyncIterableIterator<Epoch> | undefined
  #steps: AsyncIterableIterator<Step> | undefined
  #backend: BackendName
  #before = { epoch: 0, step: 0 }
  /** How many epochs are trained the next time. */
  #atOnce = 1
  #stride = 1
  #best = { loss: Infinity, epoch: 0 }

  constructor(settings: Settings, prepared: Prepared) {
    this.settings = settings
    this.#prepared = prepared
    this.#shown = show(prepared, settings)
    this.#grid = new Grid(prepared, this.#shown)
    this.#backend = settings.backend
    const { hidden, init, seed } = settings
    const sizes = [prepared.train.inputs.cols, ...hidden, prepared.train.targets.cols]
    this.network = Network.create({ sizes, activations: settings.activations, init, seed })
  }

  get prepared(): Prepared {
    return this.#prepared
  }

  get shown(): Shown {
    return this.#shown
  }

  get backend(): BackendName {
    return this.#backend
  }

  /** Other data of the same shape for the network as it is. */
  async use(settings: Settings, prepared: Prepared): Promise<void> {
    await this.#leaveData()
    this.#prepared = prepared
    this.#shown = show(prepared, settings)
    this.#grid = new Grid(prepared, this.#shown)
  }

  /** The trainer, placed on its backend when it is first needed. */
  async trainer(): Promise<Trainer> {
    if (!this.#trainer) {
      const { loss, optimizer, learningRate, batch, seed, l1, l2, dropout } = this.settings
      this.#trainer = await Trainer.create(this.network, {
        backend: this.#backend,
        loss,
        optimizer: optimizers[optimizer]({ learningRate }),
        batchSize: batch,
        seed,
        l1,
        l2,
        dropout,
      })
    }
    return this.#trainer
  }

  /** Scores the network as it is before training, which is the first moment. */
  async begin(): Promise<void> {
    await this.trainer()
    await this.#keepScored()
  }

  /** Trains one minibatch, and scores the network after it. */
  async minibatch(): Promise<void> {
    const trainer = await this.trainer()
    await this.#epochs?.return?.()
    this.#epochs = undefined
    this.#steps ??= trainer.steps(this.#prepared.train)
    const before = trainer.epoch
    await this.#steps.next()
    await trainer.read()
    const { epoch, step } = this.#before
    this.#before = { epoch: epoch + trainer.epoch - before, step: step + 1 }
    await this.#keepScored()
  }

  async #keepScored(): Promise<void> {
    const trainer = await this.trainer()
    const { train, test } = this.#prepared
    const score = await trainer.evaluate(train)
    const tested = test ? await trainer.evaluate(test) : null
    this.#keep({ ...this.#before, train: score, test: tested, parameters: this.network.parameters.slice() })
  }

  /**
   * Trains one epoch, or what is left of one that was begun in steps; or several in one go, of which only the last is a
   * moment that can be gone back to.
   */
  async epoch(count = 1): Promise<void> {
    const trainer = await this.trainer()
    await this.#steps?.return?.()
    this.#steps = undefined
    const { train, test } = this.#prepared
    const atOnce = () => this.#atOnce
    this.#epochs ??= trainer.epochs(train, { epochs: 1e9, atOnce, ...(test && { validation: test }) })
    const done = trainer.step
    this.#atOnce = count
    let value = await this.#next(this.#epochs)
    for (let i = 1; i < count; i++) value = await this.#next(this.#epochs)
    await trainer.read()
    this.#before = { epoch: this.#before.epoch + count, step: this.#before.step + trainer.step - done }
    const { loss, accuracy, validation } = value
    const parameters = this.network.parameters.slice()
    this.#keep({ ...this.#before, train: { loss, accuracy }, test: validation, parameters })
  }

  /** The next epoch; where there is none, as when the loss is no number any more, the trainer is done with. */
  async #next(epochs: AsyncIterator<Epoch, unknown>): Promise<Epoch> {
    try {
      return ((await epochs.next()) as { value: Epoch }).value
    } catch (error) {
      await this.leave()
      throw error
    }
  }

  /** Why training should stop now by this rule, in a sentence; undefined where it goes on. */
  reasonToStop({ stop, patience }: StopRule): string | undefined {
    const { epoch, train, test } = this.moments.at(-1)!
    const { loss } = test ?? train
    if (loss < this.#best.loss) this.#best = { loss, epoch }
    if (stop > 0 && epoch >= stop) return `Stopped after ${epoch.toLocaleString('en')} epochs, as was asked for.`
    if (patience === 0 || epoch - this.#best.epoch < patience) return undefined
    const whose = test ? 'test' : 'training'
    return `Stopped: the ${whose} loss was lowest in epoch ${this.#best.epoch.toLocaleString('en')}, and not since. Rewind to go back there.`
  }

  /** The last moment is always the network as it is now; of those before it, every `stride`-th epoch stays. */
  #keep(moment: Moment): void {
    const last = this.moments.at(-1)
    if (last && last.epoch % this.#stride !== 0) this.moments.pop()
    this.moments.push(moment)
    if (this.moments.length <= MOST_MOMENTS) return
    this.#stride *= 2
    const kept = this.moments.filter(({ epoch }, i) => epoch % this.#stride === 0 || i === this.moments.length - 1)
    this.moments.splice(0, this.moments.length, ...kept)
  }

  /** Shows the network as it was at a moment; training, if it goes on, begins there. */
  async show(index: number): Promise<void> {
    const moment = this.moments[index]
    if (!moment) return
    await this.leave()
    this.network.parameters.set(moment.parameters)
    this.#before = { epoch: moment.epoch, step: moment.step }
  }

  /** Forgets the moments after the one that is shown. */
  forgetAfter(index: number): void {
    if (index < this.moments.length - 1) this.#best = { loss: Infinity, epoch: this.moments[index]!.epoch }
    this.moments.splice(index + 1)
  }

  /** Another backend for the parameters as they are. */
  async place(backend: BackendName): Promise<void> {
    await this.leave()
    this.#backend = backend
  }

  /** Gives the trainer back; the next one is made when it is needed. */
  async leave(): Promise<void> {
    await this.#leaveData()
    this.#trainer?.dispose()
    this.#trainer = undefined
  }

  async #leaveData(): Promise<void> {
    await this.#epochs?.return?.()
    await this.#steps?.return?.()
    this.#epochs = undefined
    this.#steps = undefined
  }

  /** The outputs over the plane, by the backend that trains; none for pictures. */
  async regions(side: number): Promise<Regions | undefined> {
    if (this.#prepared.kind === 'images') return undefined
    // Wide tables have many numbers a point: fewer points then.
    const most = Math.max(MAP_SIDE, Math.floor(Math.sqrt(2e6 / this.network.sizes[0]!)))
    const count = Math.min(side, most)
    const { data } = await (await this.trainer()).predict(this.#grid.points(count))
    return this.#grid.regions(count, data, this.network.activations.at(-1)!)
  }

  /** How the network does on what was held out, in all detail. */
  async examine(): Promise<Examination> {
    const answers = await (await this.trainer()).predict(examined(this.#prepared).inputs)
    return examine(this.#prepared, answers, decisionBoundary(this.network))
  }

  /** What the network answers to one picture. */
  async answer(pixels: Float32Array): Promise<Float32Array | undefined> {
    if (pixels.length !== this.network.sizes[0]) return undefined
    return (await (await this.trainer()).predict([[...pixels]])).data
  }

  /** What every neuron answers over the plane: the network cut off after each layer, on the CPU. */
  async maps(): Promise<Float32Array[]> {
    const { sizes, activations, weights, biases } = this.network
    if (this.#prepared.kind === 'images') return []
    const points = this.#grid.points(MAP_SIDE)
    const backend = cpu()
    return Promise.all(
      activations.map(async (_, l) => {
        const part = Network.from({
          sizes: sizes.slice(0, l + 2),
          activations: activations.slice(0, l + 1),
          weights: weights.slice(0, l + 1),
          biases: biases.slice(0, l + 1),
        })
        const trainer = await Trainer.create(part, {
          backend,
          loss: activations[l] === 'softmax' ? 'crossEntropy' : 'quadratic',
          batchSize: 1,
          seed: 0,
        })
        const { data } = await trainer.predict(points)
        trainer.dispose()
        return data
      }),
    )
  }
}
