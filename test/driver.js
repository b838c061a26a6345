/**
 * `npm run test:driver [-- NAME...]`: the tests of the GPU on the Vulkan driver in VK_DRIVER_FILES, such as Mesa's
 * lavapipe. Names are those of files test/NAME.test.ts.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const driver = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES
if (!driver) {
  console.error(
    'Set VK_DRIVER_FILES to the file of a Vulkan driver, such as /usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
  )
  process.exit(2)
}
const { create } = await import('webgpu')
const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' })
if (!adapter || /null backend/i.test(adapter.info.description)) {
  console.error(`Dawn finds no adapter with the driver ${driver}`)
  process.exit(2)
}
console.log(`${adapter.info.description || adapter.info.device}, ${driver}`)

/** The files with tests that run on the device of test/device.ts. */
function gpuFiles() {
  const files = readdirSync(join(root, 'test')).filter((name) => name.endsWith('.test.ts'))
  return files.filter((name) => readFileSync(join(root, 'test', name), 'utf8').includes("from './device.ts'"))
}

const names = process.argv.slice(2)
const files = names.length > 0 ? names.map((name) => `${name}.test.ts`) : gpuFiles()
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
// Some drivers take many seconds to compile a kernel.
const options = ['run', '--project', 'tests', '--test-timeout=600000', '--hook-timeout=600000']
const { status } = spawnSync(process.execPath, [vitest, ...options, ...files.map((name) => `test/${name}`)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver },
})
// Dawn keeps the process alive.
process.exit(status ?? 1)
