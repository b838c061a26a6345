const error = 'error'
const shaders = '^shaders/'

/** A layer with the folders that it may import; ARCHITECTURE.md says why. Types count as imports. */
const layer = (name, from, allowed) => ({
  name,
  severity: error,
  from: { path: from },
  to: { path: '^(src|demo|docs|bench|test)/', pathNot: [from, ...allowed].join('|') },
})

const core = '^src/core/'
const tables = '^src/(model|data|loss|optimizer)/'
const backend = '^src/backend/'
const index = '^src/index\\.ts$'
const schemas = '^src/option-schemas\\.ts$'
const node = '^src/node/'
// Commands as text for a shell, without imports: the command line and the page show them, and no user of the library gets them.
const shell = '^src/shell\\.ts$'

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Modules that need each other, be it for their types, are one module.',
      severity: error,
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolved',
      severity: error,
      from: {},
      to: { couldNotResolve: true, pathNot: shaders },
    },
    layer('core', core, []),
    layer('model-data-loss-optimizer', tables, [core]),
    // Dawn is reached as '#gpu' only, and the cache as '#cache', see below.
    layer('backend', backend, [core, tables, '^src/node/(dawn|adapter-cache)\\.ts$', '^src/wgsl\\.d\\.ts$']),
    layer('training', '^src/training/', [core, tables, backend]),
    layer('formats', '^src/formats/(?!pytorch/)', [core, '^src/(model|data)/']),
    // A program that continues a training is checked as a training is.
    layer('pytorch', '^src/formats/pytorch/', [core, tables, '^src/(training|formats)/']),
    layer('index', index, [schemas, '^src/(core|model|data|loss|optimizer|backend|training|formats)/']),
    layer('option-schemas', schemas, ['^src/(core|model|data|loss|optimizer|backend|training|formats)/']),
    // CSV files that are larger than memory are read with the parts of the library's own reader; `doctor --check` runs the
    // library's check, which browsers do not need.
    // Its entries are those of the package.
    layer('node', node, [
      index,
      '^src/worker/index\\.ts$',
      '^src/(core|data|model|backend/webgpu/device|backend/host/wasm|training/check)/',
    ]),
    layer('shell', shell, []),
    // A page that connects to a worker contains no trainer, so this imports its own parts and not the whole library.
    layer('worker', '^src/worker/', [core, tables, '^src/training/']),
    layer('cli', '^src/cli/', [index, node, shell, '^package']),
    {
      name: 'page-script',
      comment: 'What runs in the page of a sweep is inlined into it, so it contains nothing of the library.',
      severity: error,
      from: { path: '^src/cli/sweep-page/browser/' },
      to: { path: '^src/', pathNot: '^src/cli/sweep-page/(browser/|payload\\.ts$)' },
    },
    {
      name: 'demo',
      comment: 'The page takes what every user gets, and writes commands as the command line does.',
      severity: error,
      from: { path: '^demo/' },
      to: { path: '^src/', pathNot: [index, shell].join('|') },
    },
    {
      name: 'backends-apart',
      comment: 'One is the reference for the other.',
      severity: error,
      from: { path: '^src/backend/(host|webgpu)/' },
      to: { path: '^src/backend/(host|webgpu)/', pathNot: '^src/backend/$1/' },
    },
    {
      name: 'platform-through-imports-only',
      comment: "The library opens the GPU as '#gpu' and the cache as '#cache', which differ between Node and browsers.",
      severity: error,
      from: { path: '^src/', pathNot: '^src/node/' },
      to: { path: '^src/node/(dawn|adapter-cache)\\.ts$', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'shaders-through-kernels-only',
      severity: error,
      from: { pathNot: '^src/backend/webgpu/kernels/manifest\\.ts$' },
      to: { path: shaders },
    },
    {
      name: 'no-node-in-the-library',
      severity: error,
      from: { path: '^src/', pathNot: '^src/(node|cli)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-development-packages',
      severity: error,
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // Parts of the package's files: pbf; uPlot, as text in reports; what the script of the page of a sweep imports.
        pathNot: '(^|/)node_modules/(pbf|uplot|preact|@preact|d3-[a-z]+)/',
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.css'],
    },
  },
}
