import { build } from 'vite'

const suffix = '?thread'

/** By entry: builds of several programs take the same one in. */
const bundles = new Map()

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
    resolveId: {
      filter: { id: /\?thread$/ },
      async handler(id, importer) {
        const resolved = await this.resolve(id.slice(0, -suffix.length), importer, { skipSelf: true })
        // The other ending keeps those plugins away that compile TypeScript.
        return resolved && `\0${resolved.id.replace(/\.ts$/, '.js')}${suffix}`
      },
    },
    load: {
      filter: { id: /^\0.*\?thread$/ },
      async handler(id) {
        const entry = id.slice(1, -suffix.length).replace(/\.js$/, '.ts')
        if (this.meta.watchMode || !bundles.has(entry)) bundles.set(entry, bundle(entry))
        return `export default ${JSON.stringify(await bundles.get(entry))}`
      },
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
