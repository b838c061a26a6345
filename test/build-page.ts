import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the built demo page. */
    pageFolder: string
  }
}

/** Set-up of the projects that test the demo page: builds it once for all of their files. */
export default async function buildPage({ provide }: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-demo-'))
  await build({ mode: 'demo', logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  provide('pageFolder', folder)
  return () => {
    rmSync(folder, { recursive: true, force: true })
  }
}
