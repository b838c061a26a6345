// A long run that loses its device again and again:
// npm run test:soak -- [--minutes N] [--every SECONDS] [--together] [--rate cpu|wall|none]
// W2 trains with validation, checkpoints and lost devices. Then, or at the same time, the same epochs are trained without a
// loss. Exit status 1 where the memory grew, the rate fell, or the two runs differ in a bit.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'
import { checkNumber, main, readArguments, UsageError } from '../../bench/arguments.js'
import { bytes, number, percent, printTable } from '../../bench/table.js'
import { judge, median } from './judge.js'

const usage = `
Usage: npm run test:soak -- [--minutes N] [--every SECONDS] [--together] [--rate cpu|wall|none]

  --minutes N      how long W2 trains with lost devices; the run without a loss takes about as long again (default 60)
  --every SECONDS  between two losses (default 300; for less than 20 minutes, 20)
  --together       trains without a loss at the same time, in another process: both runs take N minutes together
  --rate cpu|wall|none  epochs per second of CPU time, which other programs on the machine hardly change, or of time; by
                   default CPU time where the adapter is software, else time; none where other programs use the machine: not judged
`

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('training.js', import.meta.url))

/** A training in a separate process. `ended` resolves with what it found, after a line was printed for each sample. */
class Run {
  #found
  #child
  ended

  constructor(name, options, env) {
    this.#found = { samples: [], milestones: new Map(), losses: 0, recoveries: 0, backend: '', name }
    this.#child = fork(program, [JSON.stringify(options)], { cwd: root, env, execArgv: ['--expose-gc'] })
    this.#child.on('message', (message) => this.#receive(message))
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        if (code === 0) resolve(this.#found)
        else reject(new Error(`the training ${name} ended with ${signal ?? `exit status ${code}`}`))
      })
    })
    this.ended.catch(() => undefined)
  }

  #receive(message) {
    const { kind } = message
    if (kind === 'milestone') this.#found.milestones.set(message.epoch, message.fingerprint)
    else if (kind === 'end') Object.assign(this.#found, message)
    else {
      this.#found.samples.push(message)
      console.log(`${this.#found.name}: ${describe(message)}`)
    }
  }

  /** Ends the training at the first checkpoint that has this many epochs. */
  endAt(epochs) {
    this.#child.send({ epochs })
  }

  stop() {
    this.#child.kill()
  }
}

/** Trains with losses, then, or at the same time, as many epochs without. */
async function trainBoth({ seconds, every, sampleSeconds, isTogether }, env) {
  const broken = new Run('with losses', { seconds, every, sampleSeconds }, env)
  const other = () => new Run('without', { sampleSeconds }, env)
  let unbroken = isTogether ? other() : undefined
  try {
    const found = await Promise.race([broken.ended, failureOf(unbroken)])
    unbroken ??= other()
    unbroken.endAt(found.epochs)
    return [found, await unbroken.ended]
  } catch (error) {
    broken.stop()
    unbroken?.stop()
    throw error
  }
}

/** Rejects where a run fails, and never resolves. */
const failureOf = (run) => new Promise((_, reject) => run?.ended.catch(reject))

const describe = ({ seconds, epoch, loss, rates, memory, losses }) =>
  [
    `minute ${(seconds / 60).toFixed(1)}`,
    `${number(epoch)} epochs`,
    `${rates.cpu.toFixed(2)} per CPU second`,
    `${rates.wall.toFixed(2)} per second`,
    `loss ${loss.toPrecision(6)}`,
    `memory ${bytes(memory.rss)}, heap ${bytes(memory.heapUsed)}, device ${bytes(memory.device)}`,
    `${losses} lost devices`,
  ].join(', ')

function report({ name, samples, milestones, losses, recoveries, epochs }, clock) {
  const rates = samples.map(({ rates }) => rates[clock])
  const resident = samples.map(({ memory }) => memory.rss)
  return [
    name,
    number(epochs),
    number(losses),
    number(recoveries),
    `${number(median(rates))} (${percent(Math.min(...rates) / median(rates))})`,
    `${bytes(resident[0])} to ${bytes(resident.at(-1))}`,
    number(milestones.size),
  ]
}

async function soak() {
  const { values, positionals } = readArguments(usage, {
    minutes: { type: 'string', default: '60' },
    every: { type: 'string' },
    rate: { type: 'string' },
    together: { type: 'boolean', default: false },
  })
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}'`)
  const minutes = checkNumber('minutes', values.minutes, { least: 0.5 })
  const every = checkNumber('every', values.every ?? (minutes < 20 ? '20' : '300'), { least: 1 })
  if (![undefined, 'cpu', 'wall', 'none'].includes(values.rate))
    throw new UsageError(`--rate: expected cpu, wall or none, got '${values.rate}'`)
  const { module } = await runnerImport(`${root}test/software-adapter.ts`)
  // glibc has a heap for each thread, and what a heap does not give back looks as if it were in use.
  const env = { MALLOC_ARENA_MAX: '1', ...process.env, ...module.softwareAdapterEnv() }
  const sampleSeconds = Math.min(60, (60 * minutes) / 10)
  const options = { seconds: 60 * minutes, every, sampleSeconds, isTogether: values.together }
  const [broken, unbroken] = await trainBoth(options, env)
  const isJudged = values.rate !== 'none'
  const usual = broken.software ? 'cpu' : 'wall'
  const clock = isJudged ? (values.rate ?? usual) : usual
  printTable({
    title: `W2 for ${minutes} minutes on ${broken.backend}, a device lost every ${every} seconds`,
    columns: ['', 'epochs', 'losses', 'recoveries', `epochs per ${clock === 'cpu' ? 'CPU second' : 'second'} (slowest)`, 'memory', 'checkpoints'], // prettier-ignore
    rows: [broken, unbroken].map((one) => report(one, clock)),
  })
  const broke = judge(broken, unbroken, isJudged ? clock : undefined)
  for (const line of broke) console.log(`BROKEN: ${line}`)
  if (broke.length === 0)
    console.log(`Memory is flat, ${isJudged ? 'the rate is steady, ' : ''}and all checkpoints are equal.`)
  process.exitCode = broke.length === 0 ? 0 : 1
}

await main(soak)
