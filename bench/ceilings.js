// The reference rates of an adapter, measured with simple kernels: bytes copied and float32 matrix products per second.
// The rates of the workloads are reported relative to these.
import { readFileSync } from 'node:fs'
import { webgpu } from '../dist/node/index.js'
import { Budget } from './budget.js'
import { median } from './measure.js'
import { bytes, number } from './table.js'

/** Two matrix products. The faster one depends on the adapter: barriers are slow on software adapters. */
const products = [
  { kernel: 'registers', file: 'product_registers.wgsl', block: 64, onSoftware: true },
  { kernel: 'workgroup memory', file: 'product_shared.wgsl', block: 128, onSoftware: false },
]
/** Copies are much larger than caches. Each invocation of the copy kernel moves four packs of 16 bytes. */
const copyBytes = { software: 2 ** 26, hardware: 2 ** 28 }
const productSizes = { software: [512, 1024], hardware: [4096] }
/** The kernels are compared with float64 at this size first, which is a multiple of every block. */
const checkedSize = 128
/** The approximate duration of one submit, long enough to make the overhead of submitting negligible. */
const submitSeconds = 0.05

/** Keeps the GPU instance of each device alive. */
const instances = new WeakMap()

/** Opens a device on the adapter that the library uses by default. */
export async function openDevice() {
  // Not `navigator.gpu`, because a global Dawn instance prevents the process from exiting.
  const { create } = await import('webgpu')
  const gpu = create([])
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = adapter.limits
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize },
    requiredFeatures: ['timestamp-query', 'subgroups'].filter((feature) => adapter.features.has(feature)),
  })
  instances.set(device, gpu)
  return device
}

/**
 * Measures the reference rates on a separate device of the library's default adapter, which it destroys afterwards.
 * @param {import('./budget.js').Budget} budget
 */
export async function measureCeilings(budget) {
  const { globals } = await import('webgpu')
  const device = await openDevice()
  try {
    const { description, software } = webgpu({ device })
    const bench = new Bench(device, globals, software)
    const copies = await measureCopies(bench, budget.part(0.3))
    const measured = await measureProducts(bench, budget)
    return {
      adapter: description,
      software,
      copies,
      products: measured,
      // Training consists of kernels, so the copy kernel is the reference. On hardware both copies have similar rates.
      copy: copies.find(({ way }) => way === 'kernel').gigabytes,
      product: Math.max(...measured.map(({ gflops }) => gflops)),
    }
  } finally {
    device.destroy()
  }
}

/** @returns {import('./table.js').Table} */
export function ceilingsTable({ adapter, copies, products }) {
  return {
    title: `Reference rates of ${adapter}, measured with simple kernels`,
    columns: ['', 'size', 'rate'],
    rows: [
      ...copies.map(({ way, bytes: size, gigabytes }) => [`copy, ${way}`, bytes(size), `${number(gigabytes)} GB/s`]),
      ...products.map(({ kernel, size, gflops }) => [`product, ${kernel}`, `${size} × ${size}`, `${number(gflops)} GFLOP/s`]), // prettier-ignore
    ],
    notes: [
      'A copy counts bytes read and written. "of copy" below is relative to the copy kernel, "of product" to the fastest product.',
    ],
  }
}

/** Measures copies; a rate counts both bytes read and bytes written. */
async function measureCopies(bench, budget) {
  const size = Math.min(copyBytes[bench.kind], bench.device.limits.maxStorageBufferBindingSize)
  const [source, target] = [bench.buffer(size), bench.buffer(size)]
  const kernel = await bench.compile('copy.wgsl')
  const bound = bench.bind(kernel, [source, target])
  const ways = {
    'buffer to buffer': (encoder) => encoder.copyBufferToBuffer(source, 0, target, 0, size),
    kernel: (encoder) => bench.dispatch(encoder, kernel, bound, size / (256 * 4 * 16)),
  }
  const copies = []
  for (const [way, encode] of Object.entries(ways)) {
    const seconds = await bench.time(encode, budget.left / 2)
    copies.push({ way, bytes: size, gigabytes: (2 * size) / seconds / 1e9 })
  }
  source.destroy()
  target.destroy()
  return copies
}

async function measureProducts(bench, budget) {
  const measured = []
  for (const { kernel, file, block, onSoftware } of products) {
    await checkProduct(bench, file, block)
    if (bench.software && !onSoftware) continue
    for (const size of productSizes[bench.kind]) {
      const values = new Float32Array(size * size).fill(1 / size)
      const product = await prepareProduct(bench, file, block, size, values, values)
      const seconds = await bench.time(product.encode, budget.left / 2)
      measured.push({ kernel, size, gflops: (2 * size ** 3) / seconds / 1e9 })
      product.dispose()
    }
  }
  return measured
}

async function prepareProduct(bench, file, block, size, left, right) {
  const kernel = await bench.compile(file, { N: size })
  const buffers = [left, right, undefined].map((values) => bench.buffer(size * size * 4, values))
  const bound = bench.bind(kernel, buffers)
  return {
    result: buffers[2],
    encode: (encoder) => bench.dispatch(encoder, kernel, bound, size / block, size / block),
    dispose: () => buffers.forEach((buffer) => buffer.destroy()),
  }
}

/** Compares a product kernel with float64. */
async function checkProduct(bench, file, block) {
  const n = checkedSize
  const left = Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5)
  const right = Float32Array.from({ length: n * n }, (_, i) => ((i * 104729) % 1000) / 1000 - 0.5)
  const product = await prepareProduct(bench, file, block, n, left, right)
  await bench.submit(product.encode, 1)
  const got = new Float32Array(await bench.read(product.result))
  product.dispose()
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let want = 0
      for (let k = 0; k < n; k++) want += left[i * n + k] * right[k * n + j]
      // The bound for n terms of at most 1/4, each rounded twice.
      const bound = n * n * 0.25 * 2 ** -23
      if (!(Math.abs(got[i * n + j] - want) <= bound)) {
        throw new Error(`${file}: row ${i}, column ${j} is ${got[i * n + j]}, expected ${want}`)
      }
    }
  }
}

/** The WebGPU calls that the measurements need. */
class Bench {
  constructor(device, globals, software) {
    this.device = device
    this.globals = globals
    this.software = software
    this.kind = software ? 'software' : 'hardware'
  }

  buffer(size, values) {
    const { STORAGE, COPY_SRC, COPY_DST } = this.globals.GPUBufferUsage
    const buffer = this.device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST })
    if (values) this.device.queue.writeBuffer(buffer, 0, values)
    return buffer
  }

  compile(file, constants = {}) {
    const code = readFileSync(new URL(`./shaders/${file}`, import.meta.url), 'utf8')
    const module = this.device.createShaderModule({ label: file, code })
    return this.device.createComputePipelineAsync({ label: file, layout: 'auto', compute: { module, constants } })
  }

  bind(kernel, buffers) {
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
    return this.device.createBindGroup({ layout: kernel.getBindGroupLayout(0), entries })
  }

  dispatch(encoder, kernel, bound, x, y = 1) {
    const pass = encoder.beginComputePass()
    pass.setPipeline(kernel)
    pass.setBindGroup(0, bound)
    pass.dispatchWorkgroups(x, y)
    pass.end()
  }

  /** Submits the work `times` times at once and waits for it. Resolves to seconds; rejects on a validation error. */
  async submit(encode, times) {
    this.device.pushErrorScope('validation')
    const encoder = this.device.createCommandEncoder()
    for (let i = 0; i < times; i++) encode(encoder)
    const began = performance.now()
    this.device.queue.submit([encoder.finish()])
    await this.device.queue.onSubmittedWorkDone()
    const seconds = (performance.now() - began) / 1000
    const problem = await this.device.popErrorScope()
    if (problem) throw new Error(`ceilings: ${problem.message.split('\n', 1)[0]}`)
    return seconds
  }

  /** Seconds for the work: the median of up to seven submits, limited by the given time, at least one. */
  async time(encode, seconds) {
    const budget = new Budget(seconds)
    // The first submit includes page faults and kernel preparation, so it is not a measurement.
    await this.submit(encode, 1)
    const times = Math.max(1, Math.round(submitSeconds / (await this.submit(encode, 1))))
    const figures = []
    do figures.push((await this.submit(encode, times)) / times)
    while (figures.length < 7 && figures[0] * times < budget.left)
    return median(figures)
  }

  async read(buffer) {
    const { MAP_READ, COPY_DST } = this.globals.GPUBufferUsage
    const copy = this.device.createBuffer({ size: buffer.size, usage: MAP_READ | COPY_DST })
    const encoder = this.device.createCommandEncoder()
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size)
    this.device.queue.submit([encoder.finish()])
    await copy.mapAsync(this.globals.GPUMapMode.READ)
    const values = copy.getMappedRange().slice(0)
    copy.destroy()
    return values
  }
}
