import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { escapeControls, InputError } from '../src/core/errors.ts'
import { Network, toSafetensors } from '../src/index.ts'
import { readModel } from '../src/node/index.ts'
import { commandProcess, program } from './command.ts'

/** Sets the title of a terminal, changes the colour with a C1 control, clears the screen, writes backwards, and starts a line. */
const title = '\u001b]0;owned\u0007'
const hostile = [
  `${title}a`,
  '\u009b31mb',
  '\u001b[2Jc',
  '\u202ed\u2066',
  'e\nwebgpu-mlp: f',
  'g\u2028h\u007f\u200f\u061c',
]
/** The characters that must never reach a terminal, apart from line ends. */
const forbidden = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-terminal-'))
const at = (name: string) => join(folder, name)
/** A valid file name. */
const path = `${title}\u202e\u009b1m\n`
const quoted = (text: string) => `"${text}"`

/** Three columns and three classes, all of them with hostile names. */
const table = [
  [...hostile.slice(0, 3), 'kind'].map(quoted).join(','),
  ...Array.from({ length: 12 }, (_, i) => `${i % 3},${i % 4},${i},${quoted(hostile[3 + (i % 3)]!)}`),
].join('\n')

const runHere = commandProcess()
const run = (...args: string[]) => runHere(args, folder)
const network = '--layers -,4,- --backend cpu --seed 1 --epochs 2'.split(' ')

beforeAll(async () => {
  writeFileSync(at(`${path}.csv`), table)
  mkdirSync(at(`${path}runs`))
  const data = ['--data', `${path}.csv`, '--target', 'kind']
  const files = ['--out', `${path}.json`, '--report', `${path}runs/report.html`, '--checkpoint', `${path}.checkpoint`]
  expect((await run('train', ...data, ...network, ...files)).code).toBe(0)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('escapeControls', () => {
  it('escapes every control, separator and mark of direction, and nothing else', () => {
    for (let code = 0; code < 0x3000; code++) {
      const character = String.fromCharCode(code)
      const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0)
      const isMark = [0x61c, 0x200e, 0x200f].includes(code) || (code >= 0x2028 && code <= 0x202e)
      const isIsolate = code >= 0x2066 && code <= 0x2069
      const escaped = `\\u${code.toString(16).padStart(4, '0')}`
      expect(escapeControls(`a${character}b`)).toBe(`a${isControl || isMark || isIsolate ? escaped : character}b`)
    }
    expect(escapeControls('größer, 数, שלום, 👩‍🔬')).toBe('größer, 数, שלום, 👩‍🔬')
  })

  it('does not change the value of JSON', () => {
    const value = { [hostile[0]!]: hostile, back: '\\\u007f' }
    expect(JSON.parse(escapeControls(JSON.stringify(value)))).toEqual(value)
  })

  it('is applied to every InputError', async () => {
    expect(new InputError(hostile.join()).message).not.toMatch(forbidden)
    await expect(readModel(at(`${path}nowhere`))).rejects.toThrow(
      /owned\\u0007.*nowhere: cannot be read: there is no such/,
    )
  })
})

describe('no command sends control characters of names, classes and paths to the terminal', () => {
  const [csv, model, report] = [`${path}.csv`, `${path}.json`, `${path}runs/report.html`]
  const data = ['--data', csv, '--target', 'kind']
  const scored = [...data, '--model', model, '--backend', 'cpu']
  it.each([
    ['train', ['train', ...data, ...network, '--test', '0.3']],
    ['train --stream', ['train', ...data, ...network, '--stream']],
    ['train, its files', ['train', ...data, ...network, '--out', model, '--report', report]],
    ['train --json', ['train', ...data, ...network, '--out', model, '--json']],
    ['train --resume', ['train', '--resume', `${path}.checkpoint`, '--epochs', '4']],
    ['train --resume --json', ['train', '--resume', `${path}.checkpoint`, '--epochs', '6', '--json']],
    ['evaluate', ['evaluate', ...scored]],
    ['evaluate --json', ['evaluate', ...scored, '--json']],
    ['predict --out', ['predict', '--model', model, '--data', csv, '--backend', 'cpu', '--out', `${path}p.csv`]],
    ['info', ['info', '--model', model]],
    ['info --json', ['info', '--model', model, '--json']],
    ['verify', ['verify', ...data, '--model', model, '--backend', 'cpu']],
    ['export', ['export', '--model', model, '--out', `${path}.onnx`]],
    ['import', ['import', model, '--out', `${path}imported.json`]],
    ['report', ['report', `${path}runs`, '--out', `${path}all.html`]],
    ['report --json', ['report', `${path}runs`, '--json']],
  ])('%s', async (_, args) => {
    const { code, out, error } = await run(...args)
    expect([code, out, error].join()).toMatch(/^0,/)
    expect(out).not.toMatch(forbidden)
    expect(error).not.toMatch(forbidden)
    expect(out + error).not.toMatch(/^webgpu-mlp: f/m)
    if (args.includes('--json')) expect(out.trimEnd().split('\n')).toHaveLength(1)
  })

  const missing = `${path}missing`
  it.each([
    ['train, a column', ['train', '--data', csv, '--target', title]],
    ['train, a file', ['train', '--data', missing]],
    ['train, an output', ['train', '--data', csv, '--out', csv]],
    ['train, a foreign file', ['train', '--data', 'circle', '--out', csv]],
    ['train, a checkpoint', ['train', '--resume', csv]],
    ['train, an activation', ['train', '--data', 'circle', '--activation', title]],
    ['train, layers', ['train', '--data', 'circle', '--layers', `2,${title},2`]],
    ['train, a rate', ['train', '--data', 'circle', '--lr', title]],
    ['train, a schedule', ['train', '--data', 'circle', '--schedule', `step:${title}=x`]],
    ['train, an option', ['train', `--${title}`]],
    ['train, a class', ['train', ...data, '--class-weights', `${title}=2`]],
    ['evaluate', ['evaluate', '--model', missing, '--data', csv]],
    ['evaluate, other columns', ['evaluate', '--model', model, '--data', 'circle']],
    ['predict', ['predict', '--model', model, '--data', missing]],
    ['info', ['info', '--model', missing]],
    ['verify', ['verify', '--model', missing]],
    ['export', ['export', '--model', model, '--out', missing]],
    ['import', ['import', missing, '--out', 'x.json']],
    ['report', ['report', missing]],
    ['a command', [title]],
  ])('errors: %s', async (_, args) => {
    const { code, out, error } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(error.trimEnd().split('\n')).toHaveLength(1)
    expect(error).not.toMatch(forbidden)
    expect(error).toMatch(/^webgpu-mlp: /)
  })

  it('shows escaped text in aligned columns', async () => {
    const { out } = await run('info', '--model', `${path}.json`)
    expect(out).toMatch(/^features +\\u001b\]0;owned\\u0007a, \\u009b31mb, \\u001b\[2Jc$/m)
    const evaluated = await run('evaluate', ...scored)
    const lines = evaluated.out.split('\n')
    const head = lines.findIndex((line) => line.startsWith('Class '))
    const ends = lines.slice(head, head + 7).map((line) => line.length)
    expect(new Set(ends).size).toBe(1)
  })

  it('files contain the unescaped names', async () => {
    const answers = await run('predict', '--model', `${path}.json`, '--data', `${path}.csv`, '--backend', 'cpu')
    for (const name of hostile.slice(3)) expect(answers.out).toContain(name)
    const model = JSON.parse(readFileSync(at(`${path}.json`), 'utf8')) as { features: string[]; classes: string[] }
    expect(model.features).toEqual(hostile.slice(0, 3))
    expect([...model.classes].sort()).toEqual(hostile.slice(3).sort())
    const { out } = await run('report', `${path}runs`, '--json')
    expect((JSON.parse(out) as { name: string }[])[0]!.name).toBe(`${path}runs`)
  })

  it('escapes the names of a file that another program wrote', async () => {
    const made = Network.create({ sizes: [2, 2], seed: 1 })
    made.features = [title, '\u202e']
    writeFileSync(at('other.safetensors'), toSafetensors(made))
    const bad = readFileSync(at('other.safetensors'), 'latin1').replace('"0.weight"', '"0\\u001b[2J.w"')
    writeFileSync(at('bad.safetensors'), bad, 'latin1')
    const { code, error } = await run('import', 'bad.safetensors', '--out', 'x.json')
    expect(code).toBe(2)
    expect(error).not.toMatch(forbidden)
  })
})

const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false

/** Everything that the program writes to a terminal. */
function onTerminal(args: string): Promise<string> {
  const command = `stty cols 100 rows 40; ${process.execPath} ${program} ${args}`
  const { CI: _, DEBUG: __, ...env } = process.env
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: folder,
    // The shell takes the path from there.
    env: { ...env, TERM: 'xterm-256color', LANG: 'C.UTF-8', HOSTILE: path },
  })
  let out = ''
  child.stdout.on('data', (text: Buffer) => (out += text.toString()))
  return new Promise((resolve) => child.on('close', () => resolve(out)))
}

describe.skipIf(!hasScript)('on a pseudo terminal (needs script of util-linux)', () => {
  /** Sequences that occur only in names; the program itself moves the cursor and colours lines. */
  const fromNames = /\u001b\]0;|\u0007|[\u0080-\u009f\u202e\u2066\u2028]|\u001b\[2J/

  it('progress, curves and predictions contain no control characters of names', async () => {
    const [curves, stream, answers] = await Promise.all([
      onTerminal('train --data "$HOSTILE.csv" --target kind --layers -,4,- --backend cpu --epochs 300 --test 0.3'),
      onTerminal('train --data "$HOSTILE.csv" --target kind --layers -,4,- --backend cpu --epochs 3 --stream --json'),
      onTerminal('predict --model "$HOSTILE.json" --data "$HOSTILE.csv" --backend cpu'),
    ])
    expect(curves).toMatch(/[\u2801-\u28ff]/)
    expect(stream).toMatch(/reading \\u001b\]0;owned\\u0007/)
    expect(answers).toMatch(/^prediction,/m)
    for (const out of [curves, stream, answers]) {
      expect(out).toMatch(/\\u202e/)
      expect(out).not.toMatch(fromNames)
    }
  })
})
