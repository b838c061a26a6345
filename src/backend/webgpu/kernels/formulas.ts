import {
  type ActivationName,
  activationNames,
  type ElementwiseName,
  outputBoundary,
} from '../../../model/activation.ts'
import { type LossName, losses, outputShare } from '../../../loss/loss.ts'
import type { OptimizerName } from '../../../optimizer/optimizer.ts'
import type { Fragment } from './link.ts'
import type { ShaderName } from './manifest.ts'
import type { DeviceLayer } from './packs.ts'

/** The activations, the loss and the optimizer that a kernel computes: its text holds the formulas of no others. */
export interface Formulas {
  readonly activations?: readonly ActivationName[]
  readonly loss?: LossName
  readonly optimizer?: OptimizerName
}

// The types check that shaders/ has a file for each name.
const activationFile = (name: ElementwiseName): ShaderName => `activation/${name}`
const lossFile = (name: LossName): ShaderName => `loss/${name}`
const optimizerFile = (name: OptimizerName): ShaderName => `optimizer/${name}`

/** The function of softmax on a single value: softmax_row.wgsl, which needs the whole row, follows it. */
const elementwise = (name: ActivationName): ElementwiseName => (name === 'softmax' ? 'linear' : name)

/** An activation's name as in WGSL: leaky_relu. */
const wgslName = (name: ElementwiseName) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** f(z), as a call of the function in the activation's file. */
export const activationCall = (name: ActivationName, z: string) => `${wgslName(elementwise(name))}_value(${z})`

/** f′(z) from z and a = f(z), as a call. */
export const derivativeCall = (name: ActivationName, z: string, a: string) =>
  `${wgslName(elementwise(name))}_derivative(${z}, ${a})`

/** An activation's number in the kernels' constants. */
export const activationNumber = (name: ActivationName) => activationNames.indexOf(name)

/** A choice between expressions by the activation's number; none where there is one activation only. */
function choose(names: readonly ActivationName[], expression: (name: ActivationName) => string): string {
  const [first, ...others] = names
  const cases = others.map((name) => `    case ${activationNumber(name)}u: { return ${expression(name)}; }\n`)
  const fallback = `return ${expression(first!)};`
  return others.length === 0
    ? `  ${fallback}`
    : `  switch activation {\n${cases.join('')}    default: { ${fallback} }\n  }`
}

/** `activate` and `activation_derivative` for the activations of one kernel, by their numbers. */
function activationFragment(activations: readonly ActivationName[]): Fragment {
  const names = [...new Set(activations)]
  const files = new Set(names.map((name) => activationFile(elementwise(name))))
  return {
    provides: ['activation'],
    needs: ['numbers', ...files],
    text: `const SOFTMAX = ${activationNumber('softmax')}u;

fn activate(activation: u32, z: Values) -> Values {
${choose(names, (name) => activationCall(name, 'z'))}
}

fn activation_derivative(activation: u32, z: Values, a: Values) -> Values {
${choose(names, (name) => derivativeCall(name, 'z', 'a'))}
}`,
  }
}

/** What provides the formulas of a kernel. */
export function formulaVariants({ activations, loss, optimizer }: Formulas): (ShaderName | Fragment)[] {
  return [
    ...(activations && activations.length > 0 ? [activationFragment(activations)] : []),
    ...(loss ? [lossFile(loss)] : []),
    ...(optimizer ? [optimizerFile(optimizer)] : []),
  ]
}

/** The constants of shaders/delta_row.wgsl that follow from the loss. */
export function lossConstants(layer: DeviceLayer, loss: LossName) {
  const { requires } = losses[loss]
  return {
    SHARE: outputShare(losses[loss], layer.outputs),
    BOUNDARY: outputBoundary(layer.activation),
    FROM_LOGITS: Number(requires !== undefined),
    LOG_SOFTMAX: Number(requires === 'softmax'),
  }
}
