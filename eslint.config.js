import { builtinModules } from 'node:module'
import tseslint from 'typescript-eslint'

const builtins = ['node:*', ...builtinModules.filter((name) => !name.startsWith('_') && !name.includes('/'))]

const seeded = { object: 'Math', property: 'random', message: 'Use the seeded Random of src/core/random.ts.' }
const written = {
  property: 'writeBuffer',
  message: 'Use write() of src/backend/webgpu/device/device.ts: some engines reject empty writes.',
}

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'dist-demo/',
      'dist-docs/',
      'runs/',
      '.cache/',
      '.gpu/',
      'shared/',
      'coverage/',
      'examples/react/',
      'test/consumers/typescript/',
    ],
  },
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
      // Numeric code indexes typed arrays within bounds that the types do not express.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A backend receives its own handles typed as the interface; tables hold plain functions.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Public functions check arguments of untyped callers, although the types exclude such values.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // The library runs in browsers and in workers: it uses neither modules of Node nor the DOM.
    files: ['src/**/*.ts'],
    ignores: ['src/node/**', 'src/cli/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: builtins.slice(1), patterns: [{ group: ['node:*'] }] }],
      'no-restricted-properties': ['error', seeded, written],
      'no-restricted-globals': ['error', 'document', 'window', 'localStorage', 'process', 'Buffer', 'require'],
    },
  },
  {
    // src/cli/streams.ts writes all terminal output, because it escapes untrusted text.
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
      // Vitest types expect.anything() and similar matchers as `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Its functions are used by the text that toJavaScript writes before it.
    files: ['src/formats/standalone.js'],
    rules: { '@typescript-eslint/no-unused-vars': 'off' },
  },
)
