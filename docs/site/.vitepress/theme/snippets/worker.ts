import * as library from '../../../../../src/index.ts'
import { formatValue } from './format.ts'

/** Runs one program, and posts each line that it shows. The page ends the worker to stop a program. */
const post = (line: string) => {
  postMessage({ line })
}
const show = (value: unknown) => {
  if (value !== undefined) post(formatValue(value))
}
const log = (...values: unknown[]) => {
  post(values.map((value) => formatValue(value)).join(' '))
}

const AsyncFunction = (async () => {}).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<unknown>

addEventListener('message', ({ data }: MessageEvent<string>) => {
  const run = async () => {
    const program = new AsyncFunction('library', 'show', 'console', data)
    await program(library, show, { ...console, log })
  }
  run().then(
    () => {
      postMessage({ done: true })
    },
    (error: unknown) => {
      post(formatValue(error))
      postMessage({ done: true, failed: true })
    },
  )
})
