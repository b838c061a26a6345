// Looks for inputs that readers do not refuse as they should: npm run test:fuzz -- [--seconds N] [--seed S] [--only NAME] [--keep]
// N seconds for each reader (15); --keep writes the inputs that reach something new to test/fuzz/corpus.
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
for (const name of ['seconds', 'seed']) {
  if (!/^\d+$/.test(values[name])) {
    console.error(`--${name}: expected a whole number, got '${values[name]}'`)
    process.exit(2)
  }
}
const only = values.only === undefined ? [] : ['-t', values.only]
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', 'test/fuzz.test.ts', '--mode', 'fuzz', '--silent=false', ...only],
  {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: 'inherit',
    env: {
      ...process.env,
      FUZZ_SECONDS: values.seconds,
      FUZZ_SEED: values.seed,
      ...(values.keep && { FUZZ_KEEP: '1' }),
    },
  },
)
process.exitCode = status ?? 1
