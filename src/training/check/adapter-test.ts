import { findAdapter, isSoftware } from '../../backend/webgpu/device/adapter.ts'
import { webgpuOn } from '../../backend/webgpu/opened-backend.ts'
import { BackendUnavailableError } from '../../core/errors.ts'
import { Network } from '../../model/network.ts'
import { sgd } from '../../optimizer/optimizer.ts'

/** What the self-test says about the adapter that WebGPU prefers. */
export interface AdapterTest {
  /** Whether every kernel gives correct results. */
  readonly ok: boolean
  /** Whether networks can be trained on it, perhaps without some forms of kernels. */
  readonly usable: boolean
  /** What was found wrong, and what is done about it; empty if nothing is wrong. */
  readonly findings: string
}

/** Networks that need the kernels of small, medium and large layers, of both plans, of clipping and of dropout. */
const networks: { sizes: number[]; batchSize: number; clipNorm?: number; dropout?: number[] }[] = [
  { sizes: [2, 3, 2], batchSize: 10 },
  { sizes: [64, 32, 10], batchSize: 32 },
  { sizes: [784, 30, 10], batchSize: 10, clipNorm: 1, dropout: [0.5] },
  { sizes: [784, 128, 100], batchSize: 64 },
]

/** The number of networks that are tested on software adapters, which compile kernels on the machine's own cores. */
const MOST_ON_SOFTWARE = 2

/**
 * Runs the self-test for the kernels of these networks, as the first training on this adapter would. Results that earlier
 * runs kept are not computed again. undefined where there is no adapter.
 */
export async function testAdapter(): Promise<AdapterTest | undefined> {
  const adapter = await findAdapter()
  if (!adapter) return undefined
  const tested = networks.slice(0, isSoftware(adapter.info) ? MOST_ON_SOFTWARE : networks.length)
  const backend = await webgpuOn(adapter)
  try {
    const plain = backend.description
    for (const { sizes, batchSize, dropout = [], ...options } of tested) {
      const network = Network.create({ sizes, output: 'softmax', seed: 1 })
      const placed = await backend.place(network, {
        loss: 'crossEntropy',
        batchSize,
        optimizer: sgd(options),
        dropout,
      })
      placed.dispose()
    }
    const findings = backend.description.slice(plain.length).replace(/^; /, '')
    return { ok: findings === '', usable: true, findings }
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error
    return { ok: false, usable: false, findings: error.message }
  } finally {
    backend.dispose()
  }
}
