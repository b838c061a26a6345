const error = 'error'
const shaders = '^shaders/'

/** Which way imports may point; ARCHITECTURE.md says why. */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment:
        'Modules that need each other are one module. Types may go in circles: nothing of them is left at run time.',
      severity: error,
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolved',
      severity: error,
      from: {},
      to: { couldNotResolve: true, pathNot: shaders },
    },
    {
      name: 'leaves',
      comment: 'errors imports nothing, random only errors.',
      severity: error,
      from: { path: '^src/(errors|random)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/errors\\.ts$' },
    },
    {
      name: 'model-and-data-below-training',
      comment: 'cli, demo → index → training → {backend, data, model} → random, errors. Types may be named upwards.',
      severity: error,
      from: { path: '^src/(model|data|backend)/' },
      to: {
        path: '^src/(index\\.ts|training|formats|node|cli)',
        // The backends carry out what training defines: its tables of losses, optimizers and schedules.
        pathNot: '^src/training/(loss|optimizer|minibatch|score|schedule|dropout)\\.ts$|^src/node/dawn\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'training-tables-are-leaves',
      comment: 'What the backends take from training must not lead back to the trainer.',
      severity: error,
      from: { path: '^src/training/(loss|optimizer|minibatch|score|schedule|dropout)\\.ts$' },
      to: {
        path: '^src/(training|backend|node|cli|index\\.ts)',
        pathNot: '^src/training/(loss|optimizer|minibatch|score|schedule|dropout)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'model-and-data-below-backend',
      severity: error,
      from: { path: '^src/(model|data)/' },
      to: { path: '^src/backend/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'training-below-index',
      severity: error,
      from: { path: '^src/(training|formats)/' },
      to: { path: '^src/(index\\.ts|node|cli)', pathNot: '^src/node/dawn\\.ts$' },
    },
    {
      name: 'library-below-its-entries',
      severity: error,
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'backends-apart',
      comment: 'One is the reference for the other.',
      severity: error,
      from: { path: '^src/backend/(cpu|webgpu)/' },
      to: { path: '^src/backend/(cpu|webgpu)/', pathNot: '^src/backend/$1/' },
    },
    {
      name: 'dawn-through-gpu-only',
      comment: "The library opens the GPU as '#gpu', which is Dawn in Node and the browser's own elsewhere.",
      severity: error,
      from: { path: '^src/', pathNot: '^src/node/' },
      to: { path: '^src/node/dawn\\.ts$', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'shaders-through-kernels-only',
      severity: error,
      from: { pathNot: '^src/backend/webgpu/kernels\\.ts$' },
      to: { path: shaders },
    },
    {
      name: 'no-node-in-the-library',
      severity: error,
      from: { path: '^src/', pathNot: '^src/(node|cli)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'demo-is-a-user',
      comment: 'The page takes what every user gets.',
      severity: error,
      from: { path: '^demo/' },
      to: { path: '^src/', pathNot: '^src/index\\.ts$' },
    },
    {
      name: 'no-development-packages',
      severity: error,
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // The report takes uPlot's files in as text.
        pathNot: '^node_modules/uplot/',
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
