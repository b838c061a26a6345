import { type ActivationName, activationNames } from '../src/model/activation.ts'
import { type Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { wasm } from '../src/backend/host/wasm/backend.ts'
import { type LossName, lossNames, losses } from '../src/loss/loss.ts'

// The data and networks of `doctor --check`.
export { pixelData, randomData, randomNetwork } from '../src/training/check/case.ts'

/** The WebAssembly backend on two threads, which networks of more than a few parameters use. */
export const wasmOnTwoThreads = wasm({ threads: 2 })

/** The backends of the host, by name; {@link float32Backends} are those in float32. */
export const hostBackends: readonly (readonly [name: string, make: () => Backend])[] = [
  ['cpu float32', () => cpu()],
  ['wasm', () => wasmOnTwoThreads],
  ['cpu float64', () => cpu({ precision: 'float64' })],
]
export const float32Backends = hostBackends.slice(0, 2)

/** Every loss with every output activation that it accepts. */
export const lossPairs = lossNames.flatMap((loss) => {
  const { requires } = losses[loss]
  const fitting = activationNames.filter((name) => requires === undefined || name === requires)
  return fitting.map((output): [LossName, ActivationName] => [loss, output])
})

export const hiddenNames = activationNames.filter((name) => name !== 'softmax')

/** All activations in pairs, for networks of two hidden layers: half as many kernels to compile. */
export const hiddenPairs = hiddenNames.flatMap((name, i) => (i % 2 === 0 ? [[name, hiddenNames[i + 1] ?? 'tanh']] : []))
