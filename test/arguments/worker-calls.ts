import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Checkpoint, circle, Network, Trainer } from '../../src/index.ts'
import { Connection } from '../../src/worker/connect.ts'
import { connect, type RemoteTrainer, serve } from '../../src/worker/index.ts'

/** Valid arguments of `webgpu-mlp/worker`; both ends are in this process. */

const data = () => circle({ samples: 6, seed: 1 })
const network = () => Network.create({ sizes: [2, 3, 2], seed: 1 })
const options = { backend: 'cpu', seed: 1 } as const

/** A port whose other end answers as a worker; it lets the process end. */
function served(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  serve(port1)
  port1.unref()
  return port2
}

const ports = new WeakMap<object, MessagePort>()

export async function remoteTrainer(): Promise<RemoteTrainer> {
  const port = served()
  const made = await connect(port).Trainer.create(network(), options)
  ports.set(made, port)
  return made
}

/** Ends the worker of a trainer that `remoteTrainer` made. */
export const endWorkerOf = (trainer: object): void => ports.get(trainer)?.close()

async function checkpoint(): Promise<Checkpoint> {
  const trainer = await Trainer.create(network(), options)
  const made = await trainer.checkpoint()
  trainer.dispose()
  return made
}

export const workerFunctions = {
  connect: () => [new MessageChannel().port1],
  serve: () => [new MessageChannel().port1],
}

export const workerStatics = {
  'RemoteTrainer.create': () => [new Connection(served()), network(), options],
}

export const workerMethods = {
  'RemoteTrainer.load': () => [data()],
  'RemoteTrainer.fit': () => [data(), { epochs: 1 }],
  'RemoteTrainer.epochs': () => [data(), { epochs: 1 }],
  'RemoteTrainer.steps': () => [data(), {}],
  'RemoteTrainer.checkpoint': () => [],
  'RemoteTrainer.resume': async () => [await checkpoint()],
  'RemoteTrainer.evaluate': () => [data()],
  'RemoteTrainer.write': () => [],
  'RemoteTrainer.predict': () => [[[0, 1]]],
  'RemoteTrainer.gradients': () => [[[0, 1]], [[0, 1]]],
  'RemoteTrainer.read': () => [],
  'RemoteTrainer.dispose': () => [],
}
