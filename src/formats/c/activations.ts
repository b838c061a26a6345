import type { ActivationName, ElementwiseName } from '../../model/activation.ts'

/** f(z) of each activation in float32, without overflow, and the functions of math.h that it calls. */
const formulas: Record<Exclude<ElementwiseName, 'linear'>, { lines: readonly string[]; uses: readonly string[] }> = {
  sigmoid: {
    lines: ['const float e = expf(-fabsf(z));', 'values[i] = z < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);'],
    uses: ['expf', 'fabsf'],
  },
  tanh: { lines: ['values[i] = tanhf(z);'], uses: ['tanhf'] },
  relu: { lines: ['values[i] = z < 0.0f ? 0.0f : z;'], uses: [] },
  leakyRelu: { lines: ['values[i] = z < 0.0f ? 0.01f * z : z;'], uses: [] },
  elu: { lines: ['values[i] = z < 0.0f ? expm1f(z) : z;'], uses: ['expm1f'] },
  // z Φ(z); erfc does not cancel where Φ is near 0.
  gelu: { lines: ['values[i] = 0.5f * z * erfcf(-0.707106781f * z);'], uses: ['erfcf'] },
  silu: {
    lines: ['const float e = expf(-fabsf(z));', 'values[i] = z * ((z < 0.0f ? e : 1.0f) / (1.0f + e));'],
    uses: ['expf', 'fabsf'],
  },
  softplus: {
    lines: ['values[i] = (z < 0.0f ? 0.0f : z) + log1pf(expf(-fabsf(z)));'],
    uses: ['expf', 'fabsf', 'log1pf'],
  },
  // z tanh(softplus z), as a quotient of powers of e^-|z|.
  mish: {
    lines: [
      'const float e = expf(-fabsf(z));',
      'const float n = z < 0.0f ? e * (e + 2.0f) : 1.0f + 2.0f * e;',
      'values[i] = z * (n / (n + (z < 0.0f ? 2.0f : 2.0f * e * e)));',
    ],
    uses: ['expf', 'fabsf'],
  },
}

/** The functions of math.h that activations call. */
export const mathOf = (names: readonly ActivationName[]): string[] => {
  const uses = names.flatMap((name) => (name === 'softmax' ? ['expf'] : name === 'linear' ? [] : formulas[name].uses))
  return [...new Set(uses)].sort()
}

/** The functions that change the sums of a layer into its outputs, in place: `<prefix>_<activation>(values, count)`. */
export const activationFunctions = (prefix: string, names: readonly ActivationName[]): string[] =>
  [...new Set(names)].flatMap((name) => {
    if (name === 'linear') return []
    if (name === 'softmax') return softmax(prefix)
    return [
      `static void ${prefix}_${functionName(name)}(float *values, int count) {`,
      '    for (int i = 0; i < count; i++) {',
      '        const float z = values[i];',
      ...formulas[name].lines.map((line) => `        ${line}`),
      '    }',
      '}',
      '',
    ]
  })

/** leakyRelu as leaky_relu. */
export const functionName = (name: ActivationName): string => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`)

const softmax = (prefix: string) => [
  `static void ${prefix}_softmax(float *values, int count) {`,
  '    float largest = values[0];',
  '    float sum = 0.0f;',
  '    for (int i = 1; i < count; i++) {',
  '        if (values[i] > largest) largest = values[i];',
  '    }',
  '    for (int i = 0; i < count; i++) {',
  '        values[i] = expf(values[i] - largest);',
  '        sum += values[i];',
  '    }',
  '    for (int i = 0; i < count; i++) values[i] /= sum;',
  '}',
  '',
]
