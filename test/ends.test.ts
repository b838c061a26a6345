import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { program } from './command.ts'
import { isExhaustive } from './covering.ts'
import { type ProcessEnd, type ProcessOptions, runToEnd } from './ends/processes.ts'

/** Milliseconds in which a process ends after it has finished. */
const LIMIT = 1000
/** How often a process may be late: other processes delay it on a busy machine, but one that waits for something is always late. */
const ATTEMPTS = 3
/** Milliseconds for all attempts: on a busy machine, compiling kernels takes minutes. */
const LONGEST = isExhaustive ? 1_000_000 : 200_000

/** Another runtime for the programs, for example `ENDS_RUNTIME='deno run --allow-all'` or `bun`. */
const runtime = process.env.ENDS_RUNTIME?.split(' ') ?? []

const ownFile = (name: string) => fileURLToPath(new URL(`./ends/${name}`, import.meta.url))
const script = ownFile('script.js')
const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-ends-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a process until it ends within the limit. */
async function runInTime(words: readonly string[], options: ProcessOptions = {}): Promise<ProcessEnd> {
  for (let attempt = 1; ; attempt++) {
    const end = await runToEnd(words, { cwd: folder, ...options })
    if (end.after <= LIMIT || attempt === ATTEMPTS) {
      expect(end.after, `milliseconds from the last output to the end of ${words.join(' ')}`).toBeLessThan(LIMIT)
      return end
    }
  }
}

/** The ways of script.js, with the backend on which the normal run takes them, too: on the GPU, kernels take long to compile. */
const ways: Readonly<Record<string, 'cpu' | 'wasm' | undefined>> = {
  disposed: undefined,
  'not disposed': 'wasm',
  'two trainers, not disposed': undefined,
  'disposed during a run': undefined,
  aborted: undefined,
  'aborted by a timer': undefined,
  'left the loop of epochs': 'cpu',
  'left the loop of steps': undefined,
  'a loop that is not read on': undefined,
  stream: undefined,
  'left a stream': undefined,
  windows: undefined,
  sweep: undefined,
  'a sweep that is aborted': undefined,
  'cross-validation': undefined,
  'lost before a run': undefined,
  'lost during a run': undefined,
  'lost in a sweep': undefined,
  'an error in a callback, exit 1': undefined,
  'an error during a run, exit 1': undefined,
  'a wrong argument, exit 1': undefined,
}

describe('a program that uses the library ends within a second of its last line', () => {
  for (const backend of ['cpu', 'wasm', 'webgpu'] as const) {
    for (const [way, chosen] of Object.entries(ways)) {
      if (way.startsWith('lost') && backend !== 'webgpu') continue
      if (!isExhaustive && chosen !== backend) continue
      it(
        `${backend}: ${way}`,
        async () => {
          const { code, signal, out, error } = await runInTime([script, backend, way], { runtime })
          expect(out).toBe('MARK')
          expect({ code, signal }).toEqual({ code: way.endsWith('exit 1') ? 1 : 0, signal: null })
          if (code === 0) expect(error).toBe('')
          else expect(error).toMatch(/the program’s own|batchSize: expected/)
        },
        LONGEST,
      )
    }
  }
})

const train = 'train --data circle --layers 2,8,2 --seed 1 --epochs 3'
/** The exit code of each command line; $B is replaced by each backend. */
const commands: readonly (readonly [code: number, line: string, isShort?: boolean])[] = [
  [0, `${train} --backend $B --out a.json`],
  [0, `${train} --backend $B --out a.json --report a.html --checkpoint a.checkpoint --test 0.2`],
  [0, 'train --data digits --layers -,40,10 --samples 200 --seed 1 --epochs 2 --backend $B --out a.json'],
  [0, 'train --data circle --layers 2,8,2 --seed 1 --epochs 2 --folds 3 --backend $B --out a.json'],
  [1, 'train --data linear --layers -,4,- --activation linear --lr 1e30 --epochs 9 --seed 1 --backend $B --out a.json'],
  [2, `${train} --layers 2,8,3 --backend $B --out a.json`],
  [2, `${train} --lr x --backend $B --out a.json`, true],
  [0, 'sweep --data circle --layers 2,8,2 --lr 0.1,1 --seeds 2 --epochs 3 --backend $B --out swept'],
  [2, 'sweep --data circle --layers 2,8,3 --lr 0.1,1 --seeds 2 --epochs 3 --backend $B --out swept2'],
  [0, 'sweep merge shard1 shard2 --out merged'],
  [2, 'sweep merge none --out merged2'],
  [0, 'predict --model m.json --data rows.csv --backend $B --out p.csv'],
  [2, 'predict --model none.json --data rows.csv --backend $B'],
  [0, 'evaluate --model m.json --data circle --backend $B'],
  [2, 'evaluate --model m.json --data none.csv --backend $B'],
  [0, 'verify --layers 2,8,2 --data circle --backend $B'],
  [2, 'verify --layers 2,8 --data circle --backend $B'],
  [0, 'export --model m.json --to onnx --out m.onnx'],
  [2, 'export --model m.json --to onx --out m.onnx', true],
  [0, 'export --to pytorch --checkpoint c.checkpoint --out torch'],
  [0, 'import m.safetensors --out i.json'],
  [2, 'import rows.csv --out i.json'],
  [0, 'info --model m.json'],
  [2, 'info --model rows.csv'],
  [0, 'report run.html'],
  [2, 'report none'],
  [0, 'doctor'],
  [2, 'doctor --chek'],
]
/** Lines that cannot write their results. */
const unwritable = [
  `${train} --backend $B`,
  'sweep --data circle --layers 2,8,2 --lr 0.1,1 --seeds 2 --epochs 3 --backend $B --json --out swept3',
  'predict --model m.json --data rows.csv --backend $B',
  'evaluate --model m.json --data circle --backend $B',
  'verify --layers 2,8,2 --data circle --backend $B',
  'info --model m.json',
  'report run.html --json',
  'doctor',
]
const backendsOf = (line: string) => (line.includes('$B') ? ['cpu', 'wasm', 'webgpu'] : [''])
const wordsOf = (line: string, backend: string) => [program, ...line.replace('$B', backend).split(' ')]

describe('a command ends within a second of its last line', () => {
  beforeAll(async () => {
    if (!isExhaustive) return
    const given = [
      `${train} --backend cpu --out m.json --report run.html --checkpoint c.checkpoint`,
      'export --model m.json --to safetensors --out m.safetensors',
      ...[1, 2].map(
        (k) => `sweep --data circle --lr 0.1,1 --seeds 2 --epochs 2 --backend cpu --shard ${k}/2 --out shard${k}`,
      ),
    ]
    for (const line of given) expect(await runToEnd(wordsOf(line, ''), { cwd: folder })).toMatchObject({ code: 0 })
    writeFileSync(join(folder, 'rows.csv'), 'x,y\n0.1,0.2\n0.3,-0.4\n')
  })

  for (const [code, line, isShort] of commands) {
    for (const backend of backendsOf(line)) {
      if (!isExhaustive && !(isShort === true && ['', 'cpu'].includes(backend))) continue
      it(
        `${code}: ${line.replace('$B', backend)}`,
        async () => {
          const end = await runInTime(wordsOf(line, backend))
          expect(end, end.error).toMatchObject({ code, signal: null })
          if (code > 0) expect(end.error).toMatch(/^webgpu-mlp: .*\n$/)
        },
        LONGEST,
      )
    }
  }

  for (const line of existsSync('/dev/full') && isExhaustive ? unwritable : []) {
    for (const backend of backendsOf(line)) {
      it(
        `1: ${line.replace('$B', backend)} > /dev/full`,
        async () => {
          const end = await runInTime(wordsOf(line, backend), { stdout: openSync('/dev/full', 'w') })
          expect(end, end.error).toMatchObject({ code: 1, signal: null })
          expect(end.error).toContain('standard output: cannot be written: the disk is full')
        },
        LONGEST,
      )
    }
  }

  const endless = `${train.replace('--epochs 3', '--epochs 1000000')} --backend $B --out c.json`
  for (const backend of isExhaustive ? backendsOf(endless) : []) {
    it(
      `130: Ctrl-C, on ${backend}`,
      async () => {
        let isAsked = false
        const onOutput: ProcessOptions['onOutput'] = (kill, out) => {
          if (!isAsked && out.includes('Epoch')) kill('SIGINT')
          isAsked ||= out.includes('Epoch')
        }
        const end = await runInTime(wordsOf(endless, backend), { onOutput })
        expect(end, end.error).toMatchObject({ code: 130, signal: null })
      },
      LONGEST,
    )
  }

  const lossy: readonly (readonly [line: string, env: Record<string, string>])[] = [
    [
      'train --data circle --layers 2,8,2 --seed 1 --epochs 60 --backend webgpu --out l.json',
      { LOSE_AFTER: '1500', LOSE_DEVICES: '1' },
    ],
    ['evaluate --model m.json --data circle --backend webgpu', { LOSE_AFTER: '20' }],
    ['verify --layers 2,8,2 --data circle --backend webgpu', { LOSE_AFTER: '20' }],
  ]
  for (const [line, env] of isExhaustive ? lossy : []) {
    it(
      `a lost device: ${line}`,
      async () => {
        const words = ['--import', ownFile('lose-device.js'), ...wordsOf(line, '')]
        const { code, signal, error } = await runInTime(words, { env })
        // Training goes on; a command of one call may fail, in one line.
        expect({ code, signal }, error).toEqual({
          code: line.startsWith('train') ? 0 : code === 0 ? 0 : 1,
          signal: null,
        })
      },
      LONGEST,
    )
  }
})
