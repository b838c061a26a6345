import { InputError } from '../core/errors.ts'
import { encodeDescription } from '../model/description.ts'
import type { Network } from '../model/network.ts'
import type { LoadedData } from '../training/loaded.ts'
import type { Step } from '../training/options.ts'
import { Trainer } from '../training/trainer.ts'
import { type Endpoint, type FromWorker, listen, type ToWorker, type TrainerState } from './endpoint.ts'
import { errorOf, fromMessage, type PlainError, plainError, toMessage } from './values.ts'

type Call = Extract<ToWorker, { kind: 'call' }>
type Options = Record<string, unknown>

/** A trainer with what its calls refer to by numbers. */
interface Served {
  readonly trainer: Trainer
  /** The learning rates of a schedule, which is a function on the other side. */
  readonly rates: number[]
  readonly loaded: Map<number, LoadedData>
  /** Loops that have not ended. */
  readonly loops: Map<number, Loop>
}

interface Loop {
  /** The call that began it, whose signal can end it. */
  readonly call: number
  readonly iterator: AsyncIterator<unknown, unknown>
}

/**
 * Answers the calls of `connect`: the whole program of a worker. In Node, give it the `parentPort` of `node:worker_threads`.
 * @param endpoint where calls come from and answers go. Default: the global object of the worker
 * @throws InputError where this is not a worker
 */
export function serve(endpoint: Endpoint = globalThis): void {
  const isPage = endpoint === (globalThis as unknown) && 'document' in globalThis
  if (isPage || typeof endpoint?.postMessage !== 'function') {
    throw new InputError('serve: expected to run in a worker; in Node, give it parentPort of node:worker_threads')
  }
  const server = new Server((message) => endpoint.postMessage(message))
  listen(endpoint, (message: ToWorker) => server.receive(message), () => undefined) // prettier-ignore
}

class Server {
  readonly #post: (message: FromWorker) => void
  readonly #trainers = new Map<number, Served>()
  readonly #controllers = new Map<number, AbortController>()
  readonly #waiting = new Map<number, (error: PlainError | undefined) => void>()
  #numbers = 0

  constructor(post: (message: FromWorker) => void) {
    this.#post = post
  }

  receive(message: ToWorker): void {
    if (message.kind === 'abort') this.#controllers.get(message.id)?.abort()
    else if (message.kind === 'handled') this.#waiting.get(message.id)?.(message.error)
    else void this.#answer(message)
  }

  async #answer(call: Call): Promise<void> {
    const { id, method } = call
    let served = this.#trainers.get(call.trainer)
    try {
      if (method === 'create') served = await this.#create(call)
      const value = method === 'create' ? undefined : await this.#run(served, call)
      this.#post({ kind: 'result', id, value: toMessage(value), state: stateOf(served) })
    } catch (error) {
      this.#post({ kind: 'failed', id, error: plainError(error), state: stateOf(served) })
    }
  }

  async #create({ trainer: number, values, rates = [] }: Call): Promise<Served> {
    const [network, options] = values.map(fromMessage) as [Network, Options | undefined]
    const table = [...rates]
    const optimizer = options?.['optimizer'] as { learningRate?: unknown } | undefined
    const { learningRate } = optimizer ?? {}
    if (typeof learningRate === 'object' && learningRate !== null) {
      const rate = (epoch: number) => table[epoch]!
      options!['optimizer'] = { ...optimizer, learningRate: { ...learningRate, rate } }
    }
    const trainer = await Trainer.create(network, options)
    const served = { trainer, rates: table, loaded: new Map(), loops: new Map() }
    this.#trainers.set(number, served)
    return served
  }

  async #run(served: Served | undefined, call: Call): Promise<unknown> {
    if (!served) throw new InputError(`trainer: ${call.method}() was called after dispose()`)
    const { trainer, loaded, loops, rates } = served
    call.rates?.forEach((rate, epoch) => (rates[epoch] = rate))
    const [first, second] = call.values.map(fromMessage) as [never, Options]
    const data = (value: unknown) => loadedOf(value, loaded) as never
    switch (call.method) {
      case 'fit':
        return trainer
          .fit(data(first), this.#optionsOf(call, second, data))
          .finally(() => this.#controllers.delete(call.id))
      case 'epochs':
        return this.#begin(loops, call, trainer.epochs(data(first), this.#optionsOf(call, second, data)))
      case 'steps':
        return this.#begin(
          loops,
          call,
          trainer.steps(data(first), this.#optionsOf(call, second, data)) as AsyncIterator<Step>,
        )
      case 'next':
        return this.#next(loops, first)
      case 'return':
        await loops.get(first)?.iterator.return?.()
        return this.#end(loops, first)
      case 'load': {
        const placed = await trainer.load(first)
        loaded.set(++this.#numbers, placed)
        return { loaded: this.#numbers, length: placed.length }
      }
      case 'unload':
        loaded.get(first)?.dispose()
        return void loaded.delete(first)
      case 'read':
        return (await trainer.read()).parameters
      case 'write':
        trainer.network.parameters.set(first)
        return trainer.write()
      case 'dispose':
        trainer.dispose()
        return void this.#trainers.delete(call.trainer)
      case 'evaluate':
      case 'predict':
        return trainer[call.method](data(first))
      case 'gradients':
        return trainer.gradients(first, second as never)
      case 'checkpoint':
        return trainer.checkpoint()
      case 'resume':
        return trainer.resume(first, second)
      default:
        throw new InputError(`${call.method}: a worker of this version has no such call`)
    }
  }

  #begin(loops: Served['loops'], { id }: Call, iterator: AsyncIterator<unknown, unknown>): number {
    loops.set(++this.#numbers, { call: id, iterator })
    return this.#numbers
  }

  /** What a loop gives next; undefined where it has ended. */
  async #next(loops: Served['loops'], number: number): Promise<IteratorResult<unknown, unknown> | undefined> {
    let isRunning = false
    try {
      const result = await loops.get(number)?.iterator.next()
      isRunning = result?.done === false
      return result
    } finally {
      if (!isRunning) this.#end(loops, number)
    }
  }

  #end(loops: Served['loops'], number: number): void {
    const loop = loops.get(number)
    if (loop) this.#controllers.delete(loop.call)
    loops.delete(number)
  }

  /** Options with a signal that follows the one of the other side, and with functions that call those of the other side. */
  #optionsOf({ id, callbacks }: Call, options: Options = {}, data: (value: unknown) => unknown): never {
    const controller = new AbortController()
    this.#controllers.set(id, controller)
    const call = (name: string) => (value: unknown) => this.#notify(id, name, value)
    const { checkpoint, validation, ...others } = options
    return {
      ...others,
      ...(validation === undefined ? {} : { validation: data(validation) }),
      ...(checkpoint === undefined ? {} : { checkpoint: { ...(checkpoint as object), write: call('write') } }),
      ...(callbacks.includes('onEpoch') ? { onEpoch: call('onEpoch') } : {}),
      ...(callbacks.includes('onRecovery') ? { onRecovery: (value: unknown) => this.#post({ kind: 'event', id, name: 'onRecovery', value: toMessage(value) }) } : {}), // prettier-ignore
      signal: controller.signal,
    } as never
  }

  /** Resolves when the function of the other side has ended. */
  #notify(call: number, name: string, value: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, (error) => {
        this.#waiting.delete(call)
        if (error) reject(errorOf(error))
        else resolve()
      })
      this.#post({ kind: 'event', id: call, name, value: toMessage(value) })
    })
  }
}

/** The data that a number stands for, or the value itself. */
function loadedOf(value: unknown, loaded: Served['loaded']): unknown {
  if (typeof value !== 'object' || value === null || !('loaded' in value)) return value
  const found = loaded.get(value.loaded as number)
  if (!found) throw new InputError('data: these data were disposed of')
  return found
}

function stateOf(served: Served | undefined): TrainerState | undefined {
  if (!served) return undefined
  const { epoch, step, memory, recoveries, backend, network, seed } = served.trainer
  const { name, description } = backend
  return { epoch, step, memory, recoveries, backend: { name, description }, seed, description: encodeDescription(network) } // prettier-ignore
}
