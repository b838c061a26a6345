import { FileReading, pack, type ReadingAnswer, type ReadingRequest } from './reading.ts'

const reading = new FileReading()
/** One after another, in the order in which they are asked for. */
let queue = Promise.resolve()

async function answer(request: ReadingRequest): Promise<void> {
  const { id } = request
  const tell = (told: ReadingAnswer, transfer: Transferable[] = []) => {
    self.postMessage(told, { transfer })
  }
  try {
    if (request.type === 'open') tell({ id, about: await reading.open(request.files) })
    else if (request.type === 'target') tell({ id, about: await reading.about(request.target) })
    else {
      const { packed, transfer } = pack(await reading.prepare(request.settings))
      tell({ id, prepared: packed }, transfer)
    }
  } catch (error) {
    tell({ id, problem: error instanceof Error ? error.message : String(error) })
  }
}

self.onmessage = ({ data }: MessageEvent<ReadingRequest>) => {
  queue = queue.then(() => answer(data))
}
