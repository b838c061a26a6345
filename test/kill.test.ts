import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Random } from '../src/core/random.ts'
import { decodeCheckpoint, Network } from '../src/index.ts'
import { program, runCommand } from './command.ts'
import { countPhases, killAndResume, type Phase, type ResumableRun, runUndisturbed } from './faults/chain.ts'
import { call, run, train, words } from './resumable-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-kill-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)

// Set by `npm run test:faults -- --mode faults`: the numbers that docs/reliability.md reports.
const isLong = process.env.ALL_FAULTS !== undefined
const seed = Number(process.env.RANDOM_SEED ?? 1)
const EPOCHS = 30

const common = `--samples 400 --test 0.2 --batch 16 --seed 4 --epochs ${EPOCHS}`
const large =
  '--layers -,12,8,- --activation tanh,tanh,softmax --loss crossEntropy --optimizer adam --lr 0.005 --schedule cosine:epochs=30'
const options = {
  cpu: `--data spirals ${large} --dropout 0.1 --l2 1e-5`,
  wasm: `--data spirals ${large} --dropout 0.1 --clip-norm 1`,
  'webgpu layered': `--data spirals ${large} --dropout 0.1 --clip-norm 1`,
  'webgpu resident': '--deterministic --data circle --layers -,3,- --optimizer sgd --momentum 0.9 --lr 0.3 --warmup 3',
}

/** How a run of training ends: the bytes of its model, and its history without times. */
function endOf(name: string): { model: string; history: string } {
  const { notes } = decodeCheckpoint(readFileSync(file(`${name}.checkpoint`), 'utf8'))
  const { epochs } = notes as { epochs: number[][] }
  return {
    model: readFileSync(file(`${name}.json`), 'utf8'),
    history: JSON.stringify(epochs.map((row) => row.slice(0, 6))),
  }
}

function trainingRun(name: string, given: string): ResumableRun {
  const state = file(`${name}.checkpoint`)
  const out = file(`${name}.json`)
  const report = file(`${name}.html`)
  return {
    begin: words(`train ${given} ${common} --checkpoint ${state} --out ${out} --report ${report}`),
    resume: ['train', '--resume', state],
    state,
    last: report,
    // Whatever is there is whole.
    inspect: () => {
      if (existsSync(out)) Network.fromJSON(JSON.parse(readFileSync(out, 'utf8')))
      return decodeCheckpoint(readFileSync(state, 'utf8')).epoch === EPOCHS
    },
  }
}

/** Kills and resumes runs until there were `kills` kills. `check` is called at the end of each. */
async function repeat(
  name: string,
  kills: number,
  makeRun: (name: string) => ResumableRun,
  check: (name: string) => void,
): Promise<void> {
  const whole = makeRun(`${name}-whole`)
  const random = new Random(seed, 'data')
  // The first process also compiles and tests kernels, and keeps what it found.
  await runCommand(whole.begin)
  const undisturbed = await runUndisturbed(whole)
  const all: Phase[] = []
  let chains = 0
  while (all.length < kills) {
    const one = `${name}-${chains++}`
    all.push(...(await killAndResume(makeRun(one), undisturbed, random, kills - all.length)))
    check(one)
    if (isLong)
      console.log(`${name}: ${all.length} kills (${countPhases(all)}); ${chains} runs ended with the same bytes`)
    for (const left of readdirSync(folder)) if (left.startsWith(one)) rmSync(file(left), { recursive: true })
  }
}

/** Kills in `npm test:faults`, and in the long run. */
const counts: [keyof typeof options, normal: number, long: number][] = [
  ['cpu', 5, 200],
  ['wasm', 2, 200],
  ['webgpu layered', 1, 100],
  ['webgpu resident', 0, 100],
]

describe.concurrent('train --checkpoint, killed at random moments, ends with the same bytes', () => {
  for (const [name, normal, long] of counts) {
    if (!isLong && normal === 0) continue
    const [backend] = name.split(' ')
    const id = name.replace(' ', '-')
    const makeRun = (one: string) => trainingRun(one, `${options[name]} --backend ${backend!}`)
    const check = (one: string) => {
      expect(endOf(one)).toEqual(endOf(`${id}-whole`))
      // The next process that writes to the folder removes the temporary files of killed ones.
      expect(readdirSync(folder).filter((left) => left.endsWith('.tmp') && left.includes(`.${one}.`))).toEqual([])
    }
    it(name, () => repeat(id, isLong ? long : normal, makeRun, check), isLong ? 7_200_000 : 240_000)
  }
})

describe.runIf(isLong)('sweep, killed at random moments', () => {
  const given =
    'sweep --data circle --samples 60 --test 0.25 --layers 2,3,2 --layers 2,4,2 --lr 0.3:3:log:2 --batch 8 --seeds 8 ' +
    '--epochs 2000 --backend cpu'
  const resultsOf = (name: string) => {
    const { results } = JSON.parse(readFileSync(join(file(name), 'results.json'), 'utf8')) as { results: unknown[] }
    return { results, best: readFileSync(join(file(name), 'best.json'), 'utf8') }
  }

  it('ends with the same results', async () => {
    const makeRun = (one: string): ResumableRun => {
      const out = file(one)
      return {
        begin: words(`${given} --out ${out}`),
        resume: ['sweep', '--resume', out],
        state: join(out, 'sweep.state'),
        last: join(out, 'sweep.html'),
        inspect: () => existsSync(join(out, 'best.json')),
      }
    }
    await repeat('sweep', 50, makeRun, (one) => {
      expect(resultsOf(one)).toEqual(resultsOf('sweep-whole'))
      expect(readdirSync(file(one)).filter((left) => left.endsWith('.tmp'))).toEqual([])
    })
  }, 3_600_000)
})

describe('train --checkpoint', () => {
  it('keeps the last epoch if Ctrl-C ends the run', async () => {
    expect(train('--out', file('whole.json')).status).toBe(0)
    const checkpoint = ['--checkpoint', file('int.checkpoint'), '--checkpoint-every', '1000']
    const given = [...run.filter((word) => word !== '--json'), '--out', file('int.json'), ...checkpoint]
    const child = spawn(process.execPath, [program, ...given], { stdio: ['ignore', 'pipe', 'ignore'] })
    let asked = false
    child.stdout.on('data', (text: Buffer) => {
      // Only once: a second signal ends the program immediately.
      if (!asked && text.toString().includes('Epoch')) asked = child.kill('SIGINT')
    })
    const code = await new Promise((resolve) => child.on('exit', resolve))
    expect(code).toBe(130)
    const { epoch } = decodeCheckpoint(readFileSync(file('int.checkpoint'), 'utf8'))
    expect(epoch).toBeGreaterThan(0)
    expect(epoch).toBeLessThan(60)
    expect(call('train', '--resume', file('int.checkpoint')).status).toBe(0)
    expect(readFileSync(file('int.json'), 'utf8')).toBe(readFileSync(file('whole.json'), 'utf8'))
  }, 60_000)
})
