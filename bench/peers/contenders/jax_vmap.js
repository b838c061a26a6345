// jax-js: many networks side by side by vmap over their parameters and minibatches, one jitted function per step. Each network
// has its own order: that of the protocol from another place on.
import { provideNavigatorGpu } from './navigator.js'
import { installedVersion, serve, Unable } from './protocol.js'

const device = process.argv[2] ?? 'webgpu'

await serve(async ({ workload, x, y, parameters: all }) => {
  const notes = device === 'webgpu' ? await provideNavigatorGpu() : {}
  const { defaultDevice, init, jit, nn, numpy: np, valueAndGrad, vmap } = await import('@jax-js/jax')
  if (!(await init(device)).includes(device)) throw new Unable(`the device ${device} of jax-js is not available`)
  defaultDevice(device)

  const { sizes, batchSize, learningRate, networks } = workload
  const [inputs, outputs] = [sizes[0], sizes.at(-1)]
  const loss = (parameters, a, t) => {
    for (const { w, b } of parameters) a = nn.sigmoid(np.dot(a, w).add(b))
    return np
      .square(a.sub(t))
      .sum()
      .mul(0.5 / batchSize)
  }
  // A function consumes its array arguments; `.ref` keeps an array for another use.
  const train = jit((parameters, a, t) => {
    const keep = parameters.map(({ w, b }) => ({ w: w.ref, b: b.ref }))
    const [values, slopes] = vmap(valueAndGrad(loss))(parameters, a, t)
    const moved = keep.map(({ w, b }, l) => ({
      w: w.sub(slopes[l].w.mul(learningRate)),
      b: b.sub(slopes[l].b.mul(learningRate)),
    }))
    return [values, moved]
  })

  let parameters = stackedLayers(all, sizes, networks).map(({ w, b, shape }) => ({
    w: np.array(w, { shape: [networks, ...shape] }),
    b: np.array(b, { shape: [networks, shape[1]] }),
  }))
  let order
  const minibatches = (rows, width, i) => {
    const taken = new Float32Array(networks * batchSize * width)
    for (let k = 0, to = 0; k < networks; k++) {
      for (let m = 0; m < batchSize; m++) {
        const from = order[(i * batchSize + m + k) % order.length] * width
        for (let c = 0; c < width; c++) taken[to++] = rows[from + c]
      }
    }
    return np.array(taken, { shape: [networks, batchSize, width] })
  }
  return {
    version: installedVersion('@jax-js/jax'),
    notes,
    load(given) {
      order = given.slice()
    },
    step(i) {
      const [values, moved] = train(parameters, minibatches(x, inputs, i), minibatches(y, outputs, i))
      parameters = moved
      // Submits the step. Otherwise steps are only recorded, and submitted at the next read-back.
      const last = moved.at(-1).b.ref
      if (device === 'webgpu') last.gpuBufferSync()
      else last.dataSync()
      return values
    },
    // Reading an array consumes it.
    read: async (values) => Array.from(await values.ref.data()),
    drop: (values) => values.dispose(),
  }
})

/** The parameters of all networks by layer, weights as inputs × outputs. */
function stackedLayers(all, sizes, networks) {
  const own = all.length / networks
  let offset = 0
  return sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l]
    const w = new Float32Array(networks * inputs * outputs)
    const b = new Float32Array(networks * outputs)
    for (let k = 0; k < networks; k++) {
      const from = k * own + offset
      for (let i = 0; i < outputs; i++) {
        for (let j = 0; j < inputs; j++) w[(k * inputs + j) * outputs + i] = all[from + i * inputs + j]
        b[k * outputs + i] = all[from + inputs * outputs + i]
      }
    }
    offset += (inputs + 1) * outputs
    return { w, b, shape: [inputs, outputs] }
  })
}
