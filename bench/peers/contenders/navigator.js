// Provides WebGPU in Node as in a browser: Dawn as `navigator.gpu`, and the constants as globals.
import { Unable } from './protocol.js'

export async function provideNavigatorGpu() {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const gpu = create([])
  // Node 20 has no navigator; in later versions it is a getter of an object without gpu.
  const { userAgent = `Node.js/${process.versions.node}`, hardwareConcurrency = 2 } = globalThis.navigator ?? {}
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent, hardwareConcurrency }, configurable: true })
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new Unable('no WebGPU adapter')
  const { vendor, architecture, description } = adapter.info
  return { adapter: [vendor, architecture, description].filter(Boolean).join(' ') }
}
