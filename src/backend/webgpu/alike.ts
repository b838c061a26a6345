import { InputError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import type { PlacementSettings } from '../backend.ts'
import { ruleConstants } from './kernels/rule.ts'

/** USES_MOMENTUM as people write it. */
const plainName = (constant: string) => `value of '${constant.toLowerCase().replaceAll('_', ' ')}'`

/** What all networks of a population must have in common, by the names that messages use. */
function traitsOf(network: Network, settings: PlacementSettings): Record<string, unknown> {
  const { loss, batchSize, optimizer } = settings
  const layers = network.layers.map(({ inputs, outputs, activation }) => `${inputs}-${outputs} ${activation}`)
  return {
    layers: layers.join(', '),
    loss,
    batchSize,
    optimizer: optimizer.name,
    initialAccumulator: optimizer.initialAccumulator,
    // Whether there is any momentum, decay or penalty: a kernel computes nothing that its networks do not use.
    ...Object.fromEntries(Object.entries(ruleConstants(settings)).map(([name, value]) => [plainName(name), value])),
  }
}

/**
 * Checks that networks can be trained side by side by one kernel.
 * @throws InputError that names the first trait in which they differ
 */
export function checkAlike(networks: readonly Network[], settings: readonly PlacementSettings[]): void {
  if (settings.length === 0 || (networks.length !== settings.length && networks.length !== 1)) {
    throw new InputError(
      `population: expected settings for each network, got ${settings.length} for ${networks.length}`,
    )
  }
  const first = traitsOf(networks[0]!, settings[0]!)
  // Thousands of networks have a few settings.
  const alike = new Set<PlacementSettings>()
  for (const [k, one] of settings.entries()) {
    const network = networks[k] ?? networks[0]!
    if (network === networks[0] && alike.has(one)) continue
    alike.add(one)
    const own = traitsOf(network, one)
    const odd = Object.keys(first).find((name) => first[name] !== own[name])
    if (odd === undefined) continue
    throw new InputError(
      `population: networks that are trained side by side have the same ${odd}, network ${k} has ${String(own[odd])} ` +
        `instead of ${String(first[odd])}; train it separately`,
    )
  }
}
