import type { LossName } from '../../../loss/loss.ts'
import { countParameters, type Layer } from '../../../model/layout.ts'
import { type Optimizer, ruleOf, type StepScalars, stateSlots } from '../../../optimizer/optimizer.ts'
import type { OptimizerRule } from '../../../optimizer/rule.ts'
import type { DataSource } from '../../backend.ts'
import { outputDelta } from '../reference/stages.ts'
import type { Minibatch, MinibatchSums, Stages, StageSet, StageSetting } from '../stage-set.ts'
import type { Descent } from '../update.ts'
import { Workspace } from '../workspace.ts'
import type { Rows } from './panels.ts'
import * as small from './small.ts'
import { type Pass, straightPass } from './straight.ts'
import * as tiled from './tiled.ts'

/** float32 in JavaScript: register tiles, plain loops for narrow layers, straight-line code for small networks. */
export const javascriptStages: StageSet = {
  open: (setting) => Promise.resolve(new JavaScriptStages(setting)),
}

/**
 * Data sets of more samples than this do not fit a processor's caches: a small network then has its minibatch gathered
 * first, so that the processor waits for all of its rows at once and not for each.
 */
const MANY_SAMPLES = 1 << 15

const makeValues = (length: number) => new Float32Array(length)

class JavaScriptStages implements Stages {
  readonly parameters: Float32Array
  readonly gradients: Float32Array
  readonly state: Float32Array
  readonly #loss: LossName
  readonly #optimizer: Optimizer
  readonly #rule: OptimizerRule
  readonly #layers: readonly Layer[]
  /** Which layers are smaller than a tile. */
  readonly #small: readonly boolean[]
  /** The parameters, for stages that read rows of them. */
  readonly #parameterRows: Rows
  readonly #scratch = new tiled.Scratch()
  /** Plain sgd takes each parameter's step together with its gradient. */
  readonly #descent: Descent | undefined
  /** A whole minibatch as straight-line code, for small networks. */
  readonly #straight: Pass | undefined
  /** The same, counting labels; made when it is first needed. */
  #labelStraight: Pass | undefined
  /** Loss and correct predictions of one straight pass. */
  readonly #scores = new Float64Array(2)
  readonly #sums = { loss: 0, right: 0 }
  /** 0, 1, 2 …: the order of a minibatch that was gathered. */
  readonly #places: Uint32Array
  /** Whether the gradients are those of a straight pass, with which no step has been taken yet. */
  #hasGradients = false

  constructor({ layers, settings }: StageSetting) {
    const { optimizer, loss, dropout = [], l1 = 0, l2 = 0, batchSize } = settings
    const count = countParameters(layers)
    this.#loss = loss
    this.#optimizer = optimizer
    this.#rule = ruleOf(optimizer)
    this.#layers = layers
    this.#small = layers.map(small.isSmall)
    this.parameters = makeValues(count)
    this.gradients = makeValues(count)
    this.state = makeValues(stateSlots(optimizer) * count)
    this.#parameterRows = { values: this.parameters, order: undefined, first: 0 }
    const { name, momentum, weightDecay, clipNorm } = optimizer
    if (name === 'sgd' && momentum === 0 && clipNorm === 0 && l1 === 0 && l2 === 0) {
      this.#descent = { stepSize: 0, weightDecay }
    }
    if (!dropout.some((share) => share > 0)) this.#straight = straightPass(layers, loss)
    this.#places = Uint32Array.from({ length: this.#straight ? batchSize : 0 }, (_, m) => m)
  }

  get bytes(): number {
    return this.#scratch.bytes
  }

  makeWorkspace(rows: number, dropping: boolean): Workspace {
    // The first layer reads its rows in the data set itself, through the order.
    const inPlace = this.#straight === undefined && !this.#small[0]
    return new Workspace(this.#layers, rows, makeValues, inPlace, dropping)
  }

  forward(l: number, space: Workspace, rows: number): void {
    const layer = this.#layers[l]!
    const below = space.below[l]!
    const [z, a] = [space.z[l] as Float32Array, space.a[l] as Float32Array]
    if (this.#small[l]) small.forward(layer, this.parameters, below.values, rows, z, a)
    else tiled.forward(layer, this.parameters, below, rows, z, a, this.#scratch)
  }

  outputDelta({ z, a, deltas, targets, weights }: Workspace, rows: number, countsLabels?: boolean): MinibatchSums {
    const l = this.#layers.length - 1
    return outputDelta(this.#layers[l]!, this.#loss, z[l]!, a[l]!, targets, rows, deltas[l]!, weights, countsLabels)
  }

  hiddenDelta(l: number, { z, a, deltas }: Workspace, rows: number): void {
    const { activation } = this.#layers[l]!
    const next = this.#layers[l + 1]!
    const above = deltas[l + 1] as Float32Array
    const own = [z[l] as Float32Array, a[l] as Float32Array, deltas[l] as Float32Array] as const
    if (this.#small[l + 1]) small.hiddenDelta(next, this.parameters, above, rows, activation, ...own)
    else tiled.hiddenDelta(next, this.#parameterRows, above, rows, activation, ...own, this.#scratch)
  }

  gradient(l: number, space: Workspace, rows: number, step?: StepScalars): void {
    const layer = this.#layers[l]!
    const below = space.below[l]!
    const deltas = space.deltas[l] as Float32Array
    const descent = step && this.#descent
    if (descent) descent.stepSize = step.stepSize
    const target = descent ? this.parameters : this.gradients
    if (this.#small[l]) small.gradient(layer, deltas, below.values, rows, target, descent)
    else tiled.gradient(layer, deltas, below, rows, target, descent, this.#scratch)
  }

  /** Plain sgd has taken its step already, unless the gradients come from {@link minibatch}. */
  update(step: StepScalars): void {
    if (this.#descent && !this.#hasGradients) return
    this.#hasGradients = false
    this.#rule.update(this.#optimizer, step, this.parameters, this.gradients, this.state)
  }

  /** As straight-line code, which does not take weights of samples. */
  minibatch(
    data: DataSource,
    { order, start, rows, countsLabels }: Readonly<Minibatch>,
    space: Workspace,
  ): MinibatchSums | undefined {
    const pass = countsLabels ? this.#straightWithLabels() : this.#straight
    const { inputs, targets, weights } = data
    if (!pass || !targets || weights) return undefined
    const scores = this.#scores.fill(0)
    if (inputs.rows > MANY_SAMPLES) {
      space.take(data, start, rows, order)
      const [x, y] = [space.inputs as Float32Array, space.targets as Float32Array]
      pass(this.parameters, x, y, this.#places, 0, rows, this.gradients, scores)
    } else {
      pass(this.parameters, inputs.data, targets.data, order, start, rows, this.gradients, scores)
    }
    this.#hasGradients = true
    this.#sums.loss = scores[0]!
    this.#sums.right = scores[1]!
    return this.#sums
  }

  #straightWithLabels(): Pass | undefined {
    if (this.#straight) this.#labelStraight ??= straightPass(this.#layers, this.#loss, true)
    return this.#labelStraight
  }

  dispose(): void {
    // Host memory is garbage collected.
  }
}
