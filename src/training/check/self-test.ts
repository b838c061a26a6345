import type { PlacementSettings } from '../../backend/backend.ts'
import type { TestedPopulation } from '../../backend/self-test/cases.ts'
import { SelfTest } from '../../backend/self-test/self-test.ts'
import { Device } from '../../backend/webgpu/device/device.ts'
import { AdapterRecord } from '../../backend/webgpu/device/record.ts'
import { Kernels } from '../../backend/webgpu/kernels/kernels.ts'
import type { PlanChoice } from '../../backend/webgpu/options.ts'
import { adam, sgd } from '../../optimizer/optimizer.ts'
import { type CheckCase, randomNetwork } from './case.ts'

interface Tested {
  readonly name: string
  readonly sizes: readonly number[]
  readonly plan: PlanChoice
  readonly batchSize: number
  readonly clipNorm?: number
  readonly dropout?: readonly number[]
  readonly population?: TestedPopulation
}

/** Networks that together need every kernel that is tested. */
const networks: readonly Tested[] = [
  { name: 'a small network', sizes: [2, 3, 2], plan: 'resident', batchSize: 10 },
  { name: 'a small network, one sample a step', sizes: [2, 3, 2], plan: 'resident', batchSize: 1 },
  { name: 'a network in loops', sizes: [8, 30, 10], plan: 'resident', batchSize: 10 },
  { name: 'a layered network', sizes: [784, 30, 10], plan: 'layered', batchSize: 10 },
  {
    name: 'a layered network with clipped gradients',
    sizes: [64, 128, 10],
    plan: 'layered',
    batchSize: 64,
    clipNorm: 1,
  },
  { name: 'a network with dropout', sizes: [64, 128, 32, 10], plan: 'layered', batchSize: 10, dropout: [0.2, 0.5] },
  { name: 'one layer', sizes: [64, 10], plan: 'layered', batchSize: 10 },
  { name: 'a wide network', sizes: [512, 512, 512], plan: 'layered', batchSize: 128 },
  {
    name: 'small networks side by side',
    sizes: [2, 3, 2],
    plan: 'resident',
    batchSize: 10,
    population: { networks: 8 },
  },
]

/** The self-test without what earlier processes found out: a form of a kernel that it does not use has failed. */
export function selfTestCases(): CheckCase[] {
  return networks.map(({ name, sizes, plan, batchSize, clipNorm = 0, dropout = [], population }) => ({
    part: 'self-test',
    name,
    async run(gpu) {
      const device = Device.from(gpu)
      const selfTest = new SelfTest(device, new Kernels(device), new AdapterRecord())
      const optimizer = clipNorm > 0 ? adam({ clipNorm }) : sgd()
      const settings: PlacementSettings = { loss: 'quadratic', optimizer, batchSize, dropout }
      await selfTest.check(randomNetwork(sizes, 'tanh', 'sigmoid', 1), settings, plan, population)
      const { findings } = selfTest
      return { ok: findings === '', detail: findings === '' ? 'every kernel is correct' : `not used: ${findings}` }
    },
  }))
}
