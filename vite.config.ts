import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin, UserConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import { softwareAdapterEnv } from './test/software-adapter.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as Record<
  'dependencies' | 'optionalDependencies',
  Record<string, string>
>
const packages = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]

/**
 * Removes what earlier builds left beside this one's files. Not `emptyOutDir`: the browser's folder holds Node's, and
 * a program that runs from the folder while it is built should not find it empty.
 */
function removeStale(): Plugin {
  return {
    name: 'remove-stale',
    writeBundle({ dir = '' }, bundle) {
      for (const entry of readdirSync(dir, { withFileTypes: true })) {
        if (entry.isFile() && !(entry.name in bundle)) rmSync(join(dir, entry.name), { force: true })
      }
    },
  }
}

/** Fails the build where modules for browsers would need Node; `src/node/` may. */
function refuseNode(): Plugin {
  return {
    name: 'refuse-node',
    enforce: 'pre',
    resolveId(id, importer) {
      if (importer?.startsWith(path('src/node/'))) return
      if (id.startsWith('node:') || builtinModules.includes(id)) {
        this.error(`${importer ?? 'the entry'} imports '${id}', which browsers do not have`)
      }
    },
  }
}

const output = { entryFileNames: '[name].js', chunkFileNames: '[name].js' }

/**
 * For browsers, Deno and every other environment that brings its own WebGPU: nothing to install beside it. `files` is
 * `webgpu-mlp/node` for them; both entries are of one build, so that they share one set of classes.
 */
const browser: UserConfig = {
  plugins: [refuseNode(), removeStale()],
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    // Errors name classes ("got a Matrix"), and a user's bundler minifies anyhow.
    minify: false,
    sourcemap: true,
    reportCompressedSize: false,
    lib: { entry: { index: path('src/index.ts'), files: path('src/node/index.ts') }, formats: ['es'] },
    rolldownOptions: { output, external: /^node:/ },
  },
}

/** For Node and Bun: three entries that share chunks, so that both imports give one set of classes. Packages stay outside. */
const node: UserConfig = {
  plugins: [removeStale()],
  resolve: { conditions: ['node', 'module', 'import', 'default'] },
  build: {
    ssr: true,
    outDir: 'dist/node',
    emptyOutDir: false,
    target: 'node20',
    sourcemap: true,
    reportCompressedSize: false,
    lib: {
      entry: { index: path('src/index.ts'), files: path('src/node/index.ts'), cli: path('src/cli/main.ts') },
      formats: ['es'],
    },
    rolldownOptions: { output, external: (id) => packages.some((name) => id === name || id.startsWith(`${name}/`)) },
  },
  ssr: { external: packages, resolve: { conditions: ['node', 'module', 'import', 'default'] } },
}

/** The page, as static files with relative paths; training runs in a worker. */
const demo: UserConfig = {
  root: path('demo'),
  base: './',
  plugins: [refuseNode()],
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: path('dist-demo'),
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
  },
}

const tests = { include: ['test/**/*.test.ts'] }
/** Tests of how long something takes, how much is done in a time, or what a page does meanwhile. */
const timed = ['late', 'profile', 'demo', 'demo_data', 'demo_people', 'live'].map((name) => `test/${name}.test.ts`)

export default defineConfig(({ mode }) => {
  if (mode === 'browser') return browser
  if (mode === 'node') return node
  if (mode === 'demo') return demo
  // The loader reads LD_LIBRARY_PATH when a process starts: it is set here, and the forks inherit it.
  if (mode === 'test') Object.assign(process.env, softwareAdapterEnv())
  // The forks inherit this, too; they do not know the mode.
  if (mode === 'fuzz') process.env.FUZZ_LONG = '1'
  return {
    test: {
      pool: 'forks',
      // Else the reports' style would be empty in tests.
      css: true,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Two files at a time, then one at a time those in which time matters.
      projects: [
        {
          extends: true,
          test: {
            ...tests,
            name: 'tests',
            setupFiles: ['test/quiet-polling.ts'],
            exclude: timed,
            maxWorkers: 2,
            sequence: { groupOrder: 0 },
          },
        },
        { extends: true, test: { name: 'timed', include: timed, maxWorkers: 1, sequence: { groupOrder: 1 } } },
      ],
    },
  }
})
