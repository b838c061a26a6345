import { build } from 'vite'

const suffix = '?thread'

/**
 * A plugin of Vite that takes a module with everything that it imports in as text: `import source from './program.ts?thread'`.
 * Worker threads that start from text need no file of their own, which bundlers of programs that use the library would have
 * to find.
 * @returns {import('vite').Plugin}
 */
export function threadText() {
  return {
    name: 'thread-text',
    enforce: 'pre',
    async resolveId(id, importer) {
      if (!id.endsWith(suffix)) return undefined
      const resolved = await this.resolve(id.slice(0, -suffix.length), importer, { skipSelf: true })
      // The other ending keeps those plugins away that compile TypeScript.
      return resolved && `\0${resolved.id}.js${suffix}`
    },
    async load(id) {
      if (!id.startsWith('\0') || !id.endsWith(suffix)) return undefined
      const entry = id.slice(1, -`.js${suffix}`.length)
      return `export default ${JSON.stringify(await bundle(entry))}`
    },
  }
}

/** The program as one classic script, minified: browsers load it with the library. */
async function bundle(entry) {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['browser', 'module', 'import', 'default'] },
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      lib: { entry, formats: ['iife'], name: 'thread' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  return (Array.isArray(result) ? result : [result])[0].output[0].code
}
