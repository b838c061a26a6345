import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin, UserConfig } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration as Project } from 'vitest/config'
import { contentSecurityPolicy } from './demo/content-security-policy.ts'
import { softwareAdapterEnv } from './test/software-adapter.ts'
import { scriptText } from './script-text.js'
import { compactShaders } from './shaders/compact.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as Record<
  'dependencies' | 'optionalDependencies',
  Record<string, string>
>
const packages = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]

/**
 * Removes files of earlier builds. `emptyOutDir` is not suitable: the folder of the browser build contains that of the
 * Node build, and programs that run from the folder during a build must still find their files.
 * @param others folders of other builds within this one's
 */
function removeStale(others: readonly string[] = []): Plugin {
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

/** Fails the build if a module outside `src/node/` imports a module of Node. */
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

const browserEntries = {
  index: path('src/index.ts'),
  files: path('src/node/index.ts'),
  worker: path('src/worker/index.ts'),
}

/**
 * The build for browsers without a bundler, Deno and other environments that provide WebGPU; it needs no other package.
 * `files` is `webgpu-mlp/node` for them; one build produces both entries, so that they share one set of classes.
 */
const browser: UserConfig = {
  plugins: [refuseNode(), scriptText(), compactShaders(), removeStale(['modules', 'node', 'types'])],
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    // Error messages contain class names ("got a Matrix"), and the bundlers of users minify the code.
    minify: false,
    sourcemap: true,
    reportCompressedSize: false,
    lib: { entry: browserEntries, formats: ['es'] },
    rolldownOptions: { output, external: /^node:/ },
  },
}

/** npm leaves folders with the name node_modules out of packages. */
const moduleFile = ({ name }: { readonly name: string }) => `${name.replace('node_modules/', 'packages/')}.js`

/** The same for bundlers: each module is a file, so that they leave out all modules that a program does not use. */
const modules: UserConfig = {
  ...browser,
  plugins: [refuseNode(), scriptText(), compactShaders(), removeStale()],
  build: {
    ...browser.build,
    outDir: 'dist/modules',
    sourcemap: false,
    rolldownOptions: {
      output: {
        preserveModules: true,
        preserveModulesRoot: path('src'),
        entryFileNames: moduleFile,
        comments: { jsdoc: false },
      },
      external: /^node:/,
      // Without this, modules that only a module needs which is left out are imported for side effects.
      treeshake: { moduleSideEffects: false },
    },
  },
}

/** The build for Node and Bun: entries that share chunks, so that they share one set of classes. Packages are external. */
const node: UserConfig = {
  plugins: [scriptText(), compactShaders(), removeStale()],
  resolve: { conditions: ['node', 'module', 'import', 'default'] },
  build: {
    ssr: true,
    outDir: 'dist/node',
    emptyOutDir: false,
    target: 'node20',
    sourcemap: true,
    reportCompressedSize: false,
    lib: {
      entry: {
        index: path('src/index.ts'),
        files: path('src/node/index.ts'),
        worker: path('src/worker/index.ts'),
        cli: path('src/cli/main.ts'),
        'check-gpu': path('src/cli/check-gpu.ts'),
      },
      formats: ['es'],
    },
    rolldownOptions: { output, external: (id) => packages.some((name) => id === name || id.startsWith(`${name}/`)) },
  },
  ssr: { external: packages, resolve: { conditions: ['node', 'module', 'import', 'default'] } },
}

/** Gives the picture for social networks its whole address, where PAGE_URL holds that of the page. */
function absoluteCard(): Plugin {
  const { PAGE_URL } = process.env
  return {
    name: 'absolute-card',
    transformIndexHtml: {
      order: 'post',
      handler: (html) => (PAGE_URL ? html.replaceAll('"./card.png"', `"${new URL('card.png', PAGE_URL).href}"`) : html),
    },
  }
}

/** Writes the policy into the page. The development server inserts scripts and styles into the page, so it has none. */
function restrictPage(): Plugin {
  return {
    name: 'restrict-page',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/** Parts of the library that only benchmarks call. */
const bench: UserConfig = {
  ...node,
  build: {
    ...node.build,
    outDir: '.cache/bench',
    lib: { entry: { internals: path('bench/internals.ts') }, formats: ['es'] },
  },
}

/** The demo page, as static files with relative paths. */
const demo: UserConfig = {
  root: path('demo'),
  base: './',
  plugins: [refuseNode(), scriptText(), compactShaders(), absoluteCard(), restrictPage()],
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es', plugins: () => [scriptText(), compactShaders()] },
  build: {
    outDir: path('dist-demo'),
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    // The policy of the page allows no fonts and pictures within style sheets.
    assetsInlineLimit: 0,
  },
}

const file = (name: string) => `test/${name}.test.ts`

/** Groups of tests with separate commands; `npm test` runs all other files. */
const groups = {
  /** The demo page in a browser. */
  page: [
    'demo',
    'demo_data',
    'demo_diagram',
    'demo_digits',
    'demo_kept',
    'demo_lesson',
    'demo_lost',
    'demo_people',
    'demo_policy',
    'demo_several',
    'demo_share',
    'demo_sweep',
    'demo_tables',
    'demo_time',
    'demo_without_webgpu',
    'demo_words',
  ].map(file),
  /** Full disks, closed pipes, killed processes. */
  faults: ['full_disk', 'kill', 'process_faults'].map(file),
  /** The library as consumers use it: the installed package, bundles, and ONNX files. */
  consumers: ['bundles', 'package', 'onnx_checker', 'sizes'].map(file),
  /** Tests that measure durations or rates; they run one file at a time, with no other test in parallel. */
  timing: ['late_speed', 'page_speed'].map(file),
}

/** Files in which `npm test` runs a selection of the cases (test/covering.ts). */
function filesWithSelections(): string[] {
  const names = readdirSync(path('test')).filter((name) => name.endsWith('.test.ts'))
  return names.map((name) => `test/${name}`).filter((name) => readFileSync(path(name), 'utf8').includes('covering.ts'))
}

function testProjects(mode: string): Project[] {
  const project = (name: string, test: Project['test']): Project => ({
    extends: true,
    test: { name, maxWorkers: 2, setupFiles: ['test/quiet-polling.ts'], ...test },
  })
  if (mode === 'exhaustive') return [project('exhaustive', { include: filesWithSelections() })]
  const { page, faults, consumers, timing } = groups
  return [
    project('tests', { include: ['test/**/*.test.ts'], exclude: Object.values(groups).flat() }),
    project('page', { include: page, globalSetup: 'test/build-page.ts' }),
    project('faults', { include: faults }),
    project('consumers', { include: consumers }),
    // No other test runs in parallel, and Dawn polls as in production.
    project('timing', {
      include: timing,
      globalSetup: 'test/build-page.ts',
      setupFiles: [],
      maxWorkers: 1,
      sequence: { groupOrder: 1 },
    }),
  ]
}

/** A folder for what programs keep about adapters, so that a run of the tests neither reads nor changes the user's. */
function temporaryCache(): string {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-tests-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export default defineConfig(({ mode }) => {
  if (mode === 'browser') return browser
  if (mode === 'modules') return modules
  if (mode === 'node') return node
  if (mode === 'demo') return demo
  if (mode === 'bench') return bench
  // The loader reads LD_LIBRARY_PATH when a process starts, so it is set here for the forks to inherit.
  if (mode !== 'fuzz') Object.assign(process.env, softwareAdapterEnv())
  // The forks do not know the mode; they inherit these variables.
  process.env.WEBGPU_MLP_CACHE = temporaryCache()
  if (mode === 'faults') process.env.ALL_FAULTS = '1'
  if (mode === 'presets') process.env.ALL_SEEDS = '1'
  if (mode === 'exhaustive') process.env.EXHAUSTIVE = '1'
  if (mode === 'recovery') process.env.RECOVERY_MOMENTS ??= '100'
  return {
    plugins: [scriptText()],
    test: {
      pool: 'forks',
      // Without this, the style sheets of reports would be empty in tests.
      css: true,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      projects: testProjects(mode),
    },
  }
})
