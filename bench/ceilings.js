// What the adapter can do at most, as far as plain programs show it: bytes copied and float32 products a second. The
// workloads' figures are read as shares of these.
import { readFileSync } from 'node:fs'
import { webgpu } from '../dist/node/index.js'
import { Budget } from './budget.js'
import { median } from './measure.js'
import { bytes, number } from './table.js'

/** Two ways to multiply: which is faster depends on the adapter (software pays dearly for barriers), so both are timed. */
const products = [
  { kernel: 'registers', file: 'product_registers.wgsl', block: 64, onSoftware: true },
  { kernel: 'workgroup memory', file: 'product_shared.wgsl', block: 128, onSoftware: false },
]
/** Copies are far larger than caches; invocations of the copying kernel move four packs of 16 bytes each. */
const copyBytes = { software: 2 ** 26, hardware: 2 ** 28 }
const productSizes = { software: [512, 1024], hardware: [4096] }
/** The kernels are held against float64 at this size first; every block divides it. */
const checkedSize = 128
/** One submit is filled to about so many seconds, so that submitting costs nothing beside it. */
const submitSeconds = 0.05

/** What opened a device stays as long as the device does. */
const held = new WeakMap()

/** Opens the adapter that the library would take. */
export async function openDevice() {
  // Held here alone: Dawn behind `navigator.gpu` keeps processes from ending.
  const { create } = await import('webgpu')
  const gpu = create([])
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = adapter.limits
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize },
    requiredFeatures: ['timestamp-query', 'subgroups'].filter((feature) => adapter.features.has(feature)),
  })
  held.set(device, gpu)
  return device
}

/**
 * Opens the adapter that the library would take, on a device of its own, measures, and destroys the device.
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
      // Training is made of kernels, so their copy is the one to compare with; on hardware the two are alike.
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
    title: `Ceilings of ${adapter}: what plain programs reach there`,
    columns: ['', 'size', 'rate'],
    rows: [
      ...copies.map(({ way, bytes: size, gigabytes }) => [`copy, ${way}`, bytes(size), `${number(gigabytes)} GB/s`]),
      ...products.map(({ kernel, size, gflops }) => [`product, ${kernel}`, `${size} × ${size}`, `${number(gflops)} GFLOP/s`]), // prettier-ignore
    ],
    notes: [
      'A copy counts bytes read and bytes written; below, "of copy" is of the kernel\'s, "of product" of the fastest.',
    ],
  }
}

/** Bytes read and bytes written both count. */
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

/** A ceiling that computes something else is none. */
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
      // At most n terms of 1/4, each rounded twice.
      const bound = n * n * 0.25 * 2 ** -23
      if (!(Math.abs(got[i * n + j] - want) <= bound)) {
        throw new Error(`${file}: row ${i}, column ${j} is ${got[i * n + j]}, expected ${want}`)
      }
    }
  }
}

/** The few calls of WebGPU that the measurements are made of. */
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

  /** Seconds of `times` times the work in one submit, waited for; throws what WebGPU finds wrong with it. */
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

  /** Seconds of one time the work: the median of up to seven submits, as many as fit the time, at least one. */
  async time(encode, seconds) {
    const budget = new Budget(seconds)
    // The first time, buffers are touched for the first time and kernels made ready: it is no measurement.
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
