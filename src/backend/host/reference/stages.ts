import { activations, type ActivationName, outputBoundary } from '../../../model/activation.ts'
import type { Layer } from '../../../model/layout.ts'
import { dropoutRow, dropoutThreshold, isKept } from '../../../optimizer/dropout.ts'
import { type LossName, losses, outputShare } from '../../../loss/loss.ts'
import type { Values } from '../../../core/values.ts'

/**
 * The reference: each stage of a training step as plain loops, in the precision of the arrays that it is given. Every
 * function here has a kernel of the same name in shaders/ that tests compare with it. Matrices are row-major, one row a
 * sample; `rows` is the size of the minibatch.
 */

/** Z = A Wᵀ + b and A′ = f(Z). `inputs` rows × layer.inputs; `z`, `a` rows × layer.outputs, written. */
export function forward(layer: Layer, parameters: Values, inputs: Values, rows: number, z: Values, a: Values): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  for (let m = 0; m < rows; m++) {
    for (let i = 0; i < outputs; i++) {
      let sum = parameters[biasOffset + i]!
      for (let j = 0; j < count; j++) sum += parameters[weightOffset + i * count + j]! * inputs[m * count + j]!
      z[m * outputs + i] = sum
    }
  }
  activate(layer.activation, outputs, rows, z, a)
}

/** A = f(Z), element by element; for softmax row by row. */
export function activate(name: ActivationName, outputs: number, rows: number, z: Values, a: Values): void {
  if (name === 'softmax') {
    for (let m = 0; m < rows; m++) softmaxRow(z, a, m * outputs, outputs)
    return
  }
  const { value } = activations[name]
  for (let i = 0; i < rows * outputs; i++) a[i] = value(z[i]!)
}

/** a = eᶻ / Σ eᶻ over one row, shifted by its largest z so that nothing overflows. */
function softmaxRow(z: Values, a: Values, start: number, count: number): void {
  let largest = -Infinity
  for (let i = start; i < start + count; i++) largest = Math.max(largest, z[i]!)
  let sum = 0
  for (let i = start; i < start + count; i++) sum += a[i] = Math.exp(z[i]! - largest)
  for (let i = start; i < start + count; i++) a[i] = a[i]! / sum
}

/** ln Σ eᶻ over one row, shifted by its largest z. */
function logSumExp(z: Values, start: number, count: number): number {
  let largest = -Infinity
  for (let i = start; i < start + count; i++) largest = Math.max(largest, z[i]!)
  let sum = 0
  for (let i = start; i < start + count; i++) sum += Math.exp(z[i]! - largest)
  return largest + Math.log(sum)
}

/**
 * δ = ∂C/∂A ⊙ f′(Z) of each sample at the output layer, and what the samples lose. Softmax + crossEntropy and
 * sigmoid + binaryCrossEntropy: A − Y. Other losses on softmax pass through its Jacobian: δᵢ = aᵢ (gᵢ − Σⱼ gⱼ aⱼ).
 * @param weights one a row, where samples count differently: loss and δ of the row are multiplied by it
 * @param countsLabels whether each output on the right side of the decision boundary counts, and not each row
 * @returns the sum of the loss over the rows, and the number of correct predictions
 */
export function outputDelta(
  layer: Layer,
  loss: LossName,
  z: Values,
  a: Values,
  targets: Values,
  rows: number,
  deltas: Values,
  weights?: Values,
  countsLabels = false,
): { loss: number; right: number } {
  const { term, slope, requires } = losses[loss]
  const { outputs, activation } = layer
  const share = outputShare(losses[loss], outputs)
  let sum = 0
  let right = 0
  for (let m = 0; m < rows; m++) {
    const start = m * outputs
    const shift = requires === 'softmax' ? logSumExp(z, start, outputs) : 0
    let projection = 0
    let rowSum = 0
    for (let i = start; i < start + outputs; i++) {
      rowSum += term(a[i]!, targets[i]!, z[i]! - shift)
      const g = share * slope(a[i]!, targets[i]!)
      projection += g * a[i]!
      deltas[i] = g
    }
    const weight = weights ? weights[m]! : 1
    sum += weight * share * rowSum
    if (countsLabels) right += countRightLabels(activation, a, targets, start, outputs)
    else right += isRight(activation, a, targets, start, outputs) ? 1 : 0
    for (let i = start; requires === undefined && i < start + outputs; i++) {
      if (activation === 'softmax') deltas[i] = a[i]! * (deltas[i]! - projection)
      else deltas[i] = deltas[i]! * activations[activation].derivative(z[i]!, a[i]!)
    }
    if (weights) for (let i = start; i < start + outputs; i++) deltas[i] = deltas[i]! * weight
  }
  return { loss: sum, right }
}

/** How many outputs of a row are on the same side of 0.5 (tanh: of 0) as their targets. */
function countRightLabels(
  activation: ActivationName,
  a: Values,
  targets: Values,
  start: number,
  outputs: number,
): number {
  const boundary = outputBoundary(activation)
  let right = 0
  for (let i = start; i < start + outputs; i++) if (a[i]! > boundary === targets[i]! > boundary) right++
  return right
}

/** One output: on the same side of 0.5 (tanh: of 0) as its target. Several: the largest output is the largest target. */
function isRight(activation: ActivationName, a: Values, targets: Values, start: number, outputs: number): boolean {
  if (outputs === 1) {
    const boundary = outputBoundary(activation)
    return a[start]! > boundary === targets[start]! > boundary
  }
  let answered = start
  let wanted = start
  for (let i = start + 1; i < start + outputs; i++) {
    if (a[i]! > a[answered]!) answered = i
    if (targets[i]! > targets[wanted]!) wanted = i
  }
  return answered === wanted
}

/**
 * δ of a hidden layer, (δ_next W_next) ⊙ f′(Z).
 * @param next the layer after; its `inputs` are this layer's neurons
 * @param activation of this layer
 */
export function hiddenDelta(
  next: Layer,
  parameters: Values,
  nextDeltas: Values,
  rows: number,
  activation: ActivationName,
  z: Values,
  a: Values,
  deltas: Values,
): void {
  const { inputs: count, outputs, weightOffset } = next
  for (let m = 0; m < rows; m++) {
    for (let j = 0; j < count; j++) {
      let sum = 0
      for (let i = 0; i < outputs; i++) sum += nextDeltas[m * outputs + i]! * parameters[weightOffset + i * count + j]!
      deltas[m * count + j] = sum
    }
  }
  timesDerivative(activation, rows * count, z, a, deltas)
}

/** δ ← δ ⊙ f′(Z) over `count` values. */
export function timesDerivative(activation: ActivationName, count: number, z: Values, a: Values, deltas: Values): void {
  if (activation === 'softmax') throw new Error('softmax is for output layers only')
  const { derivative } = activations[activation]
  for (let i = 0; i < count; i++) deltas[i] = deltas[i]! * derivative(z[i]!, a[i]!)
}

/** ∂C/∂W = δᵀ A / rows and ∂C/∂b = Σ δ / rows of one layer, written into `gradients`, laid out as the parameters. */
export function gradient(layer: Layer, deltas: Values, inputs: Values, rows: number, gradients: Values): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  for (let i = 0; i < outputs; i++) {
    for (let j = 0; j < count; j++) {
      let sum = 0
      for (let m = 0; m < rows; m++) sum += deltas[m * outputs + i]! * inputs[m * count + j]!
      gradients[weightOffset + i * count + j] = sum / rows
    }
    let sum = 0
    for (let m = 0; m < rows; m++) sum += deltas[m * outputs + i]!
    gradients[biasOffset + i] = sum / rows
  }
}

/**
 * Dropout of a minibatch's units of one layer: `dropped` is `values` with 0 for those that are dropped, and the others
 * divided by the share that is kept. Which those are: training/dropout.ts.
 * @param columns the layer's units; `values` and `dropped` rows × columns, which may be the same
 */
export function drop(
  { share, key }: { share: number; key: number },
  step: number,
  rows: number,
  columns: number,
  values: Values,
  dropped: Values,
): void {
  const threshold = dropoutThreshold(share)
  const scale = 1 / (1 - share)
  for (let m = 0; m < rows; m++) {
    const row = dropoutRow(key, step, m)
    for (let i = 0; i < columns; i++) {
      const at = m * columns + i
      dropped[at] = isKept(row, i, threshold) ? values[at]! * scale : 0
    }
  }
}

export { update } from '../update.ts'
