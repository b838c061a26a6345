#!/usr/bin/env node
import { run } from './program.ts'

// The exit code is set, not forced: what was written to a pipe gets there, and the process ends by itself.
await run(process.argv)
