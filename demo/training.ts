import {
  adagrad,
  adam,
  adamw,
  type BackendName,
  cpu,
  Dataset,
  type Epoch,
  Matrix,
  Network,
  type Optimizer,
  type OptimizerName,
  rmsprop,
  type Score,
  sgd,
  type Step,
  Trainer,
} from '../src/index.ts'
import { MAP_SIDE, type Points, REGION_SIDE, type View } from './protocol.ts'
import type { Settings } from './settings.ts'

const optimizers: Record<OptimizerName, (options: { learningRate: number }) => Optimizer> = {
  sgd,
  rmsprop,
  adagrad,
  adam,
  adamw,
}

/** The points of a square window, row by row from the top left. */
export function gridPoints({ left, bottom, side }: View, count: number): Matrix {
  const points = new Matrix(count * count, 2)
  for (let i = 0; i < count * count; i++) {
    points.data[2 * i] = left + (((i % count) + 0.5) / count) * side
    points.data[2 * i + 1] = bottom + (1 - (Math.floor(i / count) + 0.5) / count) * side
  }
  return points
}

const datasetOf = ({ inputs, targets, features, classes }: Points) =>
  Dataset.from(
    new Matrix(inputs.length / features.length, features.length, inputs),
    new Matrix(inputs.length / features.length, classes.length, targets),
    { features, classes },
  )

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
  readonly train: Dataset
  readonly test: Dataset | undefined
  readonly moments: Moment[] = []
  readonly #view: View
  #trainer: Trainer | undefined
  #epochs: AsyncIterableIterator<Epoch> | undefined
  #steps: AsyncIterableIterator<Step> | undefined
  #backend: BackendName
  #before = { epoch: 0, step: 0 }
  #stride = 1

  constructor(settings: Settings, train: Points, test: Points, view: View) {
    this.settings = settings
    this.train = datasetOf(train)
    this.test = test.inputs.length > 0 ? datasetOf(test) : undefined
    this.#view = view
    this.#backend = settings.backend
    const { hidden, activations, init, seed } = settings
    const sizes = [this.train.inputs.cols, ...hidden, this.train.targets.cols]
    this.network = Network.create({ sizes, activations, init, seed })
  }

  /** The trainer, placed on its backend when it is first needed. */
  async trainer(): Promise<Trainer> {
    if (!this.#trainer) {
      const { loss, optimizer, learningRate, batch, seed, l1, l2 } = this.settings
      this.#trainer = await Trainer.create(this.network, {
        backend: this.#backend,
        loss,
        optimizer: optimizers[optimizer]({ learningRate }),
        batchSize: batch,
        seed,
        l1,
        l2,
      })
    }
    return this.#trainer
  }

  /** Scores the network as it is before training, which is the first moment. */
  async begin(): Promise<void> {
    const trainer = await this.trainer()
    const train = await trainer.evaluate(this.train)
    const test = this.test ? await trainer.evaluate(this.test) : null
    this.#keep({ ...this.#before, train, test, parameters: this.network.parameters.slice() })
  }

  /** Trains one minibatch, and scores the network after it. */
  async minibatch(): Promise<void> {
    const trainer = await this.trainer()
    await this.#epochs?.return?.()
    this.#epochs = undefined
    this.#steps ??= trainer.steps(this.train)
    const before = trainer.epoch
    await this.#steps.next()
    await trainer.read()
    const { epoch, step } = this.#before
    this.#before = { epoch: epoch + trainer.epoch - before, step: step + 1 }
    const train = await trainer.evaluate(this.train)
    const test = this.test ? await trainer.evaluate(this.test) : null
    this.#keep({ ...this.#before, train, test, parameters: this.network.parameters.slice() })
  }

  /** Trains one epoch, or what is left of one that was begun in steps. */
  async epoch(): Promise<Epoch> {
    const trainer = await this.trainer()
    await this.#steps?.return?.()
    this.#steps = undefined
    this.#epochs ??= trainer.epochs(this.train, { epochs: 1e9, ...(this.test && { validation: this.test }) })
    const done = trainer.step
    const { value } = (await this.#epochs.next()) as { value: Epoch }
    await trainer.read()
    this.#before = { epoch: this.#before.epoch + 1, step: this.#before.step + trainer.step - done }
    const { loss, accuracy, validation } = value
    const parameters = this.network.parameters.slice()
    this.#keep({ ...this.#before, train: { loss, accuracy }, test: validation, parameters })
    return value
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
    this.moments.splice(index + 1)
  }

  /** Another backend for the parameters as they are. */
  async place(backend: BackendName): Promise<void> {
    await this.leave()
    this.#backend = backend
  }

  /** Gives the trainer back; the next one is made when it is needed. */
  async leave(): Promise<void> {
    await this.#epochs?.return?.()
    await this.#steps?.return?.()
    this.#epochs = undefined
    this.#steps = undefined
    this.#trainer?.dispose()
    this.#trainer = undefined
  }

  /** The outputs over the plane, at full resolution, by the backend that trains. */
  async regions(): Promise<Float32Array> {
    if (this.network.sizes[0] !== 2) return new Float32Array()
    return (await (await this.trainer()).predict(gridPoints(this.#view, REGION_SIDE))).data
  }

  /** What every neuron answers over the plane: the network cut off after each layer, on the CPU. */
  async maps(): Promise<Float32Array[]> {
    const { sizes, activations, weights, biases } = this.network
    if (sizes[0] !== 2) return []
    const points = gridPoints(this.#view, MAP_SIDE)
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
