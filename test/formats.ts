import { expect } from 'vitest'
import { InputError } from '../src/core/errors.ts'
import type { ActivationName } from '../src/model/activation.ts'
import { Network } from '../src/model/network.ts'
import { Scaling } from '../src/model/scaling.ts'
import { Random } from '../src/core/random.ts'

/** A network with everything that a model file stores, and with names that are hard to encode. */
export function namedNetwork(hidden: ActivationName = 'tanh', output: ActivationName = 'softmax'): Network {
  const network = Network.create({ sizes: [3, 4, 2], hidden, output, init: 'standardNormal', seed: 5 })
  network.features = ['größe "in" m', "a'b\\c", '</script><!--\n\u2028\ud800${x}`']
  network.classes = ['no', 'yes 😀']
  network.scaling = new Scaling('standardize', [1e3 + 1 / 3, 0.5, -2], [30, 0.25, 1 / 3])
  return network
}

/** Checks that two networks are equal in everything that a model file stores. */
export function expectSame(got: Network, wanted: Network): void {
  expect(JSON.stringify(got)).toBe(JSON.stringify(wanted))
}

/**
 * Reads the file truncated at every length, then with random changes: every error must be an InputError
 * with a message of one line.
 */
export function expectInputErrors(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown, changes = 3000): void {
  const attempt = (broken: Uint8Array) => {
    try {
      read(broken)
      return true
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      expect(error.message).not.toContain('\n')
      return false
    }
  }
  for (let length = 0; length < bytes.length; length++) expect(attempt(bytes.subarray(0, length))).toBe(false)
  const random = new Random(11, 'data')
  let refused = 0
  for (let i = 0; i < changes; i++) {
    const broken = bytes.slice()
    for (let n = random.below(3); n >= 0; n--) broken[random.below(Math.min(bytes.length, 700))] = random.below(256)
    if (!attempt(broken)) refused++
  }
  expect(refused).toBeGreaterThan(changes / 20)
}
