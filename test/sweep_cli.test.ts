import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Papa from 'papaparse'
import { afterAll, describe, expect, it } from 'vitest'
import { version } from '../package.json'
import { checkAxes } from '../src/cli/sweep/axes.ts'
import { parseSweep } from '../src/cli/sweep/options.ts'
import type { SweepRecord } from '../src/cli/sweep/record.ts'
import { chooseShard } from '../src/cli/sweep/shard.ts'
import { Fingerprint } from '../src/data/fingerprint.ts'
import { decodeSweepCheckpoint, encodeSweepCheckpoint, Network } from '../src/index.ts'
import { commandProcess, program } from './command.ts'
import { isExhaustive } from './covering.ts'

/** `webgpu-mlp sweep` and `sweep merge`: values, files, shards, and sweeps that go on. */

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-sweep-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})
const command = commandProcess()
const run = (line: string) => command(line.split(' '), folder)
const recordOf = (name: string) => JSON.parse(readFileSync(join(folder, name, 'results.json'), 'utf8')) as SweepRecord

const small =
  'sweep --data circle --samples 60 --test 0.25 --layers 2,3,2 --layers -,4,- --hidden tanh,sigmoid --lr 0.3:3:log:2 ' +
  '--optimizer sgd,adam --batch 8 --seeds 2 --epochs 3 --backend cpu'

/** The bytes of a state whose format has another version. */
function withVersion(bytes: Buffer, version: number): Buffer {
  const changed = Buffer.from(bytes.toString('latin1').replace('"version":1}', `"version":${version}}`), 'latin1')
  const words = (from: number, to: number) => new Float32Array(new Uint8Array(changed).buffer, from, (to - from) / 4)
  const sum = new Fingerprint().add(words(0, 12)).add(words(16, changed.length))
  changed.writeUInt32LE(parseInt(String(sum), 16), 12)
  return changed
}

describe('values', () => {
  const axesOf = (line: string) => checkAxes(parseSweep(line.split(' ')).options).axes

  it('are lists and ranges, each value once', () => {
    expect(axesOf('--lr 0.01:10:log:4 --lr 1,5 --l2 0:0.3:linear:4')).toMatchObject({
      learningRate: [0.01, 0.1, 1, 10, 5],
      l2: [0, 0.1, 0.2, 0.3],
    })
    expect(axesOf('--batch 1:4:linear:7 --epochs 5')).toMatchObject({ batchSize: [1, 2, 3, 4], epochs: [5] })
    expect(axesOf('--random 9 --lr 0.01:1:log')).toMatchObject({ learningRate: { from: 0.01, to: 1, scale: 'log' } })
    expect(axesOf('--hidden relu,tanh --hidden relu')).toMatchObject({ hidden: ['relu', 'tanh'] })
    expect(parseSweep(['--seeds', '32']).options.seeds).toBe(32)
    expect(parseSweep(['--seeds', '5,6,5']).options.seeds).toEqual([5, 6])
  })

  it.each([
    ['--lr 0.01:10:log', 'write 0.01:10:log:8 for eight values'],
    ['--lr a:1:log:3', "expected a number before the first colon, got 'a'"],
    ['--lr 1:0.1:log:3', 'expected a first number below the second'],
    ['--lr 0:1:log:3', 'a logarithmic range begins above 0'],
    ['--lr 0.1:1:cubic:3', "expected log or linear as the third part, got 'cubic'"],
    ['--lr 0.1:1:log:1', 'from 2 to 1,000,000'],
    ['--lr 1,x', "got 'x'"],
    ['--lr -1', '--lr: expected'],
    ['--random 3 --lr 0.1:1:log,2', 'is given alone'],
    ['--optimizer adm', "did you mean 'adam'?"],
    ['--seeds 0', '--seeds: expected how many seeds'],
    ['--hidden tanh --activation relu', '--activation: is for all layers'],
    ['--layers 2,3,2 --layers 2,3,3,2 --activation tanh,sigmoid', 'shapes with 2 and 3'],
    ['--loss crossEntropy --output sigmoid', 'crossEntropy needs softmax'],
  ])('%s is an error that says what is expected', (line, message) => {
    expect(() => axesOf(line)).toThrow(message)
  })
})

describe('the part of a sweep', () => {
  const slurm = (id: number, count = 4) => ({
    SLURM_ARRAY_TASK_ID: String(id),
    SLURM_ARRAY_TASK_COUNT: String(count),
    SLURM_ARRAY_TASK_MIN: '10',
    SLURM_ARRAY_TASK_STEP: '5',
  })

  it('comes from the option, from Slurm or from Kubernetes', () => {
    expect(chooseShard({}, {})).toBeUndefined()
    expect(chooseShard({ shard: '2/4' }, slurm(10))).toEqual({ index: 2, count: 4, source: '--shard' })
    expect(chooseShard({}, slurm(20))).toMatchObject({ index: 3, count: 4 })
    expect(chooseShard({ shards: 8 }, { JOB_COMPLETION_INDEX: '0' })).toMatchObject({ index: 1, count: 8 })
    expect(chooseShard({}, { JOB_COMPLETION_INDEX: '7', WEBGPU_MLP_SHARDS: '8' })).toMatchObject({ index: 8, count: 8 })
  })

  it('is refused where it is none, and where it is not known how many there are', () => {
    for (const shard of ['0/4', '5/4', '1', 'a/b']) expect(() => chooseShard({ shard }, {})).toThrow('--shard: expected i/n') // prettier-ignore
    expect(() => chooseShard({}, slurm(12))).toThrow('use --array=0-3')
    expect(() => chooseShard({}, { JOB_COMPLETION_INDEX: '2' })).toThrow(
      '--shards 8, or the variable WEBGPU_MLP_SHARDS',
    )
    expect(() => chooseShard({ shards: 2 }, { JOB_COMPLETION_INDEX: '2' })).toThrow('there are 2 parts')
    expect(() => chooseShard({ shards: 2 }, {})).toThrow('--shards: is for Kubernetes')
  })
})

describe('sweep', () => {
  it('writes the results; the command of a network trains it alone with the same score', async () => {
    const { code, out, error } = await run(`${small} --out whole`)
    expect({ code, error: error.split('\n').filter((line) => !line.includes('note: ')) }).toEqual({ code: 0, error: [''] }) // prettier-ignore
    expect(out).toMatch(/^Sweep {6}32 networks: 2 shapes × 2 hidden activations × 2 optimizers × 2 learning rates × 2 seeds$/m) // prettier-ignore
    const record = recordOf('whole')
    expect(record).toMatchObject({ networks: 32, task: 'classification', scoredOn: 'validation', shard: null })
    expect(record.axes.map(({ name, scale }) => `${name} ${scale}`)).toEqual(['layers words', 'hidden words', 'optimizer words', 'learningRate log', 'seed linear']) // prettier-ignore
    expect(record.results.map(({ index }) => index).sort((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, i) => i)) // prettier-ignore
    expect(record.best).toHaveLength(10)
    for (const result of [record.results[0]!, record.results[13]!, record.results[31]!]) {
      const { out: json } = await run(`${result.command.replace('webgpu-mlp ', '')} --json`)
      const { validation } = JSON.parse(json) as { validation: { accuracy: number; loss: number } }
      expect(validation).toEqual({ accuracy: result.score, loss: result.loss })
    }
    const rows = Papa.parse<Record<string, string>>(readFileSync(join(folder, 'whole/results.csv'), 'utf8').trim(), { header: true }) // prettier-ignore
    expect(rows.errors).toEqual([])
    expect(rows.data.map(({ rank, layers, command: line }) => [rank, layers, line])).toEqual(
      record.results.map(({ rank, settings, command: line }) => [String(rank), settings.layers, line]),
    )
    expect(Network.fromJSON(JSON.parse(readFileSync(join(folder, 'whole/best.json'), 'utf8'))).task).toBe('classification') // prettier-ignore
    expect(readFileSync(join(folder, 'whole/sweep.html'), 'utf8')).toContain('webgpu-mlp sweep')
    expect((await run('evaluate --model whole/ensemble.json --data circle --samples 60 --seed 1 --json')).code).toBe(0)
  })

  it('says that a finished one is finished, writes nothing, and refuses another one', async () => {
    const times = () => readdirSync(join(folder, 'whole')).map((name) => statSync(join(folder, 'whole', name)).mtimeMs)
    const before = times()
    expect((await run('sweep --resume whole')).out).toContain('all 32 networks are trained. Nothing was written.')
    expect(times()).toEqual(before)
    expect((await run(`${small} --epochs 4 --out whole --resume`)).error).toMatch(/sweep.state: checkpoint: it is of another sweep: epochs is/) // prettier-ignore
    expect(times()).toEqual(before)
  })

  it('is the same in shards that are merged', async () => {
    for (const shard of ['1/2', '2/2']) expect((await run(`${small} --out parts --shard ${shard}`)).code).toBe(0)
    expect(readdirSync(join(folder, 'parts'))).toEqual(['shard-1-of-2', 'shard-2-of-2'])
    expect((await run(`sweep merge parts --out merged`)).code).toBe(0)
    expect(recordOf('merged').results).toEqual(recordOf('whole').results)
    expect((await run('sweep merge parts/shard-1-of-2 --out no')).error).toContain('shard 2 of 2 is missing')
    expect((await run('sweep merge parts/shard-1-of-2 parts --out no')).error).toContain('shard 1 of 2 is there twice')
    expect((await run('sweep merge whole parts --out no')).error).toContain('expected one division')
    expect((await run('sweep merge nothing --out no')).error).toContain('nothing holds no sweep')
    expect((await run(`${small} --out parts --shard 1/3`)).error).toContain('parts holds shards of a sweep in 2 parts')
    expect(existsSync(join(folder, 'no'))).toBe(false)
  })

  it('is not merged from states that other versions wrote', async () => {
    const state = (name: string) => join(folder, name, 'sweep.state')
    const bytes = readFileSync(state('parts/shard-2-of-2'))
    const { notes, ...checkpoint } = decodeSweepCheckpoint(bytes)
    mkdirSync(join(folder, 'other'))
    const changed = { ...checkpoint, notes: { ...(notes as object), program: 'webgpu-mlp 0.0.7' } }
    writeFileSync(state('other'), encodeSweepCheckpoint(changed))
    const programs = await run('sweep merge parts/shard-1-of-2 other --out no')
    expect(programs.error).toContain(`parts/shard-1-of-2/sweep.state was written by webgpu-mlp ${version}, other/sweep.state by webgpu-mlp 0.0.7; train all shards with one version`) // prettier-ignore
    writeFileSync(state('other'), withVersion(bytes, 2))
    const versions = await run('sweep merge parts/shard-1-of-2 other --out no')
    expect(versions.error).toContain('other/sweep.state: checkpoint: version 2 of the checkpoints of sweeps is not known here (1 is); use the version of webgpu-mlp that wrote it') // prettier-ignore
    expect([programs.code, versions.code]).toEqual([2, 2])
    expect(existsSync(join(folder, 'no'))).toBe(false)
  })

  it('has the folds of each network, and the diverged networks at the end', async () => {
    const line =
      'sweep --data circle --samples 60 --lr 0.5 --seeds 2 --epochs 2 --folds 3 --backend cpu --out folds --json'
    const { code, out } = await run(line)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      networks: 2,
      trained: 2,
      scoredOn: 'folds',
      best: { folds: { length: 3 } },
    })
    writeFileSync(join(folder, 'steep.csv'), `x,y\n${Array.from({ length: 20 }, (_, i) => `${i},${i * i}`).join('\n')}\n`) // prettier-ignore
    const regression = '--layers -,4,1 --hidden relu --output linear --loss meanSquaredError --lr 0.00001,1000'
    await run(`sweep --data steep.csv --target y ${regression} --epochs 9 --backend cpu --out diverged`)
    const { results, scoreName } = recordOf('diverged')
    expect(scoreName).toBe('r2')
    expect(results.map(({ diverged, score }) => [diverged, score === null])).toEqual([[false, false], [true, true]]) // prettier-ignore
  })

  it.each([
    [
      '--lr 0.01:10:log:1000 --l2 0:1:linear:1000 --seeds 1000',
      /1,000,000,000 networks.*about \d.*--random 1000, or raise --limit/,
    ],
    ['--layers 2,3,1 --layers 2,3,2', /read in another way for/],
    ['--keep 0.5', /--keep: is for --halving/],
    ['--folds 3 --test 0.2', /--folds: the networks are scored by the folds/],
    ['--resume nothing', /--resume: nothing holds no sweep/],
  ])('%s is an error', async (line, message) => {
    const { code, error } = await run(`sweep --data circle --backend cpu ${line}`)
    expect(error).toMatch(message)
    expect(code).toBe(2)
  })

  it('says where even the best network is worse than the mean of the targets, and why', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 5},${10.5 + (i % 7) * (i % 5)}`)
    writeFileSync(join(folder, 'prices.csv'), ['a,b,price', ...rows].join('\n'))
    const line = 'sweep --data prices.csv --layers 2,3,1 --lr 0.1,0.3 --epochs 12 --backend cpu --out prices'
    const { code, error } = await run(line)
    expect(code).toBe(0)
    expect(error).toMatch(
      /note: the network is worse than always answering the mean of the targets .*sigmoid outputs only from 0 to 1; for regression use a linear output/,
    )
    const linear = await run(`${line}-2 --activation tanh,linear --standardize-targets`)
    expect(linear.error).not.toContain('worse than')
  })

  it('--dry-run says what would be trained, and writes nothing', async () => {
    const { out } = await run(`${small} --out dry --dry-run`)
    expect(out).toMatch(
      /^Networks {3}32: .*\nShapes {5}2-3-2, 17 parameters\n {11}2-4-2, 22 parameters\nTime {7}about/m,
    )
    expect(existsSync(join(folder, 'dry'))).toBe(false)
  })
})

describe.runIf(isExhaustive)('a sweep that is killed', () => {
  const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
  const long = small.replace('--epochs 3', '--epochs 600').replace('--seeds 2', '--seeds 8')

  it('goes on from its state to the same results, and refuses to be replaced', async () => {
    expect((await run(`${long} --out long`)).code).toBe(0)
    let resumed = 0
    for (const after of [0, 200, 900, 2500]) {
      const out = join(folder, `killed${after}`)
      const child = spawn(process.execPath, [program, ...`${long} --out ${out}`.split(' ')], { cwd: folder })
      const ended = new Promise((resolve) => child.on('exit', resolve))
      for (let waited = 0; !existsSync(join(out, 'sweep.state')) && waited < 60_000; waited += 5) await wait(5)
      await wait(after)
      child.kill('SIGKILL')
      await ended
      if (!existsSync(join(out, 'results.json'))) {
        resumed++
        expect((await run(`${long} --out ${out}`)).error).toContain('--resume goes on with it')
      }
      expect((await run(`sweep --resume ${out}`)).code).toBe(0)
      expect(recordOf(`killed${after}`).results).toEqual(recordOf('long').results)
    }
    expect(resumed).toBeGreaterThan(0)
  }, 300_000)
})
