import type { Layer } from '../../model/layout.ts'
import type { Optimizer, StepScalars } from '../../optimizer/optimizer.ts'
import type { Values } from './values.ts'

type Rule = (optimizer: Optimizer, scalars: StepScalars, parameters: Values, gradients: Values, state: Values) => void

/** Where each slot of the state begins: one number a parameter, one slot after the other. */
const slot = (index: number, parameters: Values) => index * parameters.length

const sgd: Rule = ({ weightDecay, momentum, nesterov }, { stepSize }, parameters, gradients, state) => {
  if (momentum === 0) {
    for (let i = 0; i < parameters.length; i++) {
      const p = parameters[i]!
      parameters[i] = p - stepSize * (gradients[i]! + weightDecay * p)
    }
    return
  }
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i]!
    const g = gradients[i]! + weightDecay * p
    const v = momentum * state[i]! + g
    state[i] = v
    parameters[i] = p - stepSize * (nesterov ? g + momentum * v : v)
  }
}

const rmsprop: Rule = (optimizer, { stepSize }, parameters, gradients, state) => {
  const { weightDecay, momentum, centered, decay2, epsilon } = optimizer
  const velocities = slot(1, parameters)
  const means = slot(momentum > 0 ? 2 : 1, parameters)
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i]!
    const g = gradients[i]! + weightDecay * p
    const s = decay2 * state[i]! + (1 - decay2) * g * g
    state[i] = s
    let variance = s
    if (centered) {
      const mean = decay2 * state[means + i]! + (1 - decay2) * g
      state[means + i] = mean
      variance = Math.max(0, s - mean * mean)
    }
    let quotient = g / (Math.sqrt(variance) + epsilon)
    if (momentum > 0) {
      quotient += momentum * state[velocities + i]!
      state[velocities + i] = quotient
    }
    parameters[i] = p - stepSize * quotient
  }
}

const adagrad: Rule = ({ weightDecay, epsilon }, { stepSize }, parameters, gradients, state) => {
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i]!
    const g = gradients[i]! + weightDecay * p
    const s = state[i]! + g * g
    state[i] = s
    parameters[i] = p - (stepSize * g) / (Math.sqrt(s) + epsilon)
  }
}

const adam: Rule = (optimizer, { stepSize, decay, correction }, parameters, gradients, state) => {
  const { name, weightDecay, decay1, decay2, epsilon } = optimizer
  const decoupled = name === 'adamw'
  const squares = slot(1, parameters)
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i]!
    const g = decoupled ? gradients[i]! : gradients[i]! + weightDecay * p
    const m = decay1 * state[i]! + (1 - decay1) * g
    const v = decay2 * state[squares + i]! + (1 - decay2) * g * g
    state[i] = m
    state[squares + i] = v
    const kept = decoupled ? p - decay * p : p
    parameters[i] = kept - (stepSize * m) / (Math.sqrt(v) * correction + epsilon)
  }
}

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

/** Whether every parameter is a finite number in float32, which is what a network holds. */
export const areFinite = (parameters: Values): boolean => {
  for (let i = 0; i < parameters.length; i++) if (!Number.isFinite(Math.fround(parameters[i]!))) return false
  return true
}

const rules: Record<Optimizer['name'], Rule> = { sgd, rmsprop, adagrad, adam, adamw: adam }

/**
 * One step of the optimizer over all parameters; the formulas stand with the optimizers in training/optimizer.ts.
 * @param state slots of one number a parameter, one slot after the other, read and written
 */
export const update: Rule = (optimizer, ...rest) => {
  rules[optimizer.name](optimizer, ...rest)
}

/** The constants of a step of plain sgd. */
export interface Descent {
  stepSize: number
  readonly weightDecay: number
}

/**
 * Stores a gradient; with a `descent`, `target` holds the parameters, and the step of plain sgd is taken there instead:
 * to the bit what {@link update} comes to by way of the stored gradient.
 */
export function settle(target: Float32Array, place: number, gradient: number, descent: Descent | undefined): void {
  if (descent === undefined) {
    target[place] = gradient
    return
  }
  const p = target[place]!
  target[place] = p - descent.stepSize * (Math.fround(gradient) + descent.weightDecay * p)
}
