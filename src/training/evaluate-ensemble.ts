import { EventLoopClock, yieldToEventLoop } from '../backend/host/event-loop.ts'
import { checkInstance } from '../core/errors.ts'
import { Matrix } from '../core/matrix.ts'
import { type Fields, name, optional, readOptions } from '../core/schema.ts'
import { areEqual } from '../core/values.ts'
import { Dataset } from '../data/dataset.ts'
import { DataStream } from '../data/stream.ts'
import { type LossName, losses, lossNames, outputShare } from '../loss/loss.ts'
import { outputBoundary } from '../model/activation.ts'
import type { Task } from '../model/description.ts'
import { Ensemble } from '../model/ensemble.ts'
import { forwardInto, inTargetUnits, labelsOf } from '../model/predict.ts'
import type { Scaling } from '../model/scaling.ts'
import { decideTask } from './decide-task.ts'
import { MultilabelTally } from './multilabel.ts'
import { type Evaluation, RegressionSums } from './score.ts'
import { checkIsDataset, takeData } from './settings.ts'
import { checkLoss } from './validation.ts'

/** The options of {@link evaluateEnsemble}. */
export interface EvaluateEnsembleOptions {
  /** Default: the loss that all networks were trained with; where they differ, crossEntropy for softmax outputs, else quadratic. */
  loss?: LossName | undefined
}

export const evaluateEnsembleSchema = {
  name: 'evaluateEnsemble',
  fields: { loss: optional(name(lossNames)) } satisfies Fields<EvaluateEnsembleOptions>,
}

/** Samples of which the outputs are held at once. */
const AT_ONCE = 1024

/**
 * The scores of the mean prediction of an ensemble, the same as those of {@link Trainer.evaluate}, computed on the CPU. The
 * loss is that of the mean; targets are scaled for it where all networks scale them in the same way.
 * @param ensemble networks whose outputs are averaged, each with its own encoding and scaling
 * @param data the samples, in their own units or preprocessed as all networks need it; a stream is read once
 * @param options `loss`. Default: the one that all networks were trained with; where they differ, crossEntropy for
 *   softmax outputs, else quadratic
 * @throws InputError for data that do not go with a network, and for a loss that does not go with the outputs
 * @example
 * const results = await sweep(train, { sizes: [2, 4, 2], seeds: 6, epochs: 5, backend: 'cpu' })
 * const { accuracy, loss } = await evaluateEnsemble(Ensemble.from(results.slice(0, 3)), test)
 * console.log(accuracy, loss)
 */
export async function evaluateEnsemble(
  ensemble: Ensemble,
  data: Dataset | DataStream,
  options: EvaluateEnsembleOptions = {},
): Promise<Evaluation> {
  checkInstance('ensemble', ensemble, Ensemble, 'Ensemble', ' (Ensemble.from(networks) makes one)')
  if (!(data instanceof DataStream)) checkIsDataset(data, 'data')
  const { loss = usualLoss(ensemble) } = readOptions(evaluateEnsembleSchema, options)
  for (const network of ensemble.networks) checkLoss(network, loss)
  const example = data instanceof DataStream ? data.example : data
  let sums: Sums | undefined
  const clock = new EventLoopClock()
  for await (const part of partsOf(data)) {
    sums ??= new Sums(ensemble, loss, ensemble.task ?? decideTask(ensemble.networks[0]!, loss, example ?? part))
    sums.add(part)
    if (!clock.isDue) continue
    await yieldToEventLoop()
    clock.restart()
  }
  return sums!.evaluation()
}

const usualLoss = ({ loss, networks }: Ensemble): LossName =>
  loss ?? (networks.every(({ activations }) => activations.at(-1) === 'softmax') ? 'crossEntropy' : 'quadratic')

async function* partsOf(data: Dataset | DataStream): AsyncGenerator<Dataset> {
  if (data instanceof DataStream) yield* data.windows(AT_ONCE)
  else for (let i = 0; i < data.length; i += AT_ONCE) yield data.slice(i, Math.min(i + AT_ONCE, data.length))
}

/** Adds up the scores of the mean over the samples. */
class Sums {
  readonly #ensemble: Ensemble
  readonly #loss: LossName
  readonly #task: Task
  /** Of all networks; where they differ, outputs and targets are compared in the units of the data. */
  readonly #scaling: Scaling | undefined
  readonly #regression: RegressionSums
  readonly #labels: MultilabelTally
  #samples = 0
  #lossSum = 0
  #right = 0

  constructor(ensemble: Ensemble, loss: LossName, task: Task) {
    const [first, ...others] = ensemble.networks
    const scaling = first!.targetScaling
    this.#ensemble = ensemble
    this.#loss = loss
    this.#task = task
    this.#scaling = others.every(({ targetScaling }) => areEqual(scaling, targetScaling)) ? scaling : undefined
    this.#regression = new RegressionSums(this.#scaling?.scale)
    this.#labels = new MultilabelTally({ boundary: outputBoundary(first!.activations.at(-1)!) })
  }

  add(part: Dataset): void {
    const { mean, targets } = this.#compare(part)
    const { rows, cols } = targets
    const rounded = new Matrix(rows, cols, Float32Array.from(mean))
    this.#samples += rows
    this.#lossSum += lossOf(this.#loss, mean, targets, part.weights)
    if (this.#task === 'regression') this.#regression.add(rounded.data, targets)
    else if (this.#task === 'multilabel') this.#labels.add(rounded, part)
    else
      this.#right += countRight(labelsOf(rounded, this.#output), part.labels(outputBoundary(this.#output.activation)))
  }

  get #output() {
    return this.#ensemble.networks[0]!.layers.at(-1)!
  }

  /** The mean of the outputs in float64, with the targets in the same units. */
  #compare(part: Dataset): { mean: Float64Array; targets: Matrix } {
    const { networks } = this.#ensemble
    const mean = new Float64Array(part.targets.data.length)
    const outputs = new Float64Array(mean.length)
    let targets = inTargetUnits(part.targets, part.targetScaling)
    for (const network of networks) {
      const prepared = takeData({ network, loss: this.#loss }, part, 'data')
      forwardInto(network, prepared.inputs, outputs)
      if (this.#scaling) targets = prepared.targets
      else if (network.targetScaling) unscale(outputs, network.targetScaling)
      for (let at = 0; at < mean.length; at++) mean[at]! += outputs[at]!
    }
    for (let at = 0; at < mean.length; at++) mean[at]! /= networks.length
    return { mean, targets }
  }

  evaluation(): Evaluation {
    const samples = this.#samples
    const scores = {
      regression: () => this.#regression.score(),
      multilabel: () => this.#labels.score(),
      classification: () => ({ accuracy: this.#right / samples }),
    }
    return { loss: this.#lossSum / samples, samples, ...scores[this.#task]() }
  }
}

function unscale(outputs: Float64Array, { offset, scale }: Scaling): void {
  for (let at = 0; at < outputs.length; at++) {
    outputs[at] = outputs[at]! * scale[at % scale.length]! + offset[at % scale.length]!
  }
}

/** Float64 holds no number that is closer to 1 than this, so 1 − a is 0 below it. */
const SMALLEST_REST = 2 ** -54

/**
 * The sum of the loss over the samples, each times its weight where there are weights. A mean of outputs has no z, from which
 * two of the losses are computed: it follows from a.
 */
function lossOf(
  loss: LossName,
  outputs: Float64Array,
  { cols, data }: Matrix,
  weights: Float32Array | undefined,
): number {
  const { term, requires } = losses[loss]
  let sum = 0
  for (let at = 0; at < outputs.length; at++) {
    const a = outputs[at]!
    const logOf = Math.log(Math.max(a, Number.MIN_VALUE))
    const logit = requires === 'sigmoid' ? logOf - Math.log(Math.max(1 - a, SMALLEST_REST)) : logOf
    sum += term(a, data[at]!, logit) * (weights?.[Math.floor(at / cols)] ?? 1)
  }
  return sum * outputShare(losses[loss], cols)
}

function countRight(predicted: Uint32Array, labels: Uint32Array): number {
  let right = 0
  labels.forEach((label, i) => (right += Number(predicted[i] === label)))
  return right
}
