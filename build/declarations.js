// Joins the declarations that tsc has written to .cache/types into one file for each entry and one that they share. Whatever
// no entry exports is left out; comments stay.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const root = join(import.meta.dirname, '..')
const entry = (name) => join(root, '.cache/types', name, 'index.d.ts')
const output = join(root, 'dist/types')

const bundle = await rolldown({
  input: { index: entry(''), 'node/index': entry('node'), 'worker/index': entry('worker') },
  plugins: [dts({ dtsInput: true, emitDtsOnly: true, tsconfig: false })],
})
rmSync(output, { recursive: true, force: true })
await bundle.write({
  dir: output,
  chunkFileNames: 'library.d.ts',
  // The one line of the entries that is not a declaration.
  banner: '/// <reference lib="esnext.disposable" preserve="true" />',
})
