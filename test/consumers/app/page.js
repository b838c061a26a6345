import { run } from './run.js'

globalThis.result = run().catch((error) => ({ failed: error.stack }))
