import { join } from 'node:path'
import { build } from 'vite'
import { scriptText } from '../../script-text.js'

/**
 * Bundles test files with the program that runs them (suite.ts), for engines in which Vitest itself does not run. The
 * library comes from its sources, as in Vitest, but with the WebGPU of the environment and not with Dawn.
 * @param {string} root the repository
 * @param {readonly string[]} names of files test/NAME.test.ts
 * @param {string} folder for suite.js and a NAME.js for each file
 */
export async function bundleTests(root, names, folder) {
  const files = names.map((name) => [name, join(root, 'test', `${name}.test.ts`)])
  await build({
    configFile: false,
    plugins: [scriptText()],
    root,
    logLevel: 'warn',
    resolve: {
      alias: [{ find: /^vitest$/, replacement: join(root, 'test', 'deno', 'vitest.ts') }],
      conditions: ['browser', 'module', 'import', 'default'],
    },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2022',
      minify: false,
      reportCompressedSize: false,
      lib: { entry: { suite: join(root, 'test', 'deno', 'suite.ts'), ...Object.fromEntries(files) }, formats: ['es'] },
      rolldownOptions: {
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
        external: /^node:/,
      },
    },
  })
}
