import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin, UserConfig } from 'vite'
import { scriptText } from '../script-text.js'
import { compactShaders } from '../shaders/compact.js'
import { licenses } from './licenses.ts'
import { smallCode } from './small-code.ts'

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as Record<
  'dependencies' | 'optionalDependencies',
  Record<string, string>
>
/** What npm installs with the package. */
const installed = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]

/**
 * Removes files of earlier builds. `emptyOutDir` is not suitable: programs that run from the folder during a build must
 * still find their files.
 * @param others folders with other files
 */
function removeStale(others: readonly string[]): Plugin {
  return {
    name: 'remove-stale',
    writeBundle({ dir = '' }, bundle) {
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        const file = relative(dir, join(entry.parentPath, entry.name)).replaceAll('\\', '/')
        const isOther = others.some((folder) => file.startsWith(`${folder}/`))
        if (entry.isFile() && !isOther && !(file in bundle)) rmSync(join(dir, file), { force: true })
      }
    },
  }
}

/** Fails the build if a module outside `src/node/` and `src/cli/` imports a module of Node. */
export function refuseNode(): Plugin {
  return {
    name: 'refuse-node',
    enforce: 'pre',
    resolveId(id, importer) {
      if (importer?.startsWith(path('src/node/')) || importer?.startsWith(path('src/cli/'))) return
      if (id.startsWith('node:') || builtinModules.includes(id)) {
        this.error(`${importer ?? 'the entry'} imports '${id}', which browsers do not have`)
      }
    },
  }
}

/** The modules that do something when they are loaded; package.json lists the files that contain them. */
const hasSideEffects = (id: string) => /\/src\/(?:node\/provide|cli\/(?:main|check-gpu))\.ts$/.test(id)

/**
 * The library for all environments. Entries share their files, so that each class exists once under any export condition.
 * - `index`, `files` (`webgpu-mlp/node`) and `worker`: for browsers with and without a bundler, for Deno, and for other
 *   environments that provide WebGPU. They need no other package.
 * - `node/`: for Node and Bun; the same, after `node/provide.js` has given the library Dawn and a cache of adapters in a file.
 */
export const library: UserConfig = {
  plugins: [
    refuseNode(),
    scriptText(),
    compactShaders(),
    smallCode(hasSideEffects),
    licenses().plugin,
    removeStale(['types']),
  ],
  resolve: {
    conditions: ['browser', 'module', 'import', 'default'],
    alias: {
      '#gpu': path('src/backend/webgpu/device/provided.ts'),
      '#cache': path('src/backend/webgpu/device/provided-cache.ts'),
    },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    minify: false,
    reportCompressedSize: false,
    lib: {
      entry: {
        index: path('src/index.ts'),
        files: path('src/node/index.ts'),
        worker: path('src/worker/index.ts'),
        'node/index': path('src/node/entries/index.ts'),
        'node/files': path('src/node/entries/files.ts'),
        'node/worker': path('src/node/entries/worker.ts'),
        'node/cli': path('src/cli/main.ts'),
        'node/check-gpu': path('src/cli/check-gpu.ts'),
      },
      formats: ['es'],
    },
    rolldownOptions: {
      external: (id) => id.startsWith('node:') || installed.some((name) => id === name || id.startsWith(`${name}/`)),
      treeshake: { moduleSideEffects: hasSideEffects },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: ({ moduleIds }) => (moduleIds.some(hasSideEffects) ? 'node/provide.js' : '[name].js'),
        comments: { jsdoc: false, legal: false },
      },
    },
  },
}
