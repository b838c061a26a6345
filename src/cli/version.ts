import { createRequire } from 'node:module'

// Two folders above both src/cli/ and dist/node/.
const found = createRequire(import.meta.url)('../../package.json') as { version: string }

/** The version of this package. */
export const version = found.version
