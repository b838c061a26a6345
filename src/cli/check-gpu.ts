#!/usr/bin/env node
import { parseArgs } from 'node:util'
import '../node/provide.ts'
import { keepNativeMessages } from '../node/native-messages.ts'
import { runCheck } from './check.ts'
import { drawingBoard, standardError, standardOutput } from './streams.ts'

/**
 * `doctor --check` as a separate program: next to the library it needs the package `webgpu` only, so that it runs from
 * `dist/` on machines where nothing else is installed. Options: --out <file>, --json, --force.
 */
const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
if (!process.env.DEBUG) keepNativeMessages(drawingBoard)
try {
  const { values } = parseArgs({ options: { out: text, json: flag, force: flag } })
  process.exitCode = (await runCheck(values)) ? 0 : 1
} catch (error) {
  standardError.writeLines([`webgpu-mlp: ${(error as Error).message}`])
  process.exitCode = 1
}
await standardOutput.flush()
await standardError.flush()
