/** Starts growth.js with the arguments given, on SwiftShader where there is no GPU: npm run test:memory -- [arguments]. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const own = (relative) => fileURLToPath(new URL(relative, import.meta.url))

const { module } = await runnerImport(own('../software-adapter.ts'))
const { status } = spawnSync(process.execPath, ['--expose-gc', own('growth.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ...module.softwareAdapterEnv() },
})
process.exitCode = status ?? 1
