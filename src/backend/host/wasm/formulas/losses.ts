import type { LossName } from '../../../../loss/loss.ts'
import { type V128 } from '../assembler/expression.ts'
import { f32x4, floats, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import type { Kit } from '../kit.ts'
import { activationFormulas } from './activations.ts'
import { clamp, sign } from './elementary.ts'

/** The losses of src/loss/, of four outputs at a time. Division by the number of outputs is the caller's. */
export interface LossFormula {
  /** What one output adds to C. `logit` is z; for softmax outputs ln a. */
  term(kit: Kit, body: Body, a: Local<'v128'>, y: Local<'v128'>, logit: Local<'v128'>): V128
  /** ∂C/∂a of one output; for losses that require an output activation, ∂C/∂z, which is a − y. */
  slope(kit: Kit, body: Body, a: Local<'v128'>, y: Local<'v128'>): V128
}

const difference: LossFormula['slope'] = (_kit, _body, a, y) => f32x4.sub(a, y)

/** ½ e² up to |e| = 1, then |e| − ½: with c = min(|e|, 1) both are c (|e| − c/2). */
const huberTerm: LossFormula['term'] = (kit, body, a, y) => {
  const distance = body.keep(f32x4.abs(f32x4.sub(a, y)))
  const near = body.keep(f32x4.pmin(distance, floats(1)))
  return f32x4.mul(near, kit.nmadd(near, floats(0.5), distance))
}

const square = (body: Body, value: V128) => {
  const local = body.keep(value)
  return f32x4.mul(local, local)
}

/** The formulas of every loss. */
export const lossFormulas: Readonly<Record<LossName, LossFormula>> = {
  quadratic: {
    term: (_kit, body, a, y) => f32x4.mul(floats(0.5), square(body, f32x4.sub(a, y))),
    slope: difference,
  },
  meanSquaredError: {
    term: (_kit, body, a, y) => square(body, f32x4.sub(a, y)),
    slope: (_kit, _body, a, y) => f32x4.mul(floats(2), f32x4.sub(a, y)),
  },
  meanAbsoluteError: {
    term: (_kit, _body, a, y) => f32x4.abs(f32x4.sub(a, y)),
    slope: (_kit, _body, a, y) => sign(f32x4.sub(a, y)),
  },
  huber: { term: huberTerm, slope: (_kit, _body, a, y) => clamp(f32x4.sub(a, y), -1, 1) },
  binaryCrossEntropy: {
    term: (kit, body, _a, y, logit) => kit.nmadd(y, logit, activationFormulas.softplus.value(kit, body, logit)),
    slope: difference,
  },
  crossEntropy: {
    // A class that has no share in the target adds nothing, even where its logarithm is −Infinity.
    term: (_kit, _body, _a, y, logit) => v128.andNot(f32x4.mul(f32x4.neg(y), logit), f32x4.eq(y, floats(0))),
    slope: difference,
  },
}
