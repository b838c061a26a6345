/**
 * Writes the pages of the documentation site that come from the sources: the reference, the command line, the error
 * messages. `npm run docs` and `npm run docs:build` call it first.
 */
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'
import { scriptText } from '../script-text.js'

const { module } = await runnerImport(fileURLToPath(new URL('generate/main.ts', import.meta.url)), {
  configFile: false,
  root: fileURLToPath(new URL('..', import.meta.url)),
  logLevel: 'error',
  plugins: [scriptText()],
  resolve: { conditions: ['node', 'module', 'import', 'default'] },
})
await module.generate()
