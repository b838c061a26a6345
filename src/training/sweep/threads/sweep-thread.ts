import { openRecipe } from '../../../backend/host/open-recipe.ts'
import { MemberTrainer } from '../member-trainer.ts'
import type { Part } from '../parts.ts'
import { type FromThread, partsOf, plainError, type ToThread, wholeJob } from './messages.ts'

/**
 * The program of a thread of a sweep: it trains networks, one after another, on one thread. The library has it as text
 * (`?thread`), which runs wherever workers are, without files that a bundler would have to find.
 */
interface Port {
  onmessage: ((event: { readonly data: ToThread }) => void) | null
  postMessage: (message: FromThread, transfer?: ArrayBuffer[]) => void
}

interface Surroundings {
  process?: { getBuiltinModule?: NodeJS.Process['getBuiltinModule'] }
  self?: Port
}

const { process, self } = globalThis as unknown as Surroundings
const port = (process?.getBuiltinModule?.('worker_threads')?.parentPort ?? self) as unknown as Port
let trainer: MemberTrainer | undefined
let parts: ReadonlyMap<number, Part> = new Map()
let working: Promise<void> = Promise.resolve()

async function receive(message: ToThread): Promise<void> {
  try {
    if (message.kind === 'setup') {
      const { recipe, earlyStopping, dataMemory } = message.setup
      parts = partsOf(message.setup)
      trainer = new MemberTrainer({ backend: openRecipe(recipe), earlyStopping, dataMemory })
    } else await train(message)
  } catch (error) {
    port.postMessage({ kind: 'failed', error: plainError(error) })
  }
}

async function train({ batches }: Extract<ToThread, { kind: 'jobs' }>): Promise<void> {
  const began = performance.now()
  const results = []
  for (const batch of batches) results.push(...(await trainer!.trainBatch(batch.map((job) => wholeJob(job, parts)))))
  const milliseconds = performance.now() - began
  const arrays = results.flatMap(({ parameters, epochs }) => [parameters.buffer, epochs.values.buffer] as ArrayBuffer[])
  port.postMessage({ kind: 'results', results, milliseconds }, arrays)
}

port.onmessage = ({ data }) => {
  working = working.then(() => receive(data))
}
port.postMessage({ kind: 'ready' })
