import { int } from '../../src/backend/host/wasm/assembler/scalars.ts'
import { defineOrders } from '../../src/backend/host/wasm/network-lanes/orders.ts'
import { firstWords } from '../../src/core/random.ts'
import { instantiate } from '../wasm.ts'

const ORDER = 64

/** The orders that the code of four networks makes. */
export function writeOrders(seeds: readonly number[], epoch: number, samples: number): Uint32Array[] {
  const { exports, integers } = instantiate(
    (module) => {
      const orders = defineOrders(module, 0)
      module.procedure('run', ['i32', 'i32'], (body, [epoch, samples]) => body.call(orders, epoch, samples, int(ORDER)))
    },
    Math.ceil((16 * samples + 128) / 65536),
  )
  seeds.forEach((seed, lane) => firstWords(seed, 'shuffle').forEach((word, i) => (integers[4 * i + lane] = word)))
  exports.run!(epoch, samples)
  return seeds.map((_, lane) => Uint32Array.from({ length: samples }, (_, place) => integers[ORDER / 4 + 4 * place + lane]!)) // prettier-ignore
}
