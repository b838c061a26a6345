import type { Backend } from '../backend/backend.ts'
import { cpu } from '../backend/host/backend.ts'
import { wasm } from '../backend/host/wasm/backend.ts'
import { webgpu } from '../backend/webgpu/backend.ts'
import { explainMissingAdapter, findAdapter, isSoftware, nameAdapter } from '../backend/webgpu/device/adapter.ts'
import { loadWebGPU } from '../backend/webgpu/load.ts'
import { BackendUnavailableError } from '../core/errors.ts'
import type { BackendName } from './backend-names.ts'
import { BackendWithFallback } from './fallback.ts'
import { openHosts } from './hosts.ts'

/** The backend with a name; see {@link chooseBackend}. */
export async function openNamed(
  choice: Exclude<BackendName, 'cpu'>,
  deterministic: boolean,
  threads: number | undefined,
): Promise<Backend> {
  if (choice === 'wasm') return wasm({ threads })
  if (choice === 'webgpu') return webgpu({ deterministic })
  return chooseAutomatically(deterministic, threads)
}

async function chooseAutomatically(deterministic: boolean, threads: number | undefined): Promise<Backend> {
  const adapter = await findAdapter()
  const isMeasured = !deterministic
  if (adapter && !isSoftware(adapter.info)) {
    try {
      const { webgpuOn } = await loadWebGPU()
      const gpu = await webgpuOn(adapter, deterministic)
      return new BackendWithFallback([gpu, wasm({ threads }), cpu()], { isMeasured })
    } catch (error) {
      if (!(error instanceof BackendUnavailableError)) throw error
      return openHosts(threads, { isMeasured, reason: error.message })
    }
  }
  const reason = adapter ? `the only WebGPU adapter is software, ${nameAdapter(adapter.info)}` : explainMissingAdapter()
  return openHosts(threads, { isMeasured, reason })
}
