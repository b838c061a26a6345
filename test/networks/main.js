// Trains random networks on every backend: npm run test:random -- [--count N] [--seed S] [--path P] [--properties] [--verbose]
// Then it checks properties of training (properties/) on a tenth as many networks; with --properties, only those.
// A failure names the seed and the path of its case; with both, that case is run again and made smaller.
// The networks are trained in pieces, each in a process and with a seed: a piece begins at the seed plus its number.
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** Networks of one process, so that figures appear during a long run, and a crash loses few of them. */
const PIECE = 100
/** Properties are checked on this share of the networks. */
const PROPERTIES = 0.1

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    path: { type: 'string' },
    properties: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
for (const name of ['count', 'seed']) {
  if (!/^\d+$/.test(values[name])) {
    console.error(`--${name}: expected a whole number, got '${values[name]}'`)
    process.exit(2)
  }
}
const [count, firstSeed] = [Number(values.count), Number(values.seed)]

/** What is checked: a test file, and the name of the test in it that reads the variables. */
const networks = { what: 'networks', file: 'test/random_networks.test.ts', test: 'random networks are trained' }
const properties = { what: 'properties', file: 'test/metamorphic.test.ts', test: 'properties of' }

/** Runs a test with these variables. @returns its exit status, and what it printed */
function run({ file, test }, variables, stdio) {
  const child = spawn('npx', ['vitest', 'run', '--project', 'tests', file, '-t', test], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', stdio, stdio],
    env: { ...process.env, ...variables },
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (printed += text))
  return new Promise((resolve) => child.on('close', (status) => resolve({ status: status ?? 1, printed })))
}

/** Adds the figures of a piece (figures.ts) to those of the pieces before it. */
function add(sum, figures) {
  for (const name of ['networks', 'sharp', 'seconds']) sum[name] += figures[name]
  sum.failures.push(...figures.failures)
  for (const [reason, number] of Object.entries(figures.skipped)) {
    sum.skipped[reason] = (sum.skipped[reason] ?? 0) + number
  }
  for (const [name, one] of Object.entries(figures.backends)) {
    const all = (sum.backends[name] ??= { networks: 0, seconds: 0, worst: 0, worstOf: '' })
    all.networks += one.networks
    all.seconds += one.seconds
    if (one.worst > all.worst) Object.assign(all, { worst: one.worst, worstOf: one.worstOf })
  }
}

function print(what, count, { networks, sharp, seconds, skipped, backends, failures }) {
  const reasons = Object.entries(skipped).map(([reason, number]) => `${number} with ${reason}`)
  console.log(
    `${networks} of ${count} ${what}, ${sharp} with sharp bounds, ${failures.length} failures, ` +
      `${reasons.length > 0 ? `skipped: ${reasons.join(', ')}` : 'none skipped'}, ${Math.round(seconds)} s`,
  )
  for (const [name, one] of Object.entries(backends)) {
    console.log(
      `  ${name.padEnd(16)} ${String(one.networks).padStart(6)} ${what}  ${one.seconds.toFixed(0).padStart(6)} s  ` +
        `at most ${one.worst.toFixed(3)} of a bound${one.worstOf && ` (${one.worstOf})`}`,
    )
  }
}

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-random-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Checks `count` random networks in pieces, and prints the figures of all after each piece. */
async function runAll(kind, count) {
  const sum = { networks: 0, sharp: 0, seconds: 0, skipped: {}, backends: {}, failures: [] }
  for (let begin = 0, piece = 0; begin < count; begin += PIECE, piece++) {
    const file = join(folder, `${kind.what}-${piece}.json`)
    const variables = {
      RANDOM_NETWORKS: String(Math.min(PIECE, count - begin)),
      RANDOM_SEED: String(firstSeed + piece),
      RANDOM_FIGURES: file,
      ...(values.verbose && { RANDOM_VERBOSE: '1' }),
    }
    const { status, printed } = await run(kind, variables, 'pipe')
    if (status !== 0 || values.verbose) console.log(printed)
    if (status !== 0) process.exitCode = 1
    try {
      add(sum, JSON.parse(readFileSync(file, 'utf8')))
    } catch {
      console.log(`The piece from seed ${firstSeed + piece} did not end.`)
    }
    print(kind.what, count, sum)
  }
}

if (values.path !== undefined) {
  const kind = values.properties ? properties : networks
  const { status } = await run(kind, { RANDOM_SEED: values.seed, RANDOM_PATH: values.path }, 'inherit')
  process.exit(status)
}
console.log(`${count} random networks from seed ${firstSeed}`)
if (!values.properties) await runAll(networks, count)
await runAll(properties, values.properties ? count : Math.ceil(PROPERTIES * count))
