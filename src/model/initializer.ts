import type { Random } from '../core/random.ts'

/** Ways to draw the first parameters of a layer. */
export const initializerNames = [
  'uniform',
  'standardNormal',
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunNormal',
  'constant',
] as const
/** The name of a rule for initial weights. */
export type InitializerName = (typeof initializerNames)[number]

/**
 * Fills one layer's parameters: weights first, row by row, then biases.
 *
 * | name | weights | biases |
 * |---|---|---|
 * | uniform | [0, 1), as the article's program | the same |
 * | standardNormal | N(0, 1) | the same |
 * | glorotUniform, glorotNormal | variance 2 / (in + out) (Glorot and Bengio 2010) | 0 |
 * | heUniform, heNormal | variance 2 / in (He et al. 2015) | 0 |
 * | lecunNormal | variance 1 / in (LeCun et al. 1998) | 0 |
 * | constant | 0.1 | 0.1 |
 *
 * The normals are not truncated (as in PyTorch; Keras truncates).
 * @param weights out × in, row-major, written
 * @param biases out, written
 */
export function initialize(name: InitializerName, weights: Float32Array, biases: Float32Array, random: Random): void {
  const outputs = biases.length
  const inputs = weights.length / outputs
  const uniform = (variance: number) => {
    const limit = Math.sqrt(3 * variance)
    return () => random.between(-limit, limit)
  }
  const normal = (variance: number) => {
    const deviation = Math.sqrt(variance)
    return () => deviation * random.normal()
  }
  const zero = () => 0
  const draws: Record<InitializerName, [weight: () => number, bias: () => number]> = {
    uniform: [() => random.uniform(), () => random.uniform()],
    standardNormal: [normal(1), normal(1)],
    glorotUniform: [uniform(2 / (inputs + outputs)), zero],
    glorotNormal: [normal(2 / (inputs + outputs)), zero],
    heUniform: [uniform(2 / inputs), zero],
    heNormal: [normal(2 / inputs), zero],
    lecunNormal: [normal(1 / inputs), zero],
    constant: [() => 0.1, () => 0.1],
  }
  const [weight, bias] = draws[name]
  for (let i = 0; i < weights.length; i++) weights[i] = weight()
  for (let i = 0; i < outputs; i++) biases[i] = bias()
}
