import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { launchChromium, serve } from '../browser.ts'
import { expectClose } from '../close.ts'

/** What a page reports in `globalThis.result`. */
interface PageResult {
  failed?: string
  trainings: { names: string[]; losses: number[]; epochs: number[]; center: string }[]
  stopped: string
}

interface Opened {
  result: unknown
  errors: string[]
}

/** Opens a page in Chromium, and returns what it reports, and its errors. */
export async function openPage(url: string): Promise<Opened> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(url)
    await page.waitForFunction(() => 'result' in globalThis, undefined, { timeout: 120_000 })
    const result = await page.evaluate(() => (globalThis as unknown as { result: Promise<unknown> }).result)
    return { result, errors }
  } finally {
    await browser.close()
  }
}

/** Serves a folder while a page of it is open. */
export async function openFolder(folder: string, page = ''): Promise<Opened> {
  const server = await serve((path) => readFile(join(folder, path)))
  try {
    return await openPage(`${server.url}${page}`)
  } finally {
    await server.close()
  }
}

/** Checks that a page trained in its own thread and in a worker, on each backend, with progress, and stopped a training. */
export function expectTrained({ result: given, errors }: Opened): void {
  expect(errors).toEqual([])
  const result = given as PageResult
  expect(result.failed).toBeUndefined()
  const names = ['cpu', 'wasm', 'webgpu']
  expect(result.trainings.map((training) => training.names)).toEqual(names.map((name) => [name, name]))
  const [loss] = result.trainings[0]!.losses
  for (const { losses, epochs, center } of result.trainings) {
    expectClose(losses, [loss!, loss!], { name: 'losses', rtol: 1e-5 })
    expect(epochs).toEqual([1, 2, 3, 4, 5])
    expect(['inside', 'outside']).toContain(center)
  }
  expect(result.stopped).toBe('enough')
}
