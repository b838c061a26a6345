import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeCheckpoint, Network } from '../src/index.ts'
import { type Ended, program, runCommand, runShell } from './command.ts'
import { canMount, remountDisk, withDisk } from './faults/disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-faults-'))
const made = join(folder, 'made')
const at = (name: string) => join(made, name)
// Set by `npm run test:faults -- --mode faults`: the numbers that docs/reliability.md reports.
const isLong = process.env.ALL_FAULTS !== undefined

const short = 'train --data circle --layers 2,3,2 --backend cpu --seed 1 --epochs 6'
const smallSweep =
  'sweep --data circle --samples 60 --test 0.25 --layers 2,3,2 --lr 0.3:3:log:2 --batch 8 --seeds 2 --epochs 3 --backend cpu'
const run = (line: string, env: Record<string, string> = {}) =>
  runCommand(line.split(' '), { cwd: made, env: { TMPDIR: made, ...env } })
const textOf = (name: string) => readFileSync(at(name), 'utf8')
const temporaries = (path: string) => readdirSync(path).filter((name) => name.endsWith('.tmp'))

/** The model that an undisturbed run writes, and the results of an undisturbed sweep. */
let whole = ''
let sweepResults: unknown
const resultsOf = (path: string) => {
  const { results } = JSON.parse(readFileSync(join(path, 'results.json'), 'utf8')) as { results: unknown[] }
  return results
}

beforeAll(async () => {
  mkdirSync(made)
  expect((await run(`${short} --out whole.json`)).code).toBe(0)
  expect((await run(`${smallSweep} --out whole`)).code).toBe(0)
  whole = textOf('whole.json')
  sweepResults = resultsOf(at('whole'))
})
beforeEach(() => {
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function expectOneLine({ error }: Ended): void {
  expect(error.trimEnd().split('\n')).toHaveLength(1)
  expect(error).toMatch(/^webgpu-mlp: /)
}

/** Sizes of a disk in KiB, so that it becomes full at each of the writes. */
const sizes = (last: number) => (isLong ? Array.from({ length: last / 8 }, (_, i) => 8 * i + 4) : [12])

describe.skipIf(!canMount)('a disk that becomes full (needs the right to mount one)', () => {
  const disk = join(folder, 'disk')

  it('train keeps the model, and leaves whole files', async () => {
    let refused = 0
    for (const size of sizes(320)) {
      await withDisk(disk, `size=${size}k`, async () => {
        const ended = await run(`${short} --out ${disk}/m.json --checkpoint ${disk}/c --report ${disk}/r.html --json`)
        const { model } = JSON.parse(ended.out) as { model: string }
        expect(readFileSync(model, 'utf8')).toBe(whole)
        expect(temporaries(disk)).toEqual([])
        if (existsSync(join(disk, 'c'))) decodeCheckpoint(readFileSync(join(disk, 'c'), 'utf8'))
        if (existsSync(join(disk, 'r.html'))) expect(readFileSync(join(disk, 'r.html'), 'utf8')).toMatch(/<\/html>\s*$/)
        if (ended.code !== 0) {
          refused++
          expect(ended.code).toBe(1)
          expect(ended.error).toContain('the disk is full')
        }
      })
    }
    expect(refused).toBeGreaterThan(0)
    if (isLong) console.log(`train on a full disk: ${sizes(320).length} sizes, ${refused} of them too small`)
  }, 1_200_000)

  it('sweep keeps the results, and leaves whole files', async () => {
    let refused = 0
    for (const size of sizes(240)) {
      await withDisk(disk, `size=${size}k`, async () => {
        const ended = await run(`${smallSweep} --out ${disk}/s`)
        expect(temporaries(join(disk, 's'))).toEqual([])
        if (ended.code !== 0) {
          refused++
          expect(ended.code).toBe(1)
          expect(ended.error).toContain('the disk is full')
        }
        const results = existsSync(join(disk, 's/results.json'))
          ? join(disk, 's/results.json')
          : at('results-kept.json')
        expect((JSON.parse(readFileSync(results, 'utf8')) as { results: unknown }).results).toEqual(sweepResults)
        rmSync(at('results-kept.json'), { force: true })
      })
    }
    expect(refused).toBeGreaterThan(0)
    if (isLong) console.log(`sweep on a full disk: ${sizes(240).length} sizes, ${refused} of them too small`)
  }, 1_200_000)

  it.each(['train', 'sweep'])('%s refuses a read-only disk before it starts', async (command) => {
    await withDisk(disk, 'size=1m', async () => {
      expect(remountDisk(disk, 'ro')).toBe(true)
      const ended = await run(command === 'train' ? `${short} --out ${disk}/m.json` : `${smallSweep} --out ${disk}/s`)
      expect(ended.code).toBe(1)
      expectOneLine(ended)
      expect(ended.error).toContain('the disk is read-only')
      expect(ended.out).toBe('')
    })
  })
})

describe('closed descriptors', () => {
  it.each(isLong ? ['>&-', '2>&-', '<&-', '>&- 2>&-', '<&- >&- 2>&-'] : ['<&- >&- 2>&-'])(
    'train %s writes the model',
    async (closed) => {
      const ended = await runShell(`$P ${short} --out m.json ${closed}; echo $? > code`, made)
      expect(ended.code).toBe(0)
      expect(textOf('m.json')).toBe(whole)
      expect(textOf('code')).toMatch(/^[01]\n$/)
      expect(temporaries(made)).toEqual([])
    },
  )
})

describe('Ctrl-C', () => {
  /**
   * Starts a run, and sends the signal when it reports progress.
   * @returns the exit status; null where the signal ended the process, which a shell reports as 130
   */
  async function interrupt(line: string, signals: number): Promise<number | null> {
    const child = spawn(process.execPath, [program, ...line.split(' ')], {
      cwd: made,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const isStarted = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) stream.on('data', () => resolve())
    })
    await Promise.race([isStarted, ended])
    for (let i = 0; i < signals; i++) {
      child.kill('SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return ended
  }
  const long = short.replace('--epochs 6', '--epochs 2000000')

  it('twice ends the program at once and leaves a checkpoint that can be resumed, or none', async () => {
    expect(await interrupt(`${long} --out m.json --checkpoint c`, 2)).toBeOneOf([130, null])
    if (existsSync(at('m.json'))) Network.fromJSON(JSON.parse(textOf('m.json')))
    if (existsSync(at('c')))
      expect((await run(`train --resume c --epochs ${decodeCheckpoint(textOf('c')).epoch + 1}`)).code).toBe(0)
  })
})

describe('two runs into one place', () => {
  it('leave the whole files of one of them', async () => {
    const line = `${short} --out m.json --checkpoint c --report r.html`
    const ended = await Promise.all([run(line), run(line.replace('--seed 1', '--seed 2'))])
    // One may find the file of the other, which has another seed, and keep its own beside it.
    for (const { code } of ended) expect([0, 1, 2]).toContain(code)
    expect(ended.some(({ code }) => code === 0)).toBe(true)
    expect(Network.fromJSON(JSON.parse(textOf('m.json'))).sizes).toEqual([2, 3, 2])
    expect(decodeCheckpoint(textOf('c')).epoch).toBe(6)
    expect(textOf('r.html')).toMatch(/<\/html>\s*$/)
    expect(temporaries(made)).toEqual([])
  })
})

describe('a clock that jumps by months, backwards and forwards', () => {
  const clock = fileURLToPath(new URL('./faults/jumping-clock.js', import.meta.url))
  const env = { NODE_OPTIONS: `--import ${clock}` }

  it('changes no result of train', async () => {
    expect(await run(`${short} --out m.json --checkpoint c --report r.html`, env)).toMatchObject({ code: 0 })
    expect(textOf('m.json')).toBe(whole)
  })

  it('changes no result of sweep', async () => {
    expect(await run(`${smallSweep} --out s`, env)).toMatchObject({ code: 0 })
    expect(resultsOf(at('s'))).toEqual(sweepResults)
  })
})
