import { join, relative } from 'node:path'
import { build } from 'vite'

/** Programs of worker threads, and scripts of pages that the command line writes. */
const suffix = /\?(thread|page)$/

const root = import.meta.dirname

/** By entry: builds of several programs take the same one in. */
const bundles = new Map()

/** The modules that each text contains, by the name of the module that is the text. */
const contents = new Map()

/** The files that are in a text which this plugin made; none for other modules. */
export const modulesInText = (id) => contents.get(id) ?? []

/**
 * A plugin of Vite that takes a module with everything that it imports in as text: `import source from './program.ts?thread'`
 * or `import script from './main.tsx?page'`. Worker threads that start from text need no file of their own, which bundlers of
 * programs that use the library would have to find; pages that contain their script need no second file.
 * @returns {import('vite').Plugin}
 */
export function scriptText() {
  return {
    name: 'script-text',
    enforce: 'pre',
    resolveId: {
      filter: { id: suffix },
      async handler(id, importer) {
        const resolved = await this.resolve(id.replace(suffix, ''), importer, { skipSelf: true })
        // The other ending keeps those plugins away that compile TypeScript.
        return resolved && `\0${relative(root, resolved.id)}.js${suffix.exec(id)[0]}`
      },
    },
    load: {
      filter: { id: /^\0.*\?(thread|page)$/ },
      async handler(id) {
        const entry = join(root, id.slice(1).replace(suffix, '').slice(0, -'.js'.length))
        if (this.meta.watchMode || !bundles.has(entry)) bundles.set(entry, bundle(entry))
        const { code, moduleIds } = await bundles.get(entry)
        contents.set(id, moduleIds)
        return `export default ${JSON.stringify(code)}`
      },
    },
  }
}

/** The program as one classic script, minified: browsers load it with the library. With the modules that it contains. */
async function bundle(entry) {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { conditions: ['browser', 'module', 'import', 'default'] },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      lib: { entry, formats: ['iife'], name: 'program' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  return (Array.isArray(result) ? result : [result])[0].output[0]
}
