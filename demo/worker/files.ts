import { InputError } from '../../src/index.ts'
import type { Settings } from '../settings.ts'
import type { Prepared } from './material.ts'
import { type About, type ReadingAnswer, type ReadingRequest, unpack } from './reading.ts'

type Asked = ReadingRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never
type Waiting = { resolve: (answer: ReadingAnswer) => void; reject: (error: unknown) => void }

let worker: Worker | undefined
let asked = 0
const waiting = new Map<number, Waiting>()

/** The worker that reads files, made when the first file comes. */
function reader(): Worker {
  if (worker) return worker
  worker = new Worker(new URL('./reader.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<ReadingAnswer>) => {
    waiting.get(data.id)?.resolve(data)
    waiting.delete(data.id)
  }
  // As where there is no memory left for a file.
  worker.onerror = ({ message }) => {
    worker?.terminate()
    worker = undefined
    for (const { reject } of waiting.values()) reject(new InputError(`The file cannot be read: ${message}`))
    waiting.clear()
  }
  return worker
}

async function ask(request: Asked): Promise<ReadingAnswer> {
  const id = asked++
  const answer = await new Promise<ReadingAnswer>((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    reader().postMessage({ ...request, id })
  })
  if ('problem' in answer) throw new InputError(answer.problem)
  return answer
}

/** Reads files. @throws InputError that says what is wrong with which */
export const openFile = async (files: readonly File[]): Promise<About> =>
  ((await ask({ type: 'open', files })) as { about: About }).about

/** Another column of the file to predict. */
export const aboutTarget = async (target: string): Promise<About> =>
  ((await ask({ type: 'target', target })) as { about: About }).about

/** The data that settings describe, of the file that is open. */
export async function prepareFromFile(settings: Settings): Promise<Prepared> {
  const answer = (await ask({ type: 'prepare', settings })) as Extract<ReadingAnswer, { prepared: unknown }>
  return unpack(answer.prepared)
}
