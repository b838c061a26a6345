/**
 * A thread that trains whole epochs of a network with one hidden layer (sigmoid, quadratic loss, plain sgd) in shared memory,
 * by the formulas of the reference and in the same order, so that it gives the same bits in float64.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { memory, sizes, parameters } = workerData
const [inputs, hidden, outputs] = sizes
const values = new Float64Array(memory.buffer, parameters, hidden * (inputs + 1) + outputs * (hidden + 1))
const w1 = values.subarray(0, hidden * inputs)
const b1 = values.subarray(w1.length, w1.length + hidden)
const w2 = values.subarray(w1.length + hidden, w1.length + hidden + outputs * hidden)
const b2 = values.subarray(values.length - outputs)

/** The same formula as in src/model/activation.ts. */
function sigmoid(z) {
  const e = Math.exp(-Math.abs(z))
  return z < 0 ? e / (1 + e) : 1 / (1 + e)
}

function layer(weights, biases, below) {
  return Array.from(biases, (bias, i) => {
    let sum = bias
    for (let j = 0; j < below.length; j++) sum += weights[i * below.length + j] * below[j]
    return sigmoid(sum)
  })
}

function descend(weights, biases, deltas, below, stepSize) {
  const rows = deltas.length
  for (let i = 0; i < biases.length; i++) {
    for (let j = 0; j < below[0].length; j++) {
      let sum = 0
      for (let m = 0; m < rows; m++) sum += deltas[m][i] * below[m][j]
      const w = i * below[0].length + j
      weights[w] -= stepSize * (sum / rows + 0 * weights[w])
    }
    let sum = 0
    for (let m = 0; m < rows; m++) sum += deltas[m][i]
    biases[i] -= stepSize * (sum / rows + 0 * biases[i])
  }
}

function trainMinibatch(x, y, stepSize, sums) {
  const a1 = x.map((row) => layer(w1, b1, row))
  const a2 = a1.map((row) => layer(w2, b2, row))
  let loss = 0
  const d2 = a2.map((row, m) => {
    let terms = 0
    for (let i = 0; i < outputs; i++) terms += 0.5 * (row[i] - y[m][i]) ** 2
    loss += terms
    const largest = (list) => list.indexOf(Math.max(...list))
    sums.right += Number(largest(row) === largest(y[m]))
    return row.map((a, i) => (a - y[m][i]) * (a * (1 - a)))
  })
  const d1 = d2.map((delta, m) =>
    a1[m].map((a, j) => {
      let sum = 0
      for (let i = 0; i < outputs; i++) sum += delta[i] * w2[i * hidden + j]
      return sum * (a * (1 - a))
    }),
  )
  descend(w2, b2, d2, a1, stepSize)
  descend(w1, b1, d1, x, stepSize)
  sums.loss += loss
}

parentPort.on('message', ({ x, y, order, batchSize, learningRate }) => {
  const sums = { loss: 0, right: 0, samples: order.length }
  for (let start = 0; start < order.length; start += batchSize) {
    const rows = [...order.subarray(start, start + batchSize)]
    const take = (data, columns) => rows.map((row) => [...data.subarray(row * columns, (row + 1) * columns)])
    trainMinibatch(take(x, inputs), take(y, outputs), learningRate, sums)
  }
  parentPort.postMessage(sums)
})
