// Trains random networks on every backend: npm run test:random -- [--count N] [--seed S] [--path P] [--verbose]
// A failure names the seed and the path of its case; with both, that case is run again and made smaller.
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    path: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
for (const name of ['count', 'seed']) {
  if (!/^\d+$/.test(values[name])) {
    console.error(`--${name}: expected a whole number, got '${values[name]}'`)
    process.exit(2)
  }
}
console.log(`${values.count} random networks from seed ${values.seed}`)
const { status } = spawnSync('npx', ['vitest', 'run', 'test/random_networks.test.ts'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    RANDOM_NETWORKS: values.count,
    RANDOM_SEED: values.seed,
    ...(values.path && { RANDOM_PATH: values.path }),
    ...(values.verbose && { RANDOM_VERBOSE: '1' }),
  },
})
process.exitCode = status ?? 1
