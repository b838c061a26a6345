import type { Values } from '../../core/values.ts'
import type { Layer } from '../../model/layout.ts'
import { type Optimizer, ruleOf, type StepScalars } from '../../optimizer/optimizer.ts'

/**
 * Adds the gradient of the penalty l1·Σ|w| + l2·Σw² to the gradients of all weights: l1·sign(w) + 2·l2·w. Biases are left
 * alone. (Keras's l1 and l2.)
 */
export function addPenalty(
  layers: readonly Layer[],
  { l1, l2 }: { l1: number; l2: number },
  parameters: Values,
  gradients: Values,
): void {
  for (const { inputs, outputs, weightOffset } of layers) {
    for (let i = weightOffset; i < weightOffset + inputs * outputs; i++) {
      const w = parameters[i]!
      gradients[i] = gradients[i]! + (l1 * Math.sign(w) + 2 * l2 * w)
    }
  }
}

/** The length of all gradients together, √Σ g², summed in float64. */
export function gradientNorm(gradients: Values): number {
  let sum = 0
  for (let i = 0; i < gradients.length; i++) sum += gradients[i]! * gradients[i]!
  return Math.sqrt(sum)
}

/** Shortens gradients that are longer, all together, than `clipNorm`: × min(1, clipNorm / (length + 1e-6)), as PyTorch. */
export function clip(gradients: Values, clipNorm: number): void {
  const factor = clipNorm / (gradientNorm(gradients) + 1e-6)
  if (factor >= 1) return
  for (let i = 0; i < gradients.length; i++) gradients[i] = gradients[i]! * factor
}

/**
 * One step of the optimizer over all parameters; the formulas are in src/optimizer/.
 * @param gradients laid out as the parameters
 * @param state slots of one number a parameter, one slot after the other, read and written
 */
export function update(
  optimizer: Optimizer,
  scalars: StepScalars,
  parameters: Values,
  gradients: Values,
  state: Values,
): void {
  ruleOf(optimizer).update(optimizer, scalars, parameters, gradients, state)
}

/** The constants of a step of plain sgd. */
export interface Descent {
  stepSize: number
  readonly weightDecay: number
}

/**
 * Stores a gradient; with a `descent`, `target` holds the parameters, and the step of plain sgd is taken there instead:
 * bit for bit the parameters that {@link update} computes from the stored gradient.
 */
export function storeOrStep(target: Float32Array, place: number, gradient: number, descent: Descent | undefined): void {
  if (descent === undefined) {
    target[place] = gradient
    return
  }
  const p = target[place]!
  target[place] = p - descent.stepSize * (Math.fround(gradient) + descent.weightDecay * p)
}
