import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Makes `program.js`, for browsers and everything else, of program.ts in a new folder. */
export async function bundleProgram(): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-pool-'))
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['browser', 'module', 'import', 'default'] },
    build: {
      outDir: folder,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL('program.ts', import.meta.url)), formats: ['es'], fileName: 'program' },
      rolldownOptions: { output: { entryFileNames: 'program.js' } },
    },
  })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
