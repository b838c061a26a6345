// The common parts of all contenders: the protocol with the parent (one JSON object per line), the order of the samples,
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * @typedef {{ sizes: number[], hidden: string, output: string, loss: string, optimizer: 'sgd' | 'adam',
 *   learningRate: number, batchSize: number, samples: number }} Workload
 * @typedef {{ inputs: number, outputs: number, weights: Float32Array, biases: Float32Array }} Layer
 * @typedef {{ workload: Workload, x: Float32Array, y: Float32Array, layers: Layer[], parameters: Float32Array }} Task
 *   parameters: of all networks, where the workload has several; layers are those of the first
 * @typedef {{
 *   version: string,
 *   load: (order: Uint32Array) => void,
 *   step: (minibatch: number) => unknown,
 *   read: (loss: any) => Promise<number> | number,
 *   drop?: (loss: any) => void,
 * }} Peer load sets the order of the samples; step queues one minibatch and returns its loss as an object of the library;
 *   read waits for a loss, and thus for its step and all earlier ones; drop frees a loss
 */

/** A peer that does not support a workload. The parent receives the message without a stack. */
export class Unable extends Error {}

/**
 * Responds to the parent until the input ends. An error in makePeer causes the response {"ready": false}.
 * @param {(task: Task) => Promise<Peer> | Peer} makePeer
 */
export async function serve(makePeer) {
  // Standard output is for the protocol only, so messages of libraries go to standard error.
  console.log = console.info = console.error
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  try {
    const request = JSON.parse((await lines.next()).value)
    const peer = await makePeer(readTask(request))
    const proof = await firstLosses(peer, readNumbers(request.order, Uint32Array), request)
    answer({ ready: true, version: peer.version, ...peer.notes, ...proof })
    const train = trainer(peer, request.workload)
    for await (const line of lines) answer({ stepsPerSecond: await train(JSON.parse(line).seconds) })
  } catch (error) {
    answer({ ready: false, reason: error instanceof Unable ? error.message : explain(error) })
  }
  // Dawn and workers of the libraries can keep the process alive or crash it at exit, so it exits immediately.
  process.exit(0)
}

function explain(error) {
  return String(error?.stack ?? error)
    .split('\n')
    .slice(0, 2)
    .join(' ')
}

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function readNumbers(path, Type) {
  const bytes = readFileSync(path)
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** @returns {Task} */
function readTask({ workload, x, y, parameters }) {
  const numbers = readNumbers(parameters, Float32Array)
  let offset = 0
  const take = (length) => numbers.subarray(offset, (offset += length))
  const layers = workload.sizes.slice(1).map((outputs, l) => {
    const inputs = workload.sizes[l]
    return { inputs, outputs, weights: take(inputs * outputs), biases: take(outputs) }
  })
  return { workload, x: readNumbers(x, Float32Array), y: readNumbers(y, Float32Array), layers, parameters: numbers }
}

/** The proof: the losses of the first steps in the given order, each before the update, and the time of the last step. */
async function firstLosses(peer, order, { steps }) {
  peer.load(order)
  const losses = []
  let began
  for (let i = 0; i < steps; i++) {
    began = performance.now()
    losses.push(await readAndDrop(peer, peer.step(i)))
  }
  return { losses, stepSeconds: (performance.now() - began) / 1000 }
}

/** The largest amount of work to queue on the device in advance: in seconds, and in steps. */
const ahead = { seconds: 0.05, steps: 32 }

/** Trains on shuffled minibatches, continuing where the last call ended. Waits for the device; resolves to steps per second. */
function trainer(peer, { samples, batchSize }) {
  const perEpoch = Math.floor(samples / batchSize)
  const order = Uint32Array.from({ length: samples }, (_, i) => i)
  let minibatch = perEpoch
  let groupSize = 1

  const step = () => {
    if (minibatch === perEpoch) {
      peer.load(shuffle(order))
      minibatch = 0
    }
    return peer.step(minibatch++)
  }

  const drop = (loss) => peer.drop?.(loss)

  return async (seconds) => {
    const began = performance.now()
    const elapsed = () => (performance.now() - began) / 1000
    let steps = 0
    let completed = Promise.resolve()
    do {
      // Queues a group of steps while the device executes the previous group, which is complete when its last loss is read.
      for (let i = 1; i < groupSize; i++) drop(step())
      const lastLoss = step()
      steps += groupSize
      await completed
      completed = readAndDrop(peer, lastLoss)
    } while (elapsed() < seconds)
    await completed
    const stepsPerSecond = steps / elapsed()
    groupSize = Math.max(1, Math.min(ahead.steps, Math.round(stepsPerSecond * ahead.seconds)))
    return stepsPerSecond
  }
}

async function readAndDrop(peer, loss) {
  const value = await peer.read(loss)
  peer.drop?.(loss)
  return value
}

/** Shuffles in place (Fisher–Yates) with a seeded linear congruential generator. */
export function shuffle(order) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}

let state = 1
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

/** Copies rows of a row-major array in the given order. */
export function rowsInOrder(source, width, order) {
  const rows = new Float32Array(order.length * width)
  for (let i = 0; i < order.length; i++) {
    const from = order[i] * width
    rows.set(source.subarray(from, from + width), i * width)
  }
  return rows
}

/** Transposes an out×in matrix to in×out, the layout of dense layers in most libraries. */
export function transpose(weights, outputs, inputs) {
  const transposed = new Float32Array(weights.length)
  for (let i = 0; i < outputs; i++)
    for (let j = 0; j < inputs; j++) transposed[j * outputs + i] = weights[i * inputs + j]
  return transposed
}

/** The version of an installed package, whether or not it exports its package.json. */
export function installedVersion(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
