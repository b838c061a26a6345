import { Matrix } from '../../core/matrix.ts'
import { Network } from '../../model/network.ts'
import { sgd } from '../../optimizer/optimizer.ts'
import type { DataSource, EpochOrder, Placement, PlacementSettings, PopulationScore, Sums, Underway } from '../backend.ts' // prettier-ignore
import { HostPlacement } from '../host/placement.ts'
import { referenceStages } from '../host/reference/set.ts'
import { WebGPUPlacement } from '../webgpu/placement.ts'
import { type ResidentForm, residentForms } from '../webgpu/plans/choice.ts'
import { firstFault, someValues, type TestBench, type TestCase } from './bench.ts'

/**
 * Networks that have no other form than the one that is tested, with minibatches. In loops, each invocation has several
 * turns, as in lanes with the second minibatch.
 */
const tested: Record<ResidentForm, { readonly sizes: readonly number[]; readonly batches: readonly number[] }> = {
  straight: { sizes: [3, 5, 2], batches: [5] },
  lanes: { sizes: [3, 5, 2], batches: [5, 37] },
  loop: { sizes: [33, 60, 3], batches: [5] },
}
const EPOCHS = 2
/** The error of a parameter's change after a few steps, relative to the largest change of its kind. */
const CHANGE_ERROR = 1e-4
const LOSS_ERROR = 1e-4
const RATE = 0.5

const settingsOf = (batchSize: number): PlacementSettings => ({
  loss: 'quadratic',
  optimizer: sgd({ learningRate: 0.5, momentum: 0.5 }),
  batchSize,
})

/** More than two minibatches, the last of which is short. */
const samplesOf = (batchSize: number) => 2 * batchSize + 3

/** What training is compared with: the parameters afterwards, and the sums of the epochs. */
interface Trained {
  readonly parameters: Float32Array
  readonly sums: readonly Sums[]
}

function networkOf(form: ResidentForm, seed: number): Network {
  return Network.create({ sizes: [...tested[form].sizes], activation: 'tanh', output: 'sigmoid', seed })
}

function dataOf(network: Network, batchSize: number): Required<Pick<DataSource, 'inputs' | 'targets'>> {
  const [inputs, outputs] = [network.sizes[0]!, network.sizes.at(-1)!]
  const samples = samplesOf(batchSize)
  const matrix = (columns: number, seed: number) => {
    const made = new Matrix(samples, columns)
    made.data.set(someValues(samples * columns, seed))
    return made
  }
  return { inputs: matrix(inputs, 1), targets: matrix(outputs, 2) }
}

/** Epochs in different orders. */
function epochsOf(batchSize: number, learningRate: number): EpochOrder[] {
  const samples = samplesOf(batchSize)
  const order = (e: number) => Uint32Array.from({ length: samples }, (_, i) => (e === 0 ? samples - 1 - i : (i + 3) % samples)) // prettier-ignore
  const stepsBefore = (e: number) => e * Math.ceil(samples / batchSize)
  return Array.from({ length: EPOCHS }, (_, e) => ({ order: order(e), batchSize, learningRate, stepsBefore: stepsBefore(e) })) // prettier-ignore
}

/** One more epoch, which counts correct labels. */
function labelEpoch(batchSize: number, learningRate: number): EpochOrder {
  return { ...epochsOf(batchSize, learningRate)[0]!, countsLabels: true }
}

/** The results of two trainings: the second is handed over before the result of the first is known, which may come late. */
async function inTurn<T>(first: () => Underway<T>, second: () => Underway<T>): Promise<[T, T]> {
  const { accepted, result } = first()
  await accepted
  return Promise.all([result, second().result])
}

/** Trains a placed network. */
async function trainOn(placement: Placement, network: Network, batchSize: number, rate: number): Promise<Trained> {
  const handle = await placement.upload(dataOf(network, batchSize))
  const sums = await inTurn(
    () => placement.train(handle, epochsOf(batchSize, rate)),
    () => placement.train(handle, [labelEpoch(batchSize, rate)]),
  )
  return { parameters: await placement.readParameters(), sums: sums.flat() }
}

/** The network in float64 on the host. */
const placeReference = (network: Network, batchSize: number): Promise<Placement> =>
  HostPlacement.place('cpu', referenceStages('float64'), network, settingsOf(batchSize))

/** The same training in float64. */
async function trainReference(network: Network, batchSize: number, learningRate: number): Promise<Trained> {
  const placement = await placeReference(network, batchSize)
  const trained = await trainOn(placement, network, batchSize, learningRate)
  placement.dispose()
  return trained
}

/** The score of a network with these parameters in float64: loss, correct predictions, and squared errors of each output. */
async function scoreReference(network: Network, batchSize: number, parameters: Float32Array): Promise<PopulationScore> {
  const placement = await placeReference(network, batchSize)
  await placement.write({ parameters })
  const data = dataOf(network, batchSize)
  const handle = await placement.upload(data)
  const outputs = await placement.outputs(handle)
  const sums = await placement.score(handle).result
  placement.dispose()
  const { rows, cols, data: targets } = data.targets
  const squares = Float32Array.from({ length: cols }, (_, j) => {
    const errors = Array.from({ length: rows }, (_, i) => outputs[i * cols + j]! - targets[i * cols + j]!)
    return errors.reduce((sum, error) => sum + error ** 2, 0)
  })
  return { ...sums, squares }
}

/** What is wrong with a score; empty if nothing is. */
function scoreFault(got: PopulationScore, want: PopulationScore): string {
  const sumsOf = ({ loss, squares }: PopulationScore) => [loss, ...squares!]
  const sums = sumsOf(got)
  const isClose = sumsOf(want).every((value, i) => Math.abs(sums[i]! - value) <= LOSS_ERROR * value)
  if (!isClose) return `the sums of a score are ${sums.join(', ')}, where they should be ${sumsOf(want).join(', ')}`
  return got.right === want.right ? '' : `${got.right} predictions of a score count as correct, where ${want.right} are`
}

/** What is wrong with a training; empty if nothing is. Gradients that are all zero are wrong, because the changes are. */
function faultOf({ layers, parameters: before }: Network, got: Trained, want: Trained): string {
  const parts = layers.flatMap(({ weightOffset, biasOffset, outputs }, l) => [
    { name: `weights[${l}]`, from: weightOffset, to: biasOffset },
    { name: `biases[${l}]`, from: biasOffset, to: biasOffset + outputs },
  ])
  const partFaults = parts.map(({ name, from, to }) => {
    let [largest, error] = [0, 0]
    for (let i = from; i < to; i++) {
      largest = Math.max(largest, Math.abs(want.parameters[i]! - before[i]!))
      const distance = Math.abs(got.parameters[i]! - want.parameters[i]!)
      if (!(distance <= error)) error = distance
    }
    if (error <= CHANGE_ERROR * largest) return ''
    return `${name} differ from float64 by ${error.toExponential(1)} after changes of ${largest.toExponential(1)}`
  })
  const sumFaults = want.sums.map(({ loss, right }, e) => {
    const own = got.sums[e]
    if (own?.right !== right) return `${own?.right} predictions count as correct, where ${right} are`
    return Math.abs(own.loss - loss) <= LOSS_ERROR * loss ? '' : `the loss is ${own.loss}, where it should be ${loss}`
  })
  return firstFault([...partFaults, ...sumFaults])
}

/** The device as if it had this resident form only. */
function only(form: ResidentForm, { device, kernels }: TestBench) {
  const others = residentForms
    .filter((other) => other !== form)
    .map((other) => [other, 'another one is tested'] as const)
  const view = device.withProfile(device.profile.excluding(others))
  return { device: view, kernels: kernels.on(view) }
}

/** The training of one network in a resident form. */
export function residentCase(form: ResidentForm): TestCase {
  const runWith = async (bench: TestBench, batchSize: number) => {
    const { device, kernels } = only(form, bench)
    const network = networkOf(form, 1)
    const placement = await WebGPUPlacement.place(device, kernels, network, settingsOf(batchSize), 'resident')
    try {
      const got = await trainOn(placement, network, batchSize, RATE)
      return faultOf(network, got, await trainReference(network, batchSize, RATE))
    } finally {
      placement.dispose()
    }
  }
  const run = async (bench: TestBench) =>
    firstFault(await Promise.all(tested[form].batches.map((batchSize) => runWith(bench, batchSize))))
  return { key: `resident ${form}`, stage: `the resident plan (${form})`, forms: [form], run }
}

/** The training and scoring of as many networks side by side as take two workgroups, each with another rate. */
export function populationCase(form: ResidentForm): TestCase {
  const run = async (bench: TestBench) => {
    const { device, kernels } = only(form, bench)
    const count = form === 'straight' && !device.profile.software ? 33 : 5
    const [batchSize] = tested[form].batches as readonly [number]
    const networks = Array.from({ length: count }, (_, k) => networkOf(form, k + 1))
    const rates = networks.map((_, k) => 0.1 * (1 + (k % 5)))
    const settings = networks.map(() => settingsOf(batchSize))
    const { WebGPUPopulation } = await import('../webgpu/population.ts')
    const population = await WebGPUPopulation.place(device, kernels, networks, settings)
    try {
      const handle = await population.upload(dataOf(networks[0]!, batchSize))
      const epochs = rates.map((rate) => epochsOf(batchSize, rate))
      const labels = rates.map((rate) => [labelEpoch(batchSize, rate)])
      const sums = await inTurn(
        () => population.train(handle, epochs),
        () => population.train(handle, labels),
      )
      const scores = await population.score(handle, false, true).result
      const faults = networks.map(async (network, k) => {
        const parameters = Float32Array.from((await population.read(k)).parameters)
        const got = { parameters, sums: sums.flatMap((each) => each[k]!) }
        const fault = faultOf(network, got, await trainReference(network, batchSize, rates[k]!))
        return fault || scoreFault(scores[k]!, await scoreReference(network, batchSize, parameters))
      })
      return firstFault(await Promise.all(faults))
    } finally {
      population.dispose()
    }
  }
  return { key: `population ${form}`, stage: `populations (${form})`, forms: [form], run }
}
