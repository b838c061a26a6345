import { builtinModules } from 'node:module'
import tseslint from 'typescript-eslint'

const builtins = ['node:*', ...builtinModules.filter((name) => !name.startsWith('_') && !name.includes('/'))]

const seeded = { object: 'Math', property: 'random', message: 'Take the seeded Random of src/core/random.ts.' }
const written = {
  property: 'writeBuffer',
  message: 'Take write() of src/backend/webgpu/device/device.ts: some engines refuse empty writes.',
}

export default tseslint.config(
  { ignores: ['dist/', 'dist-demo/', 'runs/', '.cache/', '.gpu/', 'shared/', 'coverage/'] },
  tseslint.configs.strictTypeChecked,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', '.dependency-cruiser.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      'no-restricted-properties': ['error', seeded],
      // Numeric code indexes typed arrays within bounds that the types cannot know.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A backend gets back the handles that it gave out, typed as the interface; functions live in plain tables.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Public functions check what untyped callers pass, although the types rule it out.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // The library runs in browsers: nothing of Node in it, and nothing of a page (workers have none).
    files: ['src/**/*.ts'],
    ignores: ['src/node/**', 'src/cli/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: builtins.slice(1), patterns: [{ group: ['node:*'] }] }],
      'no-restricted-properties': ['error', seeded, written],
      'no-restricted-globals': ['error', 'document', 'window', 'localStorage', 'process', 'Buffer', 'require'],
    },
  },
  {
    // Text for a terminal goes through src/cli/streams.ts, which escapes what comes from outside.
    files: ['src/**/*.ts'],
    ignores: ['src/cli/streams.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        seeded,
        written,
        { object: 'process', property: 'stdout', message: 'Print through src/cli/output.ts.' },
        { object: 'process', property: 'stderr', message: 'Print through src/cli/output.ts.' },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // expect.anything() and its like are typed `any` by vitest.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
)
