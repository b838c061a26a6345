import type { Diagnosis, WasmReport } from '../node/diagnose.ts'

/** What was found out about WebGPU on this machine, for people. */
export function describeDiagnosis({
  node,
  platform,
  dawn,
  adapters,
  wasm,
  chosen,
  selfTest,
  messages,
  advice,
}: Diagnosis): string[] {
  const lines = [`Node ${node} on ${platform}`, `WebGPU in Node (the package 'webgpu', Dawn): ${dawn}`, '']
  if (adapters.length === 0) lines.push('No GPU adapter was found.')
  for (const { name, vendor, architecture, software, features, limits } of adapters) {
    lines.push(
      `${software ? 'Software' : 'Hardware'} adapter: ${name}`,
      `  vendor ${vendor || 'unknown'}, architecture ${architecture || 'unknown'}`,
      `  features ${features.length > 0 ? features.join(', ') : 'none of those that could be used'}`,
      `  one binding holds up to ${Math.round(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB`,
    )
  }
  if (selfTest) lines.push(`  self-test: ${selfTest.ok ? 'its results are correct' : selfTest.findings}`)
  lines.push('', ...describeWasm(wasm))
  lines.push('', `Chosen by 'auto': ${chosen.backend}, because ${chosen.reason}.`)
  if (messages.length > 0) {
    lines.push('', 'What Dawn and the drivers wrote while the adapter was looked for:')
    lines.push(...messages.map((line) => `  ${line}`))
  }
  if (advice.length > 0) lines.push('', 'What you can do:', ...advice.map((line) => `  - ${line}`))
  return lines
}

function describeWasm({ obstacle, simd, relaxedSimd, sharedMemory, threads }: WasmReport): string[] {
  const say = (isThere: boolean) => (isThere ? 'yes' : 'no')
  return [
    `WebAssembly, the fast CPU backend: ${obstacle === null ? 'runs' : `does not run, because ${obstacle}`}`,
    `  SIMD ${say(simd)}, relaxed SIMD ${say(relaxedSimd)}, shared memory ${say(sharedMemory)}, threads ${threads}`,
  ]
}
