import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Network } from '../src/index.ts'
import { type Ended, program, runCommand, runShell } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-full-'))
const made = join(folder, 'made')
const at = (name: string) => join(folder, name)
const hasFull = existsSync('/dev/full')

/** A short run, and one that runs until it is interrupted. */
const short = 'train --data circle --layers 2,3,2 --backend cpu --seed 1 --epochs 3'
const long = 'train --data circle --layers 2,3,2 --backend cpu --seed 1 --epochs 2000000'

const isModel = (path: string) => Network.fromJSON(JSON.parse(readFileSync(path, 'utf8'))).sizes.join() === '2,3,2'

function expectOneLine({ error }: Ended, ...parts: readonly (string | RegExp)[]): void {
  expect(error.trimEnd().split('\n')).toHaveLength(1)
  for (const part of parts) expect(error).toMatch(part)
  expect(error).toMatch(/^webgpu-mlp: /)
}

beforeAll(async () => {
  mkdirSync(made)
  const files = `--out ${at('model.json')} --report ${at('runs/report.html')}`
  expect((await runCommand(`${short} ${files}`.split(' '))).code).toBe(0)
  const rows = Array.from({ length: 30_000 }, (_, i) => `${i / 3e4},${-i / 3e4}`)
  writeFileSync(at('many.csv'), `x,y\n${rows.join('\n')}\n`)
})
/** Each test runs in an empty folder. */
beforeEach(() => {
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!hasFull)('standard output on a full disk (needs /dev/full)', () => {
  const full = hasFull ? openSync('/dev/full', 'w') : -1
  const run = (line: string) => runCommand(line.split(' '), { cwd: made, stdout: full })
  const message = 'standard output: cannot be written: the disk is full'

  it.each(['', ' --json', ' --checkpoint c'])('train --out%s writes the model, and prints its path', async (more) => {
    const ended = await run(`${short} --out m.json${more}`)
    expect(ended.code).toBe(1)
    expectOneLine(ended, `${message}; the trained network is in m.json`)
    expect(isModel(join(made, 'm.json'))).toBe(true)
  })

  it('train without --out keeps the network', async () => {
    const ended = await run(short)
    expect(ended.code).toBe(1)
    expectOneLine(ended, `${message}; the trained network is kept in ${join(made, 'model-kept.json')}`)
    expect(isModel(join(made, 'model-kept.json'))).toBe(true)
  })

  it.each([
    `evaluate --model ${at('model.json')} --data circle --backend cpu`,
    `evaluate --model ${at('model.json')} --data circle --backend cpu --json`,
    `predict --model ${at('model.json')} --data ${at('many.csv')} --backend cpu`,
    `info --model ${at('model.json')}`,
    'verify --layers 2,3,2 --backend cpu',
    `report ${at('runs')} --json`,
    'doctor --json',
    'train --help',
    '--version',
  ])('%s', async (line) => {
    const ended = await run(line)
    expect(ended.code).toBe(1)
    expectOneLine(ended, message)
  })

  it('standard error on a full disk does not change the result', async () => {
    const ended = await runCommand(`${short} --out m.json`.split(' '), { cwd: made, stderr: full })
    expect(ended.code).toBe(0)
    expect(ended.out).toMatch(/^Model +m\.json$/m)
  })
})

describe('a closed pipe', () => {
  it.each([
    ['head -1', `${short} --out m.json`],
    ['true', `${short} --out m.json`],
    ['true', `${short} --out m.json --json`],
    ['head -1', `predict --model ${at('model.json')} --data ${at('many.csv')} --backend cpu`],
    ['true', `predict --model ${at('model.json')} --data ${at('many.csv')} --backend cpu`],
    ['true', `info --model ${at('model.json')}`],
  ])('| %s after %s is not a failure', async (reader, line) => {
    const { out, error } = await runShell(`$P ${line} | ${reader}; echo "code \${PIPESTATUS[0]}"`, made)
    expect(error).toBe('')
    expect(out).toMatch(/^code 0$/m)
    if (line.includes('--out')) expect(isModel(join(made, 'm.json'))).toBe(true)
  })

  it.skipIf(spawnSync('mkfifo', ['--version']).status !== 0)('at --out: the model is kept (needs mkfifo)', async () => {
    const line = 'mkfifo pipe; head -c1 pipe > /dev/null & $P train --data circle --layers 2,30000,2 --backend cpu --epochs 1 --json --out pipe' // prettier-ignore
    const ended = await runShell(line, made)
    expect(ended.code).toBe(1)
    expectOneLine(ended, /pipe: cannot be written: nothing reads it any more; the model is kept in .*pipe-kept/)
    expect((JSON.parse(ended.out) as { model: string }).model).toBe(join(made, 'pipe-kept'))
  })
})

/** A small disk, mounted at `path` while `work` runs. */
const mount = (path: string, options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
const mayMount = (() => {
  const place = mkdtempSync(join(tmpdir(), 'webgpu-mlp-mount-'))
  const isMounted = mount(place, 'size=64k').status === 0
  if (isMounted) spawnSync('umount', [place])
  rmSync(place, { recursive: true })
  return isMounted
})()

describe.skipIf(!mayMount)('outputs on a full disk (needs the right to mount one)', () => {
  const disk = at('disk')
  beforeAll(() => {
    mkdirSync(disk)
    expect(mount(disk, 'size=64k').status).toBe(0)
    expect(() => writeFileSync(join(disk, 'filling'), new Uint8Array(1 << 17))).toThrow('ENOSPC')
  })
  afterAll(() => {
    spawnSync('umount', [disk])
  })
  const run = (line: string, cwd = made) => runCommand(line.split(' '), { cwd, env: { TMPDIR: made } })
  const full = (name: string) => `${join(disk, name)}: cannot be written: the disk is full`

  it('the model is kept in the current folder, and its path is the one in the results', async () => {
    const ended = await run(`${short} --out ${disk}/m.json --json`)
    expect(ended.code).toBe(1)
    const kept = join(made, 'm-kept.json')
    expectOneLine(ended, `${full('m.json')}; the model is kept in ${kept}`)
    expect((JSON.parse(ended.out) as { model: string }).model).toBe(kept)
    expect(isModel(kept)).toBe(true)
    // Existing files are not replaced.
    const again = await run(`${short} --out ${disk}/m.json`)
    expect(again.out).toContain(`Model            ${join(made, 'm-kept-2.json')}`)
    expect(readdirSync(disk)).toEqual(['filling'])
  })

  it('the model is kept in the folder for temporary files if the current folder is full, too', async () => {
    const ended = await run(`${short} --out m.json`, disk)
    expect(ended.code).toBe(1)
    expectOneLine(
      ended,
      `m.json: cannot be written: the disk is full; the model is kept in ${join(made, 'm-kept.json')}`,
    )
    expect(isModel(join(made, 'm-kept.json'))).toBe(true)
  })

  it('a report that fails does not lose the network, with --out or without', async () => {
    const ended = await run(`${short} --report ${disk}/r.html`)
    expect(ended.code).toBe(1)
    const network = `the trained network is kept in ${join(made, 'model-kept.json')}`
    expectOneLine(ended, full('r.html'), `the report is kept in ${join(made, 'r-kept.html')}`, network)
    expect(readFileSync(join(made, 'r-kept.html'), 'utf8')).toMatch(/^<!doctype html>/)
    expect(isModel(join(made, 'model-kept.json'))).toBe(true)
    const second = await run(`${short} --report ${disk}/r.html --out m.json`)
    expect(second.code).toBe(1)
    expect(isModel(join(made, 'm.json'))).toBe(true)
    expect(existsSync(join(made, 'model-kept-2.json'))).toBe(false)
  })

  it('a checkpoint that fails is reported once and kept; training continues, and can be resumed from it', async () => {
    const ended = await run(`${short} --checkpoint ${disk}/c --out m.json`)
    expect(ended.code).toBe(1)
    const kept = join(made, 'c-kept')
    expectOneLine(ended, `${full('c')}; the checkpoint is kept in ${kept}; training goes on`)
    expect(isModel(join(made, 'm.json'))).toBe(true)
    const resumed = await run(`train --resume ${kept} --epochs 5 --json`)
    expect(resumed.code).toBe(0)
    expect(JSON.parse(resumed.out)).toMatchObject({ epochs: 5 })
  })

  it.each([
    ['predict', `predict --model ${at('model.json')} --data ${at('many.csv')} --backend cpu --out`, 'p.csv'],
    ['export', `export --model ${at('model.json')} --out`, 'm.onnx'],
    ['import', `import ${at('model.json')} --out`, 'i.json'],
    ['report', `report ${at('runs')} --out`, 'all.html'],
  ])('%s reports it in one line, and leaves no incomplete files', async (_, line, name) => {
    const ended = await run(`${line} ${join(disk, name)}`)
    expect(ended.code).toBe(1)
    expectOneLine(ended, full(name))
    expect(readdirSync(disk)).toEqual(['filling'])
  })

  it('--stream reports it, and leaves no folder', async () => {
    const line = `train --data ${at('many.csv')} --layers -,3,- --activation linear --backend cpu --epochs 1 --stream`
    const ended = await runCommand(line.split(' '), { cwd: made, env: { TMPDIR: disk } })
    expect(ended.code).toBe(1)
    expectOneLine(ended, /temporary files cannot be written: the disk is full.*TMPDIR names another folder/)
    expect(readdirSync(disk)).toEqual(['filling'])
  })

  it('a disk that becomes read-only during the run', async () => {
    const other = at('other-disk')
    mkdirSync(other)
    expect(mount(other, 'size=1m').status).toBe(0)
    try {
      const ended = await interrupted(`${long} --out ${other}/m.json`, () => {
        spawnSync('mount', ['-o', 'remount,ro', other])
      })
      expect(ended.code).toBe(1)
      expectOneLine(ended, `${other}/m.json: cannot be written: the disk is read-only; the model is kept in ${made}`)
      expect(isModel(join(made, 'm-kept.json'))).toBe(true)
    } finally {
      spawnSync('umount', [other])
    }
  })
})

/** Starts a long training, makes a change once it is running, and then interrupts it. */
function interrupted(line: string, happens: () => void, cwd = made): Promise<Ended> {
  const { DEBUG: _, ...env } = process.env
  const child = spawn(process.execPath, [program, ...line.split(' ')], { cwd, env: { ...env, TMPDIR: made } })
  let [out, error] = ['', '']
  let isTold = false
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString()
    if (isTold || !out.includes('Epoch 1 ')) return
    isTold = true
    happens()
    child.kill('SIGINT')
  })
  child.stderr.on('data', (text: Buffer) => (error += text.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })))
}

describe('changes during a run', () => {
  it('a folder that has become a file: the model is kept', async () => {
    mkdirSync(join(made, 'sub'))
    const ended = await interrupted(`${long} --out sub/m.json`, () => {
      rmSync(join(made, 'sub'), { recursive: true })
      writeFileSync(join(made, 'sub'), '')
    })
    expect(ended.code).toBe(1)
    expectOneLine(
      ended,
      /sub\/m\.json: cannot be written: a part of the path is a file.*; the model is kept in .*m-kept/,
    )
    expect(isModel(join(made, 'm-kept.json'))).toBe(true)
  })

  it('a file of another program at the path is not replaced', async () => {
    const ended = await interrupted(`${long} --out m.json`, () => {
      writeFileSync(join(made, 'm.json'), 'written meanwhile')
    })
    expect(ended.code).toBe(1)
    expectOneLine(ended, /--out: m\.json exists, and is not a model.*; the model is kept in .*m-kept\.json/)
    expect(readFileSync(join(made, 'm.json'), 'utf8')).toBe('written meanwhile')
    expect(isModel(join(made, 'm-kept.json'))).toBe(true)
  })

  it('a current folder that was deleted is created again', async () => {
    const here = join(made, 'here')
    mkdirSync(here)
    const remove = () => {
      rmSync(here, { recursive: true })
    }
    expect(await interrupted(`${long} --out m.json`, remove, here)).toMatchObject({ code: 130, error: '' })
    expect(isModel(join(here, 'm.json'))).toBe(true)
  })
})
