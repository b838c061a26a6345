import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin, UserConfig } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration as Project } from 'vitest/config'
import { library, refuseNode } from './build/library.ts'
import { licenses } from './build/licenses.ts'
import { contentSecurityPolicy } from './demo/content-security-policy.ts'
import { softwareAdapterEnv } from './test/software-adapter.ts'
import { scriptText } from './script-text.js'
import { compactShaders } from './shaders/compact.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

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

/** Parts of the library that only benchmarks call, for Node. */
const bench: UserConfig = {
  plugins: [scriptText(), compactShaders()],
  resolve: { conditions: ['node', 'module', 'import', 'default'] },
  build: {
    ssr: true,
    outDir: '.cache/bench',
    target: 'node20',
    reportCompressedSize: false,
    lib: { entry: { internals: path('bench/internals.ts') }, formats: ['es'] },
    rolldownOptions: { output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' } },
  },
  ssr: { resolve: { conditions: ['node', 'module', 'import', 'default'] } },
}

const pageLicenses = licenses()

/** The demo page, as static files with relative paths. */
const demo: UserConfig = {
  root: path('demo'),
  base: './',
  plugins: [refuseNode(), scriptText(), compactShaders(), absoluteCard(), restrictPage(), pageLicenses.plugin],
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es', plugins: () => [scriptText(), compactShaders(), pageLicenses.collector()] },
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
  consumers: [
    ...['bundles', 'package', 'onnx_checker', 'react_example', 'sizes'].map(file),
    'test/consumers/*.test.ts',
  ],
  /** Frameworks and versions of TypeScript, whose packages take minutes to install. */
  frameworks: ['test/consumers/frameworks/*.test.ts'],
  /** The built documentation site. */
  site: ['site_pages'].map(file),
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
  const { page, faults, consumers, frameworks, site, timing } = groups
  return [
    project('tests', { include: ['test/**/*.test.ts'], exclude: Object.values(groups).flat() }),
    project('page', { include: page, globalSetup: 'test/build-page.ts' }),
    project('faults', { include: faults }),
    project('consumers', { include: consumers }),
    project('frameworks', { include: frameworks }),
    project('site', { include: site, globalSetup: 'test/build-site.ts' }),
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
  if (mode === 'library') return library
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
