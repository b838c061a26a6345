import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Network, toSafetensors } from '../src/index.ts'
import { checkWritable, writeFileAtomic, writeModel } from '../src/node/index.ts'
import { commandProcess, type Ended, runCommand, runShell } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-outputs-'))
const at = (...names: string[]) => join(folder, ...names)
const text = (name: string) => readFileSync(at(name), 'utf8')
const isRoot = process.getuid?.() === 0
const table = 'a,b,y\n1,2,x\n2,1,z\n3,1,x\n1,1,z\n'
const runHere = commandProcess()
const run = (line: string): Promise<Ended> => runHere(line.split(' '), folder)
const train = (more: string) => run(`train --backend cpu --seed 1 --epochs 2 ${more}`)

beforeAll(async () => {
  writeFileSync(at('t.csv'), table)
  writeFileSync(at('history.csv'), table)
  writeFileSync(at('notes.txt'), 'not to be lost\n')
  linkSync(at('t.csv'), at('hard.csv'))
  symlinkSync('t.csv', at('soft.csv'))
  mkdirSync(at('sub'))
  symlinkSync('../t.csv', at('sub', 'soft.csv'))
  expect((await train('--data t.csv --out model.json --checkpoint c --report r/report.html')).code).toBe(0)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The content of all files, by name. */
const contents = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => lstatSync(at(name)).isFile())
    .map((name) => [name, readFileSync(at(name)).toString('base64')])

async function expectRefused(line: string, message: RegExp): Promise<void> {
  const before = contents()
  const { code, out, error } = await run(line)
  expect([code, out]).toEqual([2, ''])
  expect(error).toMatch(message)
  expect(error.trimEnd().split('\n')).toHaveLength(1)
  expect(contents()).toEqual(before)
}

const start = 'train --backend cpu --epochs 1'
describe('no output is an input or another output', () => {
  it.each([
    [
      `${start} --data history.csv --report report.html`,
      /--report \(its history\): history\.csv is also what --data reads/,
    ],
    [
      `${start} --data t.csv --out t.csv --force`,
      /--out: t\.csv is also what --data reads; give one of them another name/,
    ],
    [
      `${start} --data t.csv --out ./sub/../t.csv`,
      /--out: \.\/sub\/\.\.\/t\.csv is also what --data reads \(as t\.csv\)/,
    ],
    [`${start} --data t.csv --out hard.csv`, /--out: hard\.csv is also what --data reads \(as t\.csv\)/],
    [`${start} --data soft.csv --checkpoint t.csv`, /--checkpoint: t\.csv is also what --data reads \(as soft\.csv\)/],
    [`${start} --data t.csv --out sub/soft.csv`, /--out: sub\/soft\.csv is also what --data reads/],
    [`${start} --data t.csv --out new.json --report ./new.json`, /--report: \.\/new\.json is also what --out writes/],
    [`${start} --data t.csv --out new.json --checkpoint New.json`, /--checkpoint: New\.json is also what --out writes/],
    [
      `${start} --data t.csv --out n-history.csv --report n.html`,
      /its history\): n-history\.csv is also what --out writes/,
    ],
    [`${start} --data t.csv --out model.json --checkpoint model.json`, /--checkpoint: model\.json is also what --out/],
    ['train --resume c --out c', /--checkpoint: c is also what --out writes/],
    ['predict --model model.json --data t.csv --out t.csv --force', /--out: t\.csv is also what --data reads/],
    ['predict --model model.json --data t.csv --out ./model.json', /--out: \.\/model\.json is also what --model reads/],
    ['export --model model.json --to npy --out model.json', /--out: model\.json is also what --model reads/],
    ['import model.json --out sub/../model.json', /--out: sub\/\.\.\/model\.json is also what import reads/],
    ['report r --out r/report.html --force', /--out: r\/report\.html is also what report reads/],
  ])('%s', (line, message) => expectRefused(line, message))

  it('a folder with IDX files is an input, and so are its files', async () => {
    mkdirSync(at('idx'))
    writeFileSync(at('idx', 'train-labels-idx1-ubyte'), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 0))
    await expectRefused(
      `${start} --data idx --out idx/train-labels-idx1-ubyte`,
      /--out: idx\/train-labels-idx1-ubyte is also what --data reads/,
    )
  })

  it('standard output that goes to a file is an output, and /dev/stdout continues at its current position', async () => {
    const file = openSync(at('log'), 'w')
    const { code, error } = await runCommand([...start.split(' '), '--data', 't.csv', '--out', 'log'], {
      cwd: folder,
      stdout: file,
    })
    expect([code, error]).toEqual([
      2,
      'webgpu-mlp: --out: log is also what standard output writes; give one of them another name\n',
    ])
    const line =
      'echo before > own.csv; $P predict --model model.json --data t.csv --backend cpu --out /dev/stdout >> own.csv'
    expect(await runShell(line, folder)).toMatchObject({ code: 0 })
    expect(text('own.csv')).toMatch(/^before\nprediction,x,z\n/)
  })

  it('several results may be discarded', async () => {
    expect(await train('--data t.csv --out /dev/null --report /dev/null --checkpoint /dev/null --json')).toMatchObject({
      code: 0,
      error: '',
    })
  })
})

describe('a file is replaced if this program wrote it', () => {
  it('models, checkpoints, reports and histories', async () => {
    const line = '--data t.csv --out model.json --checkpoint c --report r/report.html'
    expect(await train(line)).toMatchObject({ code: 0, error: '' })
    expect(await train(line)).toMatchObject({ code: 0, error: '' })
  })

  it('predictions with the same columns, and no other CSV', async () => {
    const line = 'predict --model model.json --data t.csv --backend cpu --out p.csv'
    for (let i = 0; i < 2; i++) expect(await run(line)).toMatchObject({ code: 0 })
    writeFileSync(at('p.csv'), text('p.csv').replace('prediction', 'answer'))
    await expectRefused(line, /--out: p\.csv exists, and has other columns than these predictions; --force replaces it/)
    expect(await run(`${line} --force`)).toMatchObject({ code: 0 })
    expect(text('p.csv')).toMatch(/^prediction,x,z\n/)
  })

  it.each([
    ['onnx', /is not an ONNX model that webgpu-mlp wrote/],
    ['safetensors', /is not a safetensors file that webgpu-mlp wrote/],
    ['npy', /is not an array of as many parameters/],
    ['javascript', /is not a JavaScript module that webgpu-mlp wrote/],
  ])('exports to %s', async (format, message) => {
    const line = `export --model model.json --to ${format} --out exported.${format}`
    for (let i = 0; i < 2; i++) expect(await run(line)).toMatchObject({ code: 0 })
    const own = readFileSync(at(`exported.${format}`))
    writeFileSync(at(`exported.${format}`), Buffer.concat([Buffer.from('x'), own]))
    await expectRefused(line, message)
    expect(await run(`${line} --force`)).toMatchObject({ code: 0 })
    expect(readFileSync(at(`exported.${format}`))).toEqual(own)
  })

  it('an export whose classes have braces in their names, and a model after import', async () => {
    const network = Network.create({ sizes: [1, 2], seed: 1 })
    network.classes = ['"}', '{"a":1}']
    writeFileSync(at('braces.safetensors'), toSafetensors(network))
    for (let i = 0; i < 2; i++) {
      expect(await run('import braces.safetensors --out braces.json')).toMatchObject({ code: 0 })
      expect(await run('export --model braces.json --out braces.safetensors')).toMatchObject({ code: 0 })
    }
  })

  it('a comparison of runs', async () => {
    for (let i = 0; i < 2; i++) expect(await run('report r --out all.html')).toMatchObject({ code: 0, error: '' })
  })

  it('an empty file, as mktemp makes', async () => {
    writeFileSync(at('empty'), '')
    expect(await train('--data t.csv --out empty')).toMatchObject({ code: 0, error: '' })
  })

  const commands = [
    [`${start} --data t.csv --out notes.txt`, '--out: notes.txt exists, and is not a model that webgpu-mlp wrote'],
    [`${start} --data t.csv --report notes.txt`, '--report: notes.txt exists, and is not a report'],
    [`${start} --data t.csv --checkpoint notes.txt`, '--checkpoint: notes.txt exists, and is not a checkpoint'],
    [`${start} --data t.csv --report report.html`, '--report (its history): history.csv exists, and has other columns'],
    [`${start} --data t.csv --out c`, '--out: c exists, and is not a model'],
    ['predict --model model.json --data t.csv --out notes.txt', '--out: notes.txt exists'],
    ['export --model model.json --to onnx --out notes.txt', '--out: notes.txt exists'],
    ['import model.json --out notes.txt', '--out: notes.txt exists'],
    ['report r --out notes.txt', '--out: notes.txt exists'],
  ] as const
  it.each(commands)('%s is refused', async (line, message) => {
    const path = line.includes('report.html') ? 'history.csv' : line.endsWith('--out c') ? 'c' : 'notes.txt'
    const kept = text(path)
    // The tests of inputs need a different table.
    const given = path === 'history.csv' ? line.replace('--data t.csv', '--data circle') : line
    const { code, error } = await run(given)
    expect(code).toBe(2)
    expect(error).toContain(message)
    expect(error).toMatch(/; --force replaces it, or give another name\n$/)
    expect(text(path)).toBe(kept)
  })

  it('any other file is replaced with --force', async () => {
    writeFileSync(at('other.txt'), 'to be replaced')
    expect(await train('--data t.csv --out other.txt --force')).toMatchObject({ code: 0, error: '' })
    expect(text('other.txt')).toMatch(/^\{"format":"webgpu-mlp"/)
  })

  it('but not if it is write-protected', async () => {
    expect((await train('--data t.csv --out protected.json')).code).toBe(0)
    chmodSync(at('protected.json'), 0o444)
    await expectRefused(
      `${start} --data t.csv --out protected.json`,
      /--out: protected\.json is write-protected; --force/,
    )
    expect(await train('--data t.csv --out protected.json --force')).toMatchObject({ code: 0, error: '' })
  })

  it.skipIf(!isRoot)('but not if it belongs to another user (needs root)', async () => {
    expect((await train('--data t.csv --out theirs.json')).code).toBe(0)
    chownSync(at('theirs.json'), 12345, 12345)
    await expectRefused(
      `${start} --data t.csv --out theirs.json`,
      /--out: theirs\.json belongs to another user \(12345\)/,
    )
    expect(await train('--data t.csv --out theirs.json --force')).toMatchObject({ code: 0, error: '' })
  })
})

describe('symbolic links', () => {
  it('a link to a model is kept, and the model that it names is replaced', async () => {
    expect((await train('--data t.csv --out linked.json')).code).toBe(0)
    symlinkSync('linked.json', at('link.json'))
    const before = statSync(at('linked.json')).ino
    expect(await train('--data t.csv --out link.json')).toMatchObject({ code: 0, error: '' })
    expect(lstatSync(at('link.json')).isSymbolicLink()).toBe(true)
    expect(statSync(at('linked.json')).ino).not.toBe(before)
  })

  it('a dangling link is refused, as cp does', async () => {
    symlinkSync('sub/nowhere.json', at('dangling.json'))
    symlinkSync('circle.json', at('circle.json'))
    const message =
      /dangling\.json: is a symbolic link to sub\/nowhere\.json, which does not exist; name the file itself/
    for (const more of ['', ' --force']) {
      await expectRefused(`${start} --data t.csv --out dangling.json${more}`, message)
    }
    await expectRefused(`${start} --data t.csv --out circle.json`, /circle\.json: is a symbolic link to circle\.json/)
    await expect(writeFileAtomic(at('dangling.json'), 'x')).rejects.toThrow(message)
    await expect(checkWritable(at('dangling.json'))).rejects.toThrow(message)
    expect(existsSync(at('sub', 'nowhere.json'))).toBe(false)
  })
})

describe('a resumed run', () => {
  /** The checkpoint with different command-line arguments. */
  function withWords(name: string, ...words: string[]): void {
    const checkpoint = JSON.parse(text('c')) as { notes: { arguments: string[] } }
    checkpoint.notes.arguments.push(...words)
    writeFileSync(at(name), JSON.stringify(checkpoint))
  }

  it('prints the files that it will write', async () => {
    const { code, out } = await run('train --resume c --epochs 3')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^Writes {3}the model to model\.json, the report to r\/report\.html, its history to r\/history\.csv, checkpoints to c$/m,
    )
    const json = await run('train --resume c --epochs 4 --json')
    expect(json.error).toMatch(/^Writes {3}the model to model\.json/)
    expect(Object.keys(JSON.parse(json.out) as object)).toContain('loss')
  })

  it('replaces no file of others that only the checkpoint names, not even with --force', async () => {
    withWords('hostile', '--out', 'notes.txt', '--force', '--epochs', '9')
    await expectRefused('train --resume hostile', /--force is for the command line alone/)
    withWords('hostile', '--out', 'notes.txt', '--epochs', '9')
    for (const more of ['', ' --force', ' --report other.html --force']) {
      await expectRefused(
        `train --resume hostile${more}`,
        /--out: notes\.txt \(the checkpoint names it\) exists, .*give --out again, with --force, to replace it/,
      )
    }
    await expectRefused('train --resume hostile --out notes.txt', /--out: notes\.txt exists, .*--force replaces it/)
    const kept = text('notes.txt')
    expect(await run('train --resume hostile --out notes.txt --force')).toMatchObject({ code: 0, error: '' })
    expect(text('notes.txt')).not.toBe(kept)
    writeFileSync(at('notes.txt'), kept)
  })

  it('does not store --force for the next resumed run', async () => {
    writeFileSync(at('forced.json'), 'other')
    expect((await train('--data t.csv --out forced.json --checkpoint forced --force')).code).toBe(0)
    expect(text('forced')).not.toContain('--force')
  })
})

describe('the library', () => {
  it.skipIf(isRoot)('does not replace a write-protected file by default (needs a user who is not root)', async () => {
    const network = Network.create({ sizes: [1, 1], seed: 1 })
    writeFileSync(at('mine.json'), 'x', { mode: 0o444 })
    await expect(writeModel(at('mine.json'), network)).rejects.toThrow('cannot be written: the file is write-protected')
    await writeModel(at('mine.json'), network, { force: true })
  })
})
