import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandProcess, type Ended, program } from './command.ts'

const mnist = fileURLToPath(new URL('../../shared/data/mnist-9k', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-cli-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const runHere = commandProcess()
/** Runs the built program in the test's folder. */
const run = (args: string) => runHere(args.split(' '), folder)

/** The same in a separate process; `during` can inspect the output while the program runs. */
function runAlone(
  args: string,
  during?: (out: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const { DEBUG: _, ...env } = process.env
  const child = spawn(process.execPath, [program, ...args.split(' ')], { cwd: folder, env })
  let [out, error] = ['', '']
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString()
    during?.(out, (signal) => void child.kill(signal))
  })
  child.stderr.on('data', (text: Buffer) => (error += text.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })))
}

const file = (name: string) => join(folder, name)
const flowers = ['length,width,kind'].concat(
  Array.from(
    { length: 60 },
    (_, i) => `${(i % 3) * 2 + (i % 7) * 0.1},${(i % 5) * 0.2},${['iris', 'rose', 'tulip'][i % 3]}`,
  ),
)

describe('train', () => {
  it('prints a profile of the time, and the GPU memory in use', async () => {
    const { out } = await runAlone('train --data circle --layers 2,6,2 --epochs 3 --seed 1 --backend webgpu --profile')
    expect(out).toMatch(/^Memory +[\d.]+ [KM]iB on the device$/m)
    expect(out).toMatch(/^Part +What +Time +Share +Times +Each$/m)
    expect(out).toMatch(/^kernel +resident +[\d.]+ .s +[\d.]+ %/m)
    expect(out).toMatch(/^all +[\d.]+ m?s +100.0 %$/m)
    const json = await runAlone(
      'train --data circle --layers 2,6,2 --epochs 3 --seed 1 --backend webgpu --profile --json',
    )
    const { profile } = JSON.parse(json.out) as { profile: { seconds: number; entries: { seconds: number }[] } }
    expect(profile.entries.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(profile.seconds, 6)
  })

  it('trains on circle, prints the settings, and writes model and report', async () => {
    const args = '--data circle --layers 2,3,2 --lr 1 --batch 10 --epochs 600 --seed 1 --backend cpu'
    const { code, out, error } = await run(`train ${args} --out a/model.json --report a/report.html`)
    expect(error).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('Backend  cpu: CPU, float32')
    expect(out).toMatch(/seed 1$/m)
    const score = /Training data +loss [\d.]+, score ([\d.]+) %/.exec(out)
    expect(Number(score?.[1])).toBeGreaterThanOrEqual(95)
    const model = JSON.parse(readFileSync(file('a/model.json'), 'utf8')) as { sizes: number[]; classes: string[] }
    expect(model.sizes).toEqual([2, 3, 2])
    expect(model.classes).toEqual(['outside', 'inside'])
    expect(readdirSync(file('a'))).toEqual(['history.csv', 'model.json', 'report.html'])
    expect(readFileSync(file('a/history.csv'), 'utf8').split('\r\n')).toHaveLength(600 + 2)
  })

  it('prints one plain line per epoch if output is not a terminal', async () => {
    const { out } = await runAlone('train --data xor --epochs 3 --seed 1 --backend cpu --test 0.2')
    const lines = out.split('\n').filter((line) => line.startsWith('Epoch'))
    expect(lines).toHaveLength(3)
    expect(lines[2]).toMatch(/^Epoch 3 loss [\d.e-]+ score [\d.]+ % validation loss [\d.e-]+ score [\d.]+ %$/)
  })

  it('prints one JSON object and nothing else with --json', async () => {
    const { code, out } = await run('train --data moons --epochs 4 --batch 50 --test 0.2 --seed 3 --backend cpu --json')
    expect(code).toBe(0)
    expect(out.trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(out)).toEqual({
      backend: { name: 'cpu', description: 'CPU, float32' },
      epochs: 4,
      steps: 32,
      seconds: expect.any(Number),
      samplesPerSecond: expect.any(Number),
      loss: expect.any(Number),
      accuracy: expect.any(Number),
      validation: { loss: expect.any(Number), accuracy: expect.any(Number) },
      model: null,
    })
  })

  it('repeats a run with its seed', async () => {
    const losses = await Promise.all(
      [5, 5, 6].map(async (seed) => {
        const { out } = await run(`train --data spirals --epochs 5 --seed ${seed} --backend cpu --json`)
        return (JSON.parse(out) as { loss: number }).loss
      }),
    )
    expect(losses[1]).toBe(losses[0])
    expect(losses[2]).not.toBe(losses[0])
  })

  it('runs on webgpu by name, with the same result', async () => {
    const run2 = async (backend: string) => {
      const { out, error } = await runAlone(
        `train --data circle --epochs 5 --seed 1 --layers -,8,- --backend ${backend} --json`,
      )
      expect(error).toBe('')
      return JSON.parse(out) as { backend: { name: string }; loss: number }
    }
    const [gpu, cpu] = await Promise.all([run2('webgpu'), run2('cpu')])
    expect(gpu.backend.name).toBe('webgpu')
    expect(Math.abs(gpu.loss - cpu.loss)).toBeLessThan(1e-4)
  })

  it('stops after the running epoch on Ctrl-C, keeps the model, exits 130', async () => {
    let sent = false
    const args = 'train --data circle --epochs 2000000 --seed 1 --backend cpu --out stopped.json'
    const { code, out } = await runAlone(args, (out, kill) => {
      if (!sent && out.includes('Epoch 1 ')) kill('SIGINT')
      sent ||= out.includes('Epoch 1 ')
    })
    expect(code).toBe(130)
    expect(out).toContain('Model            stopped.json')
    expect(existsSync(file('stopped.json'))).toBe(true)
  })

  it.skipIf(!existsSync(mnist))('reads MNIST from its IDX files', { timeout: 120_000 }, async () => {
    const args = `--data ${mnist} --layers 784,30,10 --activation sigmoid --loss quadratic --lr 3 --batch 10 --epochs 3`
    const { out } = await run(`train ${args} --backend cpu --seed 1 --json --out mnist.json`)
    const { validation } = JSON.parse(out) as { validation: { accuracy: number } }
    expect(validation.accuracy).toBeGreaterThan(0.88)
    const evaluated = await run(`evaluate --model mnist.json --data ${mnist} --json --backend cpu`)
    expect(JSON.parse(evaluated.out)).toMatchObject({ accuracy: validation.accuracy, samples: 1000 })
  })

  it('finds EMNIST by what its files hold, with 26 classes for labels 1 to 26, which evaluate finds by their names', async () => {
    const images = idx([104, 1, 2], Uint8Array.from({ length: 208 }, (_, i) => (i % 2 === 0 ? 1 + (i % 26) : 26 - (i % 26)))) // prettier-ignore
    const labels = idx(
      [104],
      Uint8Array.from({ length: 104 }, (_, i) => 1 + (i % 26)),
    )
    const write = (folder: string, part: string, marks: Uint8Array) => {
      mkdirSync(file(folder), { recursive: true })
      writeFileSync(join(file(folder), `emnist-letters-${part}-images-idx3-ubyte`), images)
      writeFileSync(join(file(folder), `emnist-letters-${part}-labels-idx1-ubyte.gz`), gzipSync(marks))
    }
    write('emnist', 'train', labels)
    write('emnist-test', 'test', labels)
    const args = '--layers -,8,26 --loss crossEntropy --activation tanh --epochs 2 --seed 1 --backend cpu --json'
    const { out, code } = await run(`train --data emnist ${args} --out emnist.json`)
    expect(code).toBe(0)
    const { accuracy } = JSON.parse(out) as { accuracy: number }
    const model = JSON.parse(readFileSync(file('emnist.json'), 'utf8')) as { classes: string[] }
    expect(model.classes).toEqual(Array.from({ length: 26 }, (_, i) => String(i + 1)))
    const evaluated = await run('evaluate --model emnist.json --data emnist-test --json --backend cpu')
    expect(JSON.parse(evaluated.out)).toMatchObject({ accuracy, samples: 104 })
  })
})

describe('a CSV from training to prediction', () => {
  it('keeps names and scaling in the model, and predicts class names', async () => {
    writeFileSync(file('flowers.csv'), `${flowers.join('\n')}\n`)
    const args =
      '--data flowers.csv --target kind --layers -,8,- --activation tanh --loss crossEntropy --optimizer adam'
    const trained = await run(`train ${args} --lr 0.05 --epochs 60 --standardize --seed 1 --backend cpu --out f.json`)
    expect(trained.error).toBe('')
    expect(trained.out).toContain('tanh · softmax')
    const evaluated = await run('evaluate --model f.json --data flowers.csv --target kind --json --backend cpu')
    expect(JSON.parse(evaluated.out)).toMatchObject({ accuracy: 1, samples: 60 })
    // Columns in another order and an additional one: columns are found by name.
    writeFileSync(file('new.csv'), 'id,width,length\n7,0.2,0.1\n8,0.2,4.3\n')
    const predicted = await run('predict --model f.json --data new.csv --out answers.csv --backend cpu')
    expect(predicted.code).toBe(0)
    const rows = readFileSync(file('answers.csv'), 'utf8').trim().split('\n')
    expect(rows[0]).toBe('prediction,iris,rose,tulip')
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(['iris', 'tulip'])
    const shares = rows[1]!.split(',').slice(1).map(Number)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
    const { out } = await run('info --model f.json')
    expect(out).toMatch(/features +length, width/)
    expect(out).toMatch(/scaling +standardize/)
  })

  it('evaluate prints precision, recall, F1 and the confusion matrix; --json adds them to its other fields', async () => {
    const args = '--data moons --layers -,8,- --activation tanh --lr 0.5 --epochs 40 --seed 1 --backend cpu'
    expect((await run(`train ${args} --out moons.json`)).code).toBe(0)
    const { out } = await run('evaluate --model moons.json --data moons --seed 2 --backend cpu')
    expect(out).toMatch(/^AUC +0\.9\d+ /m)
    expect(out).toMatch(/^Class +Precision +Recall +F1 +Samples$/m)
    expect(out).toMatch(/^upper +[01]\.\d{3} +[01]\.\d{3} +[01]\.\d{3} +250$/m)
    expect(out).toMatch(/^weighted mean( +[01]\.\d{3}){3} +500$/m)
    expect(out).toMatch(/^ +upper +lower\nupper +\d+ +\d+\nlower +\d+ +\d+$/m)
    const json = await run('evaluate --model moons.json --data moons --seed 2 --backend cpu --json')
    const result = JSON.parse(json.out) as { accuracy: number; confusionMatrix: number[][] }
    expect(result).toMatchObject({
      samples: 500,
      lossFunction: 'quadratic',
      classes: [{ name: 'upper', support: 250 }, { name: 'lower' }],
      topK: { k: 1, accuracy: result.accuracy },
      micro: { f1: result.accuracy },
    })
    const [[a], [, d]] = result.confusionMatrix as [[number, number], [number, number]]
    expect((a + d) / 500).toBe(result.accuracy)
    const { code, error } = await run('evaluate --model moons.json --data moons --top-k 3 --backend cpu')
    expect([code, error]).toEqual([2, 'webgpu-mlp: --top-k: expected a whole number from 1 to 2, got 3\n'])
  })

  it('prints R² for regression targets', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${i / 50},${(2 * i) / 50 + 1.25}`)
    writeFileSync(file('line.csv'), `x,y\n${rows.join('\n')}\n`)
    const args = '--data line.csv --layers -,- --activation linear --loss meanSquaredError --epochs 200 --seed 1'
    const { out } = await run(`train ${args} --backend cpu`)
    expect(Number(/Training data +loss [\d.e-]+, R² ([\d.]+)/.exec(out)?.[1])).toBeGreaterThan(0.99)
  })
})

describe('report', () => {
  it('compares runs: from folders, from files, as JSON', async () => {
    const args = 'train --data xor --epochs 3 --seed 1 --test 0.2 --backend cpu'
    for (const rate of [0.1, 1])
      expect((await run(`${args} --lr ${rate} --report sgd/${rate}/report.html`)).code).toBe(0)
    const { code, out, error } = await run('report sgd --out sgd/all.html')
    expect([code, out, error]).toEqual([0, '2 runs compared in sgd/all.html\n', ''])
    // The page of a comparison is not a run, and a run that is named twice counts once.
    const json = await run('report sgd/all.html sgd/0.1 sgd --json')
    expect(json.error).toBe('webgpu-mlp: note: sgd/all.html: holds no run, left out\n')
    const runs = JSON.parse(json.out) as { name: string; fingerprint: string; epochs: number }[]
    expect(runs.map(({ name }) => name)).toEqual(['sgd/0.1', 'sgd/1'])
    expect(runs[0]).toMatchObject({
      epochs: 3,
      scoreName: 'accuracy',
      fingerprint: expect.stringMatching(/^[\da-f]{16}$/),
    })
    expect(existsSync(file('comparison.html'))).toBe(false)
  })

  it.each([
    ['report', /missing required argument 'runs'/],
    ['report nowhere', /nowhere: there is no such file or folder/],
    ['report nothing-here', /report: found no run in nothing-here; expected what train --report wrote/],
  ])('%s', async (args, message) => {
    mkdirSync(file('nothing-here'), { recursive: true })
    const { code, error } = await run(args)
    expect(code).toBe(2)
    expect(error).toMatch(message)
    rmSync(file('nothing-here'), { recursive: true })
  })
})

describe('verify, info, doctor', () => {
  it('verify prints a table and exits 0 if all stages are within their bounds', async () => {
    const { code, out } = await runAlone(
      'verify --layers 5,7,3 --loss crossEntropy --activation gelu --backend webgpu --seed 1',
    )
    expect(code).toBe(0)
    expect(out).toMatch(/^layer +forward +activation +delta +weight gradient +bias gradient +update$/m)
    expect(out).toContain('Every stage holds.')
    const json = await runAlone('verify --layers 5,7,3 --backend cpu --seed 1 --json')
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, backend: { name: 'cpu' }, seed: 1 })
  })

  it('doctor prints which adapter was found and which backend auto chooses', async () => {
    const { code, out, error } = await runAlone('doctor')
    expect(code).toBe(0)
    expect(error).toBe('')
    expect(out).toMatch(/(Software|Hardware) adapter: /)
    expect(out).toContain('self-test: its results are correct')
    expect(out).toMatch(/Chosen by 'auto'/)
  })

  it('info and --help exit with 0', async () => {
    expect((await runAlone('info')).out).toMatch(/version +\d/)
    const { code, out } = await runAlone('train --help')
    expect(code).toBe(0)
    expect(out).toContain('--optimizer <name>')
    expect((await runAlone('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

/** An IDX file of bytes: images for three dimensions, labels for one. */
function idx(dimensions: number[], values: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * dimensions.length))
  header.setUint32(0, 0x0800 + dimensions.length)
  dimensions.forEach((size, i) => header.setUint32(4 + 4 * i, size))
  return Buffer.concat([new Uint8Array(header.buffer), values])
}

function writeIdx(name: string, images: Uint8Array, labels: Uint8Array): void {
  mkdirSync(file(name), { recursive: true })
  writeFileSync(join(file(name), 'train-images-idx3-ubyte.gz'), gzipSync(images))
  writeFileSync(join(file(name), 'train-labels-idx1-ubyte'), labels)
}

describe('bad input: one line on standard error, exit 2, nothing written', () => {
  beforeAll(() => {
    writeFileSync(file('ragged.csv'), 'a,b,y\n1,2,x\n1,2,3,y\n1,2,y\n')
    writeFileSync(file('letters.csv'), 'a,b,y\n1,2,x\n1,two,y\n')
    writeFileSync(file('nan.csv'), 'a,b,y\n1,2,x\n1,NaN,y\n')
    writeFileSync(file('missing.csv'), 'a,b,y\n1,2,x\n1,,y\n')
    writeFileSync(file('empty.csv'), '')
    writeFileSync(file('good.csv'), 'a,b,y\n1,2,x\n2,1,z\n3,1,x\n1,1,z\n')
    writeFileSync(file('not-a-model.json'), '{"hello": 1}')
    writeFileSync(file('broken.json'), '{"format": "webgpu-mlp"')
    const images = idx([3, 2, 2], new Uint8Array(12))
    const labels = idx([3], Uint8Array.of(0, 1, 1))
    writeIdx('truncated', images.subarray(0, images.length - 2), labels)
    writeIdx('swapped', labels, images)
    writeIdx('counts', images, idx([2], Uint8Array.of(0, 1)))
    mkdirSync(file('empty-folder'))
    writeFileSync(file('a-file'), '')
  })

  it.each([
    ['--data ragged.csv', /ragged\.csv: .*line 3/],
    ['--data letters.csv', /letters\.csv: .*line 3.*'b'.*'two'/],
    ['--data nan.csv', /nan\.csv: .*line 3.*'b'/],
    ['--data missing.csv', /missing\.csv: .*line 3.*'b'/],
    ['--data empty.csv', /empty\.csv: .*empty/],
    ['--data good.csv --target z', /target.*'z'/],
    ['--data good.csv --samples 5', /--samples: is for generated data/],
    ['--data nowhere.csv', /no file or folder 'nowhere\.csv'/],
    ['--data truncated', /truncated.*images/],
    ['--data swapped', /swapped/],
    ['--data counts', /counts.*3.*2/],
    ['--data empty-folder', /empty-folder: found no IDX files, such as train-images/],
    ['--data circl', /did you mean 'circle'\?/],
    ['--data circle --layers 3,4,2', /--layers: the first size is 3, but the data have 2 input columns/],
    ['--data circle --layers 2,4,3', /--layers: the last size is 3, but the data have 2 targets/],
    ['--data circle --layers 2,x,2', /--layers: 'x' in '2,x,2' is not a layer's size/],
    ['--data circle --activation sigmod', /--activation: unknown name 'sigmod' \(did you mean 'sigmoid'\?\)/],
    ['--data circle --activation relu,relu,relu', /--activation: expected one name, or 2/],
    ['--data circle --activation softmax,relu', /softmax is for the output layer only/],
    ['--data circle --loss crossEntropie', /did you mean 'crossEntropy'\?/],
    ['--data circle --optimizer adm', /--optimizer: unknown name 'adm' \(did you mean 'adam'\?\)/],
    ['--data circle --batch 0', /--batch: expected a whole number from 1/],
    ['--data circle --epochs 1.5', /--epochs: expected a whole number from 0/],
    ['--data circle --lr -1', /--lr: expected a finite number of at least 0, got -1/],
    ['--data circle --lr fast', /expected a number, got 'fast'/],
    ['--data circle --test 1', /test: 1 of 500 samples leaves one of the two parts empty/],
    ['--data circle --seed -4', /--seed: expected a whole number from 0/],
    ['--data circle --backend gpu', /--backend: unknown name 'gpu'/],
    ['--data circle --bach 3', /unknown option '--bach'.*--batch/],
    ['--data circle --out a-file/model.json', /a-file/],
    ['--data circle --out /proc/x/model.json', /\/proc\/x\/model\.json: cannot be written/],
    ['--data circle --report empty-folder', /empty-folder: is a folder/],
    ['--data circle --standardize --normalize', /--normalize: is the other of --standardize/],
    ['', /required option '--data <name>' not specified/],
  ])('train %s', async (args, message) => {
    const before = readdirSync(folder, { recursive: true })
    const out = args.includes('--out') || args === '' ? '' : ' --out new/model.json'
    const result = await run(`train ${args}${out}`.trim())
    expect(result.error.trim().split('\n')).toHaveLength(1)
    expect(result.error).toMatch(/^webgpu-mlp: /)
    expect(result.error).toMatch(message)
    expect(result.code).toBe(2)
    expect(readdirSync(folder, { recursive: true })).toEqual(before)
  })

  it.each([
    ['evaluate --model not-a-model.json --data circle', /not-a-model\.json: .*not a webgpu-mlp model/],
    ['evaluate --model broken.json --data circle', /broken\.json: not a model file: it is not JSON/],
    ['evaluate --model nowhere.json --data circle', /nowhere\.json: .*no such file/],
    ['predict --model nowhere.json --data good.csv', /nowhere\.json/],
    ['verify --layers 3', /--layers: expected at least two sizes/],
    ['trian --data circle', /unknown command 'trian'.*train/],
  ])('%s', async (args, message) => {
    const { code, out, error } = await run(args)
    expect(out).toBe('')
    expect(error.trim().split('\n')).toHaveLength(1)
    expect(error).toMatch(message)
    expect(code).toBe(2)
  })

  it('a run that diverges exits 1 and prints advice', async () => {
    writeFileSync(
      file('steep.csv'),
      `x,y\n${Array.from({ length: 20 }, (_, i) => `${i * 100},${i + 0.5}`).join('\n')}\n`,
    )
    const args = '--data steep.csv --layers -,- --activation linear --lr 10 --epochs 50 --backend cpu --out steep.json'
    const { code, error } = await run(`train ${args}`)
    expect(code).toBe(1)
    expect(error).toMatch(
      /^webgpu-mlp: the training loss became (NaN|Infinity) in epoch \d+, at minibatch \d+, in layer 1: .*; (lower the learning rate: --lr|take --standardize)/m,
    )
    expect(existsSync(file('steep.json'))).toBe(false)
  })
})
