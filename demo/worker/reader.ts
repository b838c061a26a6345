import { FileReading, pack, type ReadingRequest, type ReadingResponse } from './reading.ts'

const reading = new FileReading()
/** Handles requests one after another, in order of arrival. */
let queue = Promise.resolve()

async function respond(request: ReadingRequest): Promise<void> {
  const { id } = request
  const post = (response: ReadingResponse, transfer: Transferable[] = []) => {
    self.postMessage(response, { transfer })
  }
  try {
    if (request.type === 'open') {
      const summary = await reading.open(request.files)
      post({ id, summary, sources: reading.sources })
    } else if (request.type === 'target') post({ id, summary: await reading.summarize(request.use) })
    else {
      const { packed, transfer } = pack(await reading.prepare(request.settings))
      post({ id, prepared: packed }, transfer)
    }
  } catch (error) {
    post({ id, problem: error instanceof Error ? error.message : String(error) })
  }
}

self.onmessage = ({ data }: MessageEvent<ReadingRequest>) => {
  queue = queue.then(() => respond(data))
}
