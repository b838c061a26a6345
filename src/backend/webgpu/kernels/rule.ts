import { optimizerNames } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../backend.ts'

/** What a step follows from, the gradient apart. */
export type StepRule = Pick<PlacementSettings, 'optimizer' | 'l1' | 'l2'>

/** The constants of shaders/optimizer.wgsl. */
export function optimizerConstants({ optimizer, l1 = 0, l2 = 0 }: StepRule): Record<string, number> {
  const { name, weightDecay, momentum, nesterov, centered, decay1, decay2, epsilon } = optimizer
  return {
    OPTIMIZER: optimizerNames.indexOf(name),
    L1: l1,
    L2: l2,
    WEIGHT_DECAY: name === 'adamw' ? 0 : weightDecay,
    MOMENTUM: momentum,
    NESTEROV: Number(nesterov),
    CENTERED: Number(centered),
    KEEP1: decay1,
    TAKE1: 1 - decay1,
    KEEP2: decay2,
    TAKE2: 1 - decay2,
    // With an epsilon of 0, values that only fill up a row would become 0 / 0.
    EPSILON: Math.max(epsilon, 1e-37),
  }
}
