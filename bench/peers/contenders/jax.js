// jax-js: one jitted function per step, which consumes the parameters and returns the new ones.
import { provideNavigatorGpu } from './navigator.js'
import { installedVersion, rowsInOrder, serve, transpose, Unable } from './protocol.js'

const device = process.argv[2] ?? 'webgpu'

await serve(async ({ workload, x, y, layers }) => {
  const notes = device === 'webgpu' ? await provideNavigatorGpu() : {}
  const { defaultDevice, init, jit, nn, numpy: np, valueAndGrad } = await import('@jax-js/jax')
  if (workload.optimizer !== 'sgd')
    throw new Unable(`this benchmark does not implement the optimizer ${workload.optimizer} for jax-js`)
  if (!(await init(device)).includes(device)) throw new Unable(`the device ${device} of jax-js is not available`)
  defaultDevice(device)

  const { sizes, batchSize, learningRate } = workload
  const inputs = sizes[0]
  const outputs = sizes.at(-1)
  const activations = { sigmoid: nn.sigmoid, relu: nn.relu, linear: (z) => z, softmax: nn.logSoftmax }

  const forward = (parameters, a) => {
    parameters.forEach(({ w, b }, l) => {
      a = activations[l < parameters.length - 1 ? workload.hidden : workload.output](np.dot(a, w).add(b))
    })
    return a
  }
  // A function consumes its array arguments; `.ref` keeps an array for another use.
  const losses = {
    quadratic: (a, t) =>
      np
        .square(a.sub(t))
        .sum()
        .mul(0.5 / batchSize),
    meanSquaredError: (a, t) => np.square(a.sub(t)).mean(),
    crossEntropy: (logA, t) =>
      logA
        .mul(t)
        .sum()
        .mul(-1 / batchSize),
  }
  const loss = (parameters, a, t) => losses[workload.loss](forward(parameters, a), t)
  const train = jit((parameters, a, t) => {
    const keep = parameters.map(({ w, b }) => ({ w: w.ref, b: b.ref }))
    const [value, slopes] = valueAndGrad(loss)(parameters, a, t)
    const moved = keep.map(({ w, b }, l) => ({
      w: w.sub(slopes[l].w.mul(learningRate)),
      b: b.sub(slopes[l].b.mul(learningRate)),
    }))
    return [value, moved]
  })

  // Waiting for one array is enough: it belongs to the whole jitted function, and the queue executes in order.
  const lastOf = (parameters) => parameters.at(-1).b
  // Submits the step. Otherwise steps are only recorded, and submitted at the next read-back.
  const send = (parameters) =>
    device === 'webgpu' ? lastOf(parameters).ref.gpuBufferSync() : lastOf(parameters).ref.dataSync()
  let parameters = layers.map((layer) => ({
    w: np.array(transpose(layer.weights, layer.outputs, layer.inputs), { shape: [layer.inputs, layer.outputs] }),
    b: np.array(layer.biases.slice()),
  }))
  let rowsX
  let rowsY
  return {
    version: installedVersion('@jax-js/jax'),
    notes,
    load(order) {
      rowsX = rowsInOrder(x, inputs, order)
      rowsY = rowsInOrder(y, outputs, order)
    },
    // Writing a minibatch into a buffer is faster than gathering its rows on the device, which takes two more dispatches.
    step(i) {
      const piece = (rows, width) =>
        np.array(rows.subarray(i * batchSize * width, (i + 1) * batchSize * width), { shape: [batchSize, width] })
      const [value, moved] = train(parameters, piece(rowsX, inputs), piece(rowsY, outputs))
      parameters = moved
      send(moved)
      return value
    },
    // Reading an array consumes it.
    read: async (value) => (await value.ref.data())[0],
    drop: (value) => value.dispose(),
  }
})
