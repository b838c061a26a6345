import { InputError } from '../core/errors.ts'
import type { Network } from '../model/network.ts'
import type { History } from '../training/history.ts'
import type { FitOptions, TrainerOptions } from '../training/options.ts'
import { Connection } from './connect.ts'
import type { Endpoint } from './endpoint.ts'
import { type RemoteFitOptions, RemoteTrainer, type RemoteTrainingData } from './trainer.ts'

export { serve } from './serve.ts'
export type { Endpoint } from './endpoint.ts'
export {
  RemoteTrainer,
  type RemoteData,
  type RemoteEpochsOptions,
  type RemoteFitOptions,
  type RemoteStepsOptions,
  type RemoteTrainingData,
} from './trainer.ts'

/** A worker, as a program uses it. */
export interface Remote {
  /** Creates trainers in the worker. */
  readonly Trainer: {
    /**
     * A trainer in the worker; see `Trainer.create`.
     * @param network the network; its parameters are copied to the worker, and change here only by `RemoteTrainer.read`
     * @param options those of `Trainer.create`; `backend` has to be a name
     */
    create(network: Network, options?: TrainerOptions): Promise<RemoteTrainer>
  }
  /**
   * Creates a trainer in the worker, trains, reads and disposes; see `fit`.
   * @param network the network to train; its parameters become the trained ones
   * @param train the data set to train on, which is copied to the worker
   * @param options those of `Trainer.create`, where `backend` has to be a name, and those of `RemoteTrainer.fit`
   */
  fit(network: Network, train: RemoteTrainingData, options?: TrainerOptions & RemoteFitOptions): Promise<History>
  /** Ends the worker at once; calls that it has not answered reject. */
  terminate(): void
}

/** The options of `fit` that are not those of a trainer. */
const fitNames = ['epochs', 'validation', 'shuffle', 'classWeights', 'earlyStopping', 'checkpoint', 'onEpoch', 'onRecovery', 'signal'] as const satisfies readonly (keyof FitOptions)[] // prettier-ignore

/**
 * Trains in a worker, so that a page stays responsive: the same calls as in this thread, with progress, abort and errors of
 * the same classes. The program of the worker is two lines, `import { serve } from 'webgpu-mlp/worker'` and `serve()`, so that
 * bundlers find it in the same way as any other worker. Networks and data are copied; no SharedArrayBuffer is needed. A
 * Content-Security-Policy has to allow the worker by `worker-src 'self'`.
 * @param worker a module worker, a MessagePort, or a Worker of Node's `worker_threads`
 * @throws InputError for what is neither, and for the own global object, `self`
 */
export function connect(worker: Endpoint): Remote {
  if (worker === (globalThis as unknown)) {
    throw new InputError('worker: expected a Worker or a MessagePort, got this thread itself; the worker calls `serve()`, and what made the worker calls `connect(worker)`') // prettier-ignore
  }
  const connection = new Connection(worker)
  const create = (network: Network, options?: TrainerOptions) => RemoteTrainer.create(connection, network, options)
  return {
    Trainer: { create },
    async fit(network, train, options = {}) {
      const own = Object.entries(options)
      const isFit = ([name]: [string, unknown]) => (fitNames as readonly string[]).includes(name)
      const trainer = await create(network, Object.fromEntries(own.filter((one) => !isFit(one))))
      try {
        const history = await trainer.fit(train, Object.fromEntries(own.filter(isFit)))
        await trainer.read()
        return history
      } finally {
        await trainer.dispose()
      }
    },
    terminate: () => connection.end(),
  }
}
