import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeComparison } from '../../../src/cli/report/comparison.ts'
import { payloadStart } from '../../../src/cli/report/html.ts'
import { readRecord } from '../../../src/cli/report/record.ts'
import { readState } from '../../../src/cli/sweep/state.ts'
import { planSweep } from '../../../src/cli/sweep/plan.ts'
import { resume } from '../../../src/cli/train/resume.ts'
import { Fingerprint } from '../../../src/data/fingerprint.ts'
import {
  adam,
  cpu,
  decodeCheckpoint,
  decodeSweepCheckpoint,
  encodeCheckpoint,
  encodeSweepCheckpoint,
  InputError,
  mergeSweepCheckpoints,
  reduceOnPlateau,
  sweep,
  type SweepOptions,
  Trainer,
} from '../../../src/index.ts'
import { bytes, json, pair, text, toText } from '../mutate.ts'
import { data, network } from './models.ts'
import { type Reader, reader } from './reader.ts'

const options = { backend: cpu(), seed: 1, batchSize: 2 } as const

/** Checkpoints of a short run, one of them with notes as the command line writes them. */
async function makeCheckpoints(): Promise<string[]> {
  const trainer = await Trainer.create(network.clone(), options)
  const texts: string[] = []
  const notes = { arguments: ['--data', 'circle'], epochs: [[0.5, 0.5, null, null, 2, 0.1, 0.1, 40]] }
  await trainer.fit(data, {
    epochs: 1,
    earlyStopping: { patience: 5 },
    checkpoint: { write: (made) => void texts.push(encodeCheckpoint(made), encodeCheckpoint({ ...made, notes })) },
  })
  trainer.dispose()
  return texts
}

const sweepOptions: SweepOptions = {
  sizes: [2, 2, 2],
  output: 'softmax',
  loss: 'crossEntropy',
  seeds: 2,
  epochs: 3,
  halving: { rounds: 2 },
  optimizer: adam({ learningRate: reduceOnPlateau({ learningRate: 0.1 }) }),
  backend: 'cpu',
  threads: 1,
}

/** Checkpoints of a sweep at its beginning, on the way and at its end. */
async function makeSweepCheckpoints(): Promise<Uint8Array[]> {
  const files: Uint8Array[] = []
  const run = sweep(data, sweepOptions)
  const notes = { program: 'webgpu-mlp 0.1.0', arguments: ['--data', 'circle', '--seeds', '2'] }
  const keep = async () => files.push(encodeSweepCheckpoint(await run.checkpoint({ notes })))
  for await (const _ of run) await keep()
  await run
  await keep()
  return files
}

/** The parts of the file of a sweep's checkpoint: what is in its header, and its numbers. */
function partsOf(file: Uint8Array): { header: unknown; numbers: Uint8Array } {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(8, true)
  const header = JSON.parse(new TextDecoder().decode(file.subarray(16, 16 + length))) as unknown
  return { header, numbers: file.slice(16 + 8 * Math.ceil((length + 8) / 8)) }
}

/** A file whose checksum is correct, whatever it holds. */
function sealed({ header, numbers }: { header: unknown; numbers: Uint8Array }): Uint8Array {
  const content = Buffer.from(toText(header))
  const first = 16 + 8 * Math.ceil((content.length + 8) / 8)
  const file = new Uint8Array(first + 8 * Math.ceil(numbers.length / 8))
  file.set(Buffer.from('mlpsweep'))
  const view = new DataView(file.buffer)
  view.setUint32(8, content.length, true)
  file.set(content, 16)
  file.set(numbers, first)
  const words = (from: number, to: number) => new Float32Array(file.buffer, from, (to - from) / 4)
  const checksum = new Fingerprint().add(words(0, 12)).add(words(16, file.length))
  view.setUint32(12, parseInt(String(checksum), 16), true)
  return file
}

/** Goes on with a sweep, as far as its checkpoint lets it. */
async function goOn(file: Uint8Array): Promise<void> {
  const checkpoint = decodeSweepCheckpoint(file)
  try {
    mergeSweepCheckpoints([checkpoint])
  } catch (error) {
    if (!(error instanceof InputError)) throw error
  }
  const run = sweep(data, { ...sweepOptions, resume: checkpoint })
  const results = await run
  for (const result of results) JSON.stringify([result.history.epochs, result.network()])
  encodeSweepCheckpoint(await run.checkpoint())
}

const record = {
  format: 'webgpu-mlp run',
  version: 1,
  title: '2-3-2 on circle',
  settings: [['layers', '2-3-2']],
  environment: [['node', 'v20']],
  fingerprint: '0123456789abcdef',
  scoreName: 'accuracy',
  epochs: 2,
  seconds: 1.5,
  samplesPerSecond: 100,
  training: { loss: 0.5, score: 0.9 },
  validation: null,
  curves: { epoch: [1, 2], loss: [0.6, 0.5], score: [80, 90], validationLoss: null, validationScore: null },
}
const validated = {
  ...record,
  validation: { loss: 0.6, score: null },
  curves: { ...record.curves, validationLoss: [0.7, 0.6], validationScore: [70, null] },
}

/** Names from a record are text on the page: no element of it is made of them. */
function compareRuns(value: unknown): void {
  const found = readRecord(`<p>${payloadStart}${toText({ record: value }).replaceAll('<', '\\u003c')}</script>`, 'report.html')
  if (!found) return
  const page = makeComparison([{ name: '<b>a</b>', record: found }, { name: 'b', record: found }]) // prettier-ignore
  const [before = '', payload = ''] = page.split(payloadStart)
  const body = before.slice(before.indexOf('<body>'))
  if (/<(?:img|b)\b|<script/i.test(body)) throw new Error('a name from a file became an element of the page')
  JSON.parse(payload.slice(0, payload.indexOf('</script>')))
} // prettier-ignore

const checkpointFiles = ['src/training/checkpoint', 'src/core/base64', 'src/training/same-run']
const sweepFiles = ['src/training/sweep/checkpoint/', 'src/training/checkpoint-fields']

/** Readers of runs that go on, and of their reports. @param folder for temporary files */
export async function runReaders(folder: string): Promise<Reader<unknown>[]> {
  const checkpoints = await makeCheckpoints()
  const sweeps = await makeSweepCheckpoints()
  const trainer = await Trainer.create(network.clone(), options)
  const path = join(folder, 'run.checkpoint')
  const state = join(folder, 'sweep')
  mkdirSync(state, { recursive: true })
  const resumeFrom = async (content: string) => {
    writeFileSync(path, content)
    const words = await resume(path, []).catch((error: unknown) => error)
    if (words instanceof Error && !(words instanceof InputError)) throw words
    await trainer.resume(decodeCheckpoint(content))
  }
  const readSweep = async (file: Uint8Array) => {
    writeFileSync(join(state, 'sweep.state'), file)
    await readState(state)
    await planSweep(['--resume', state], {})
  }
  const parts = sweeps.map(partsOf)
  const sealedParts = pair(json(parts.map(({ header }) => header)), bytes([parts.at(-1)!.numbers, parts[0]!.numbers]))
  return [
    reader('checkpoint', json(checkpoints.map((one) => JSON.parse(one) as unknown)), checkpointFiles, (value) => resumeFrom(toText(value))), // prettier-ignore
    reader('checkpoint file', text(checkpoints), [...checkpointFiles, 'src/cli/train/resume'], resumeFrom),
    reader('sweep checkpoint', bytes(sweeps), sweepFiles, goOn),
    reader('sweep checkpoint, sealed', sealedParts, sweepFiles, ([header, numbers]) =>
      goOn(sealed({ header, numbers })),
    ),
    reader('state of a sweep', sealedParts, [...sweepFiles, 'src/cli/sweep/state'], ([header, numbers]) => readSweep(sealed({ header, numbers }))), // prettier-ignore
    reader(
      'record of a run',
      json([record, validated]),
      ['src/cli/report/record', 'src/cli/report/comparison'],
      compareRuns,
    ),
  ]
}
