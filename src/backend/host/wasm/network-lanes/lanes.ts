import { firstWords } from '../../../../core/random.ts'
import { countMinibatches } from '../../../../data/minibatch.ts'
import { countParameters, type Layer } from '../../../../model/layout.ts'
import { ruleOf, stateSlots, stepScalars } from '../../../../optimizer/optimizer.ts'
import type {
  DataSource,
  LaneEpochs,
  LaneNetwork,
  LaneSums,
  NetworkLanes,
  PlacementSettings,
  Snapshot,
} from '../../../backend.ts'
import { EventLoopClock, yieldToEventLoop } from '../../event-loop.ts'
import type { WasmFeatures } from '../features.ts'
import { scalarOrder } from '../formulas/optimizers.ts'
import { addressOf, Heap } from '../heap.ts'
import { HeldData } from '../held-data.ts'
import { makeKit } from '../kit.ts'
import { isStraight } from '../straight.ts'
import type { LaneAddresses } from './addresses.ts'
import { SUM_BYTES, sumFields } from './partial-sums.ts'
import { type LaneProgram, SCALAR_BYTES, writeLaneProgram } from './program.ts'

const LANES = 4
/** Milliseconds of one call, about. */
const CALL_MILLISECONDS = 10
/** The most epochs of one call, and the most steps of epochs whose steps have scalars each. */
const MOST_EPOCHS = 256
const MOST_STEPS = 4096
/** Above this, float32 rounds to infinity: the loss of a network that is trained alone is infinite then. */
const LARGEST_FLOAT32 = 3.4028234663852886e38

/** @returns undefined where the code would not be straight, or where the length of the gradient is needed before the step */
export async function openNetworkLanes(
  layers: readonly Layer[],
  settings: PlacementSettings,
  { isRelaxed }: Pick<WasmFeatures, 'isRelaxed'>,
): Promise<NetworkLanes | undefined> {
  if (!isStraight(layers, settings) || settings.optimizer.clipNorm > 0) return undefined
  const heap = new Heap()
  try {
    const count = countParameters(layers)
    const addresses: LaneAddresses = {
      parameters: heap.allocate(16 * count),
      state: heap.allocate(16 * stateSlots(settings.optimizer) * count),
      scratch: heap.allocate(3 * 16 * count),
      words: heap.allocate(3 * 16),
    }
    const module = await WebAssembly.compile(writeLaneProgram({ layers, settings, addresses, kit: makeKit(isRelaxed) }))
    const instance = await WebAssembly.instantiate(module, { host: { memory: heap.memory } })
    return new WasmLanes(heap, addresses, instance.exports as unknown as LaneProgram, settings, count)
  } catch (error) {
    heap.dispose()
    throw error
  }
}

/** Four networks whose values lie side by side: of each number there are four, one for each network. */
class WasmLanes implements NetworkLanes {
  readonly lanes = LANES
  readonly #heap: Heap
  readonly #program: LaneProgram
  readonly #settings: PlacementSettings
  readonly #parameters: Float32Array
  readonly #state: Float32Array
  readonly #words: Int32Array
  readonly #data: HeldData
  readonly #eventLoop = new EventLoopClock()
  #scalars: Float32Array
  readonly #sums: { readonly address: number; readonly losses: Float64Array; readonly integers: Int32Array }
  #order: Uint32Array
  #networks = 0
  /** The time of an epoch of the last call, in milliseconds. */
  #milliseconds = CALL_MILLISECONDS
  #isDisposed = false

  constructor(heap: Heap, addresses: LaneAddresses, program: LaneProgram, settings: PlacementSettings, count: number) {
    this.#heap = heap
    this.#program = program
    this.#settings = settings
    const { buffer } = heap.memory
    this.#parameters = new Float32Array(buffer, addresses.parameters, LANES * count)
    this.#state = new Float32Array(buffer, addresses.state, LANES * stateSlots(settings.optimizer) * count)
    this.#words = new Int32Array(buffer, addresses.words, 3 * LANES)
    this.#data = new HeldData(heap)
    this.#scalars = heap.floats((MOST_EPOCHS * SCALAR_BYTES) / 4)
    const losses = heap.doubles((MOST_EPOCHS * SUM_BYTES) / 8)
    const address = addressOf(losses)
    const integers = new Int32Array(heap.memory.buffer, address, (MOST_EPOCHS * SUM_BYTES) / 4)
    this.#sums = { address, losses, integers }
    this.#order = heap.integers(LANES)
  }

  write(networks: readonly LaneNetwork[]): void {
    this.#networks = networks.length
    const { initialAccumulator } = this.#settings.optimizer
    for (let lane = 0; lane < LANES; lane++) {
      // Lanes without a network compute the first one again.
      const { seed, parameters, state } = networks[lane] ?? networks[0]!
      spread(parameters, this.#parameters, lane)
      if (state) spread(state, this.#state, lane)
      else for (let i = lane; i < this.#state.length; i += LANES) this.#state[i] = initialAccumulator
      firstWords(seed, 'shuffle').forEach((word, i) => (this.#words[LANES * i + lane] = word))
    }
  }

  async train(data: DataSource, epochs: LaneEpochs): Promise<LaneSums> {
    const { first, count, signal } = epochs
    const sums = { losses: new Float64Array(this.#networks * count), right: new Float64Array(this.#networks * count) }
    for (let done = 0; done < count;) {
      const next = Math.min(this.#epochsOfCall(data), count - done)
      const began = performance.now()
      this.#trainCall(data, epochs, first + done, next)
      this.#milliseconds = (performance.now() - began) / next
      for (let network = 0; network < this.#networks; network++)
        this.#takeSums(network, next, sums, network * count + done)
      done += next
      if (!this.#eventLoop.isDue) continue
      await yieldToEventLoop()
      if (this.#isDisposed) throw new Error('the networks were disposed of')
      signal?.throwIfAborted()
      this.#eventLoop.restart()
    }
    return sums
  }

  get #hasChangingScalars(): boolean {
    return ruleOf(this.#settings.optimizer).hasChangingScalars
  }

  #epochsOfCall({ inputs }: DataSource): number {
    const steps = countMinibatches(inputs.rows, this.#settings.batchSize)
    const fitting = Math.floor(CALL_MILLISECONDS / Math.max(1e-3, this.#milliseconds))
    const most = this.#hasChangingScalars ? Math.floor(MOST_STEPS / steps) : MOST_EPOCHS
    return Math.max(1, Math.min(fitting, most, MOST_EPOCHS))
  }

  #trainCall(data: DataSource, { rate, countsLabels }: LaneEpochs, first: number, count: number): void {
    const samples = data.inputs.rows
    const held = this.#data.hold(data)
    if (this.#order.length < LANES * samples) {
      this.#heap.free(addressOf(this.#order))
      this.#order = this.#heap.integers(LANES * samples)
    }
    const steps = countMinibatches(samples, this.#settings.batchSize)
    const rows = this.#hasChangingScalars ? steps : 1
    this.#writeScalars(first, count, rows, steps, rate)
    const strides = this.#hasChangingScalars ? [SCALAR_BYTES, steps * SCALAR_BYTES] : [0, SCALAR_BYTES]
    const [order, scalars] = [addressOf(this.#order), addressOf(this.#scalars)]
    const { inputs, targets } = held
    this.#program.train(first, count, samples, inputs, targets, order, scalars, strides[0]!, strides[1]!, this.#sums.address, Number(countsLabels)) // prettier-ignore
  }

  /** @param rows with scalars of an epoch: one for each step, or one for all */
  #writeScalars(first: number, count: number, rows: number, steps: number, rate: LaneEpochs['rate']): void {
    const width = SCALAR_BYTES / 4
    if (this.#scalars.length < count * rows * width) {
      this.#heap.free(addressOf(this.#scalars))
      this.#scalars = this.#heap.floats(count * rows * width)
    }
    for (let epoch = 0; epoch < count; epoch++) {
      const rates = Array.from({ length: LANES }, (_, lane) =>
        rate(lane < this.#networks ? lane : 0, first - 1 + epoch),
      )
      for (let row = 0; row < rows; row++) {
        const step = (first - 1 + epoch) * steps + row + 1
        const at = (epoch * rows + row) * width
        let scalars = stepScalars(this.#settings.optimizer, step, rates[0]!)
        for (let lane = 0; lane < LANES; lane++) {
          if (lane > 0 && rates[lane] !== rates[lane - 1])
            scalars = stepScalars(this.#settings.optimizer, step, rates[lane]!)
          scalarOrder.forEach((name, i) => (this.#scalars[at + LANES * i + lane] = scalars[name]))
        }
      }
    }
  }

  /** Copies the sums of the epochs of the last call. */
  #takeSums(network: number, epochs: number, to: LaneSums, at: number): void {
    const { losses, integers } = this.#sums
    for (let epoch = 0; epoch < epochs; epoch++) {
      const loss = losses[(epoch * SUM_BYTES + sumFields.loss) / 8 + network]!
      const isBroken = integers[(epoch * SUM_BYTES + sumFields.broken) / 4 + network] !== 0
      to.losses[at + epoch] = isBroken || !(Math.abs(loss) <= LARGEST_FLOAT32) ? NaN : loss
      to.right[at + epoch] = -integers[(epoch * SUM_BYTES + sumFields.correct) / 4 + network]!
    }
  }

  read(network: number) {
    return { parameters: gathered(this.#parameters, network), state: gathered(this.#state, network) }
  }

  release(data: DataSource): void {
    this.#data.release(data)
  }

  dispose(): void {
    if (!this.#isDisposed) this.#heap.dispose()
    this.#isDisposed = true
  }
}

/** Copies the numbers of a network to its lane. */
function spread(from: Snapshot['parameters'], to: Float32Array, lane: number): void {
  for (let i = 0; i < from.length; i++) to[LANES * i + lane] = from[i]!
}

function gathered(from: Float32Array, lane: number): Float32Array {
  const own = new Float32Array(from.length / LANES)
  for (let i = 0; i < own.length; i++) own[i] = from[LANES * i + lane]!
  return own
}
