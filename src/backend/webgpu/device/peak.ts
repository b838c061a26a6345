import { Buffers } from './buffers.ts'
import type { Device } from './device.ts'

/** Invocations of a workgroup: what every device takes that is not in WebGPU's compatibility mode. */
const WIDTH = 256
/** Steps of the loop in one dispatch at the beginning; doubled until a submit takes long enough. */
const FIRST_STEPS = 64
/** Multiply-adds of an invocation in one step of the loop: eight independent packs of four, four times. */
const PER_STEP = 8 * 4 * 4
/** Seconds of a submit, next to which launching it and waiting for it take little; far less than drivers allow. */
const LEAST_SECONDS = 0.04
const ROUNDS = 5

/** How a multiply-add is written: which one is faster depends on the driver. */
const forms = ['fma(sum, factor, term)', 'sum * factor + term'] as const

/** Multiply-adds in registers, with no access to memory but the result that keeps them from being left out. */
function shaderText(form: (typeof forms)[number]): string {
  const names = Array.from({ length: 8 }, (_, i) => `sum${i}`)
  const step = names.map((name) => `    ${name} = ${form.replace('sum', name)};`).join('\n')
  return `@group(0) @binding(0) var<storage, read_write> results: array<vec4f>;
@group(0) @binding(1) var<uniform> steps: vec4u;

@compute @workgroup_size(${WIDTH})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let start = f32(id.x % 1024u) / 1024.0;
  let factor = vec4f(0.5 + 0.25 * start);
  let term = vec4f(0.1, 0.2, 0.3, 0.4) + start;
${names.map((name, i) => `  var ${name} = term + ${i}.0;`).join('\n')}
  for (var i = 0u; i < steps.x; i++) {
${Array(4).fill(step).join('\n')}
  }
  results[id.x % arrayLength(&results)] = ${names.join(' + ')};
}
`
}

/**
 * Measures how many float32 operations a second the device makes at most: multiply-adds in registers, each counted as two
 * operations. The faster of two ways to write them counts.
 * @returns operations per second
 */
export async function measurePeak(device: Device): Promise<number> {
  const groups = device.profile.software ? 64 : 8192
  const buffers = new Buffers(device)
  try {
    const [results, steps] = await device.checked('peak', () => [
      buffers.storage('peak', 4 * WIDTH * 64),
      buffers.uniform('peak', 16),
    ])
    let most = 0
    for (const form of forms) most = Math.max(most, await measureForm(device, form, groups, results, steps))
    return most
  } finally {
    buffers.dispose()
  }
}

async function measureForm(
  device: Device,
  form: (typeof forms)[number],
  groups: number,
  results: GPUBuffer,
  steps: GPUBuffer,
): Promise<number> {
  const { gpu } = device
  const label = 'webgpu-mlp peak'
  const module = gpu.createShaderModule({ label, code: shaderText(form) })
  const pipeline = await device.orLost(gpu.createComputePipelineAsync({ label, layout: 'auto', compute: { module } }))
  const entries = [results, steps].map((buffer, binding) => ({ binding, resource: { buffer } }))
  const bindGroup = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
  const run = async (count: number) => {
    await device.checked('peak', () => {
      device.write(steps, 0, Uint32Array.of(count, 0, 0, 0))
      const encoder = gpu.createCommandEncoder({ label })
      const pass = encoder.beginComputePass({ label })
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindGroup)
      pass.dispatchWorkgroups(groups)
      pass.end()
      gpu.queue.submit([encoder.finish()])
    })
    const began = performance.now()
    await device.settled()
    return (performance.now() - began) / 1000
  }
  await run(1)
  let count = FIRST_STEPS
  let seconds = await run(count)
  while (seconds < LEAST_SECONDS && count < 2 ** 24) seconds = await run((count *= 2))
  for (let round = 1; round < ROUNDS; round++) seconds = Math.min(seconds, await run(count))
  return (2 * PER_STEP * count * groups * WIDTH) / seconds
}
