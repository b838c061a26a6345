// TensorFlow.js with its low-level API, which is its fastest: variables, one gradient pass, and the update of an optimizer.
import { provideNavigatorGpu } from './navigator.js'
import { installedVersion, rowsInOrder, serve, transpose, Unable } from './protocol.js'

const backend = process.argv[2] ?? 'webgpu'

await serve(async ({ workload, x, y, layers }) => {
  const notes = backend === 'webgpu' ? await provideNavigatorGpu() : {}
  const tf = await loadTensorflow()

  const { sizes, batchSize, learningRate } = workload
  const activations = { sigmoid: tf.sigmoid, relu: tf.relu, linear: (z) => z, softmax: tf.logSoftmax }
  const losses = {
    quadratic: (a, t) =>
      tf
        .squaredDifference(a, t)
        .sum()
        .mul(0.5 / batchSize),
    meanSquaredError: (a, t) => tf.squaredDifference(a, t).mean(),
    crossEntropy: (logA, t) =>
      logA
        .mul(t)
        .sum()
        .mul(-1 / batchSize),
  }
  const parameters = layers.map(({ inputs, outputs, weights, biases }) => ({
    w: tf.variable(tf.tensor2d(transpose(weights, outputs, inputs), [inputs, outputs])),
    b: tf.variable(tf.tensor1d(biases.slice())),
  }))
  const variables = parameters.flatMap(({ w, b }) => [w, b])
  const optimizer =
    workload.optimizer === 'sgd' ? tf.train.sgd(learningRate) : tf.train.adam(learningRate, 0.9, 0.999, 1e-8)

  const forward = (a) => {
    parameters.forEach(({ w, b }, l) => {
      a = activations[l < parameters.length - 1 ? workload.hidden : workload.output](a.matMul(w).add(b))
    })
    return a
  }

  let order
  return {
    version: installedVersion('@tensorflow/tfjs'),
    notes,
    load: (of) => (order = of),
    step(i) {
      const rows = order.subarray(i * batchSize, (i + 1) * batchSize)
      return tf.tidy(() => {
        const a = tf.tensor2d(rowsInOrder(x, sizes[0], rows), [batchSize, sizes[0]])
        const t = tf.tensor2d(rowsInOrder(y, sizes.at(-1), rows), [batchSize, sizes.at(-1)])
        const { value, grads } = tf.variableGrads(() => losses[workload.loss](forward(a), t), variables)
        optimizer.applyGradients(grads)
        return value
      })
    },
    read: async (value) => (await value.data())[0],
    drop: (value) => value.dispose(),
  }
})

async function loadTensorflow() {
  const tf = await import('@tensorflow/tfjs')
  const { setWasmPaths } = backend === 'wasm' ? await import('@tensorflow/tfjs-backend-wasm') : {}
  setWasmPaths?.(new URL('../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname)
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu')
  if (!(await tf.setBackend(backend))) throw new Unable(`the backend ${backend} of TensorFlow.js is not available`)
  await tf.ready()
  return tf
}
