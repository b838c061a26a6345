// What every contender has in common: the protocol with the parent (one JSON object a line), the samples' order, the clock.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * @typedef {{ sizes: number[], hidden: string, output: string, loss: string, optimizer: 'sgd' | 'adam',
 *   learningRate: number, batchSize: number, samples: number }} Workload
 * @typedef {{ inputs: number, outputs: number, weights: Float32Array, biases: Float32Array }} Layer
 * @typedef {{ workload: Workload, x: Float32Array, y: Float32Array, layers: Layer[] }} Task
 * @typedef {{
 *   version: string,
 *   load: (order: Uint32Array) => void,
 *   step: (minibatch: number) => unknown,
 *   read: (loss: any) => Promise<number> | number,
 *   drop?: (loss: any) => void,
 * }} Peer load takes an order of samples, step queues one minibatch of it and returns its loss as the library holds it,
 *   read waits for a loss (and with it for all that was queued before, and for its own step), drop frees one
 */

/** A peer that cannot do what it is asked for: told to the parent as it stands, without a stack. */
export class Unable extends Error {}

/**
 * Answers the parent until its input ends. makePeer gets the task; a throw in it becomes {"ready": false}.
 * @param {(task: Task) => Promise<Peer> | Peer} makePeer
 */
export async function serve(makePeer) {
  // Standard output belongs to the protocol; libraries that greet do so on standard error.
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
  // Dawn, and workers of the libraries, may keep a process alive or crash it at its end: it has nothing left to save.
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
  return { workload, x: readNumbers(x, Float32Array), y: readNumbers(y, Float32Array), layers }
}

/** The proof: the losses of the first steps over the given order, each before its step; and how long the last one took. */
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

/** How much work may be queued on the device ahead of the clock, in seconds, and in steps at most. */
const ahead = { seconds: 0.05, steps: 32 }

/** Trains over shuffled minibatches, going on where it was; resolves to steps per second with the device settled. */
function trainer(peer, { samples, batchSize }) {
  const perEpoch = Math.floor(samples / batchSize)
  const order = Uint32Array.from({ length: samples }, (_, i) => i)
  let minibatch = perEpoch
  let between = 1

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
    let settled = Promise.resolve()
    do {
      // One lot is queued while the one before it is worked off; a lot is done when its last loss can be read.
      for (let i = 1; i < between; i++) drop(step())
      const lastLoss = step()
      steps += between
      await settled
      settled = readAndDrop(peer, lastLoss)
    } while (elapsed() < seconds)
    await settled
    const stepsPerSecond = steps / elapsed()
    between = Math.max(1, Math.min(ahead.steps, Math.round(stepsPerSecond * ahead.seconds)))
    return stepsPerSecond
  }
}

async function readAndDrop(peer, loss) {
  const value = await peer.read(loss)
  peer.drop?.(loss)
  return value
}

/** Fisher–Yates over a small generator, in place. */
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

/** Rows of a row-major array in an order, one after another. */
export function rowsInOrder(source, width, order) {
  const rows = new Float32Array(order.length * width)
  for (let i = 0; i < order.length; i++) {
    const from = order[i] * width
    rows.set(source.subarray(from, from + width), i * width)
  }
  return rows
}

/** An out×in matrix as in×out: how most libraries hold a dense layer's weights. */
export function transpose(weights, outputs, inputs) {
  const turned = new Float32Array(weights.length)
  for (let i = 0; i < outputs; i++) for (let j = 0; j < inputs; j++) turned[j * outputs + i] = weights[i * inputs + j]
  return turned
}

/** The version of an installed package, whether or not it exports its package.json. */
export function installedVersion(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
