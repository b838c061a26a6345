import { ruleOf, type StepScalars } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../backend.ts'

/** What determines a step in addition to the gradient. */
export type StepRule = Pick<PlacementSettings, 'optimizer' | 'l1' | 'l2'>

/** Whether there is any penalty on the weights. */
const penaltyConstants = ({ l1 = 0, l2 = 0 }: StepRule) => ({ PENALISED: Number(l1 > 0 || l2 > 0) })

/**
 * The pipeline constants of shaders/optimizer.wgsl, shaders/penalty.wgsl and the rule's file: what is the same for all
 * networks that a kernel trains.
 */
export function ruleConstants(rule: StepRule): Record<string, number> {
  const { optimizer } = rule
  const { weightDecay, decoupledWeightDecay, momentum } = optimizer
  const switches = Object.entries(ruleOf(optimizer).switches?.(optimizer) ?? {})
  return {
    USES_WEIGHT_DECAY: Number(!decoupledWeightDecay && weightDecay > 0),
    DECOUPLED: Number(decoupledWeightDecay),
    USES_MOMENTUM: Number(momentum > 0),
    ...penaltyConstants(rule),
    ...Object.fromEntries(switches.map(([name, value]) => [name, Number(value)])),
  }
}

/** The pipeline constants of shaders/hyperparameters.wgsl, in its order. */
export function hyperparameterConstants({ optimizer, l1 = 0, l2 = 0 }: StepRule): Record<string, number> {
  const { decoupledWeightDecay, weightDecay, momentum, decay1, decay2, epsilon } = optimizer
  return {
    WEIGHT_DECAY: decoupledWeightDecay ? 0 : weightDecay,
    MOMENTUM: momentum,
    KEEP1: decay1,
    TAKE1: 1 - decay1,
    KEEP2: decay2,
    TAKE2: 1 - decay2,
    // With an epsilon of 0, values that only fill up a row would become 0 / 0.
    EPSILON: Math.max(epsilon, 1e-37),
    L1: l1,
    L2: l2,
  }
}

/** The constants of a kernel that stores gradients with the penalty's part, for one network. */
export const heldConstants = (rule: StepRule): Record<string, number> => ({
  ...penaltyConstants(rule),
  ...hyperparameterConstants(rule),
})

/** The constants of a kernel that takes the optimizer's step, for one network. */
export const optimizerConstants = (rule: StepRule): Record<string, number> => ({
  ...ruleConstants(rule),
  ...hyperparameterConstants(rule),
})

/** Writes a step's scalars in the order of struct StepScalars in shaders/step.wgsl. */
export function writeScalars(numbers: Float32Array, place: number, scalars: StepScalars): void {
  numbers[place] = scalars.stepSize
  numbers[place + 1] = scalars.decay
  numbers[place + 2] = scalars.correction
  numbers[place + 3] = scalars.gradientStep
}
