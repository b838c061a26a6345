import { InputError } from '../../src/index.ts'
import type { FileUse, Settings } from '../settings.ts'
import type { Prepared } from './prepare.ts'
import { type FileSummary, type ReadingResponse, type ReadingRequest, unpack } from './reading.ts'

type ReadingRequestBody = ReadingRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never
type PendingRequest = { resolve: (response: ReadingResponse) => void; reject: (error: unknown) => void }

let worker: Worker | undefined
let nextId = 0
const pending = new Map<number, PendingRequest>()

/** The worker that reads files. It is created when the user opens the first file. */
function reader(): Worker {
  if (worker) return worker
  worker = new Worker(new URL('./reader.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<ReadingResponse>) => {
    pending.get(data.id)?.resolve(data)
    pending.delete(data.id)
  }
  // For example, the worker runs out of memory.
  worker.onerror = ({ message }) => {
    worker?.terminate()
    worker = undefined
    for (const { reject } of pending.values()) reject(new InputError(`The file cannot be read: ${message}`))
    pending.clear()
  }
  return worker
}

async function request(body: ReadingRequestBody): Promise<ReadingResponse> {
  const id = nextId++
  const response = await new Promise<ReadingResponse>((resolve, reject) => {
    pending.set(id, { resolve, reject })
    reader().postMessage({ ...body, id })
  })
  if ('problem' in response) throw new InputError(response.problem)
  return response
}

let opened: readonly File[] = []

/** The files that were opened last. */
export const openedFiles = (): readonly File[] => opened

/** Reads files. @throws InputError that names the file and describes the problem */
export async function openFile(files: readonly File[]): Promise<FileSummary> {
  const { summary, sources } = (await request({ type: 'open', files })) as Extract<
    ReadingResponse,
    { sources: unknown }
  >
  opened = sources
  return summary
}

/** Summarizes the opened file with another target column or task. */
export const summarizeUse = async (use: FileUse): Promise<FileSummary> =>
  ((await request({ type: 'target', use })) as { summary: FileSummary }).summary

/** Prepares the data of the opened file as the settings describe. */
export async function prepareFromFile(settings: Settings): Promise<Prepared> {
  const response = (await request({ type: 'prepare', settings })) as Extract<ReadingResponse, { prepared: unknown }>
  return unpack(response.prepared)
}
