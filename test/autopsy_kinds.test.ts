import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import {
  crossValidate,
  DataStream,
  type DivergenceCause,
  DivergedError,
  sgd,
  sweep,
  type SweepOptions,
  Trainer,
  wasm,
} from '../src/index.ts'
import { type DivergingRun, divergingRuns, line, sums, withFix } from './autopsy.ts'
import { isExhaustive } from './covering.ts'
import { withDevice } from './device.ts'

/** The error of a training; undefined where it stays finite. */
type Train = (run: DivergingRun) => Promise<DivergedError | undefined>

async function divergenceOf(training: () => Promise<unknown>): Promise<DivergedError | undefined> {
  try {
    await training()
    return undefined
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    return error
  }
}

async function withTrainer(
  { network, options, ...run }: DivergingRun,
  more: object,
  use: (trainer: Trainer, run: Omit<DivergingRun, 'network' | 'options'>) => Promise<unknown>,
): Promise<DivergedError | undefined> {
  const trainer = await Trainer.create(network.clone(), { backend: 'cpu', ...options, ...more })
  try {
    return await divergenceOf(() => use(trainer, run))
  } finally {
    trainer.dispose()
  }
}

const on =
  (backend: Backend): Train =>
  (run) =>
    withTrainer(run, { backend }, (trainer, { data, epochs, shuffle }) => trainer.fit(data, { epochs, shuffle }))

const streamed: Train = (run) =>
  withTrainer(run, {}, (trainer, { data, epochs, shuffle }) => {
    const chunks = () => [data.slice(0, 25), data.slice(25, data.length)]
    return trainer.fit(DataStream.from({ samples: data.length, chunks, example: data }), { epochs, shuffle })
  })

const inSteps: Train = (run) =>
  withTrainer(run, {}, async (trainer, { data, epochs, shuffle }) => {
    const count = epochs * Math.ceil(data.length / (run.options.batchSize ?? 32))
    for await (const { step } of trainer.steps(data, { shuffle })) if (step >= count) break
  })

/** What can be made of a stream: rows cannot be left out by their numbers, nor weights be given. */
const kinds: Record<string, Train> = {
  wasm: on(wasm({ threads: 1 })),
  'wasm on two threads': on(wasm({ threads: 2 })),
  streams: streamed,
  steps: inSteps,
}

const selected: readonly DivergenceCause[] = ['learningRate', 'row']
/** Runs on a GPU without `isExhaustive`. */
const most = isExhaustive ? Infinity : 1

/** One run for each of some causes, or all runs. */
const runs = isExhaustive ? divergingRuns : selected.map((cause) => divergingRuns.find(([, own]) => own === cause)!)

async function expectCauses(train: Train, of: readonly (readonly [string, DivergenceCause, DivergingRun])[] = runs) {
  for (const [name, cause, run] of of) {
    const error = await train(run)
    expect(error?.autopsy, name).toMatchObject({ cause, isTried: true })
    expect(await train(withFix(run, error!.autopsy!.fix)), `${name} with the fix`).toBeUndefined()
  }
}

describe('the likely cause of a divergence, and its fix', () => {
  it.each(Object.entries(kinds))('%s', async (_, train) => {
    await expectCauses(train)
  })

  const onDevice = ({ gpu, profile }: Device, hardware: boolean, plan: 'layered' | 'resident'): Train => {
    const opened = Device.from(gpu, new AdapterProfile({ software: !hardware, quads: profile.quads }))
    // The resident plan does not clip gradients.
    return (run) => {
      const isClipped = 'clipNorm' in run.options.optimizer! && run.options.optimizer.clipNorm > 0
      return on(webgpuWith(opened, isClipped ? 'layered' : plan))(run)
    }
  }

  const inWindows =
    (backend: Backend): Train =>
    (run) =>
      withTrainer(run, { backend, dataMemory: 1100, batchSize: 10 }, (trainer, { data, epochs, shuffle }) =>
        trainer.fit(data, { epochs, shuffle }),
      )

  const timeout = 1_200_000
  withDevice(
    'webgpu, straight',
    (device) => expectCauses(onDevice(device, false, 'resident'), runs.slice(0, most)),
    timeout,
  )
  // Each network is compiled anew, which takes long on a software adapter.
  if (!isExhaustive) return
  withDevice('webgpu, layered', (device) => expectCauses(onDevice(device, false, 'layered')), timeout)
  withDevice('webgpu, lanes', (device) => expectCauses(onDevice(device, true, 'resident')), timeout)
  withDevice('webgpu, windows', (device) => expectCauses(inWindows(webgpuWith(device, 'layered'))), timeout)
  withDevice(
    'webgpu, loop',
    (device) => {
      const network = line('relu', [2, 12, 12, 1])
      const large = runs.map(([name, cause, run]) => [name, cause, { ...run, network }] as const)
      return expectCauses(
        onDevice(device, false, 'resident'),
        large.filter(([, cause]) => cause === 'row'),
      )
    },
    timeout,
  )
})

const badRow = (row: number) => sums(60, { x: (x, i, j) => (i === row && j === 0 ? 1e20 : x) })

describe('the folds of a cross-validation', () => {
  const options = { loss: 'meanSquaredError', batchSize: 10, backend: 'cpu', folds: 3, epochs: 5, seed: 3 } as const
  const network = { sizes: [2, 6, 1], hidden: 'relu', output: 'linear' } as const
  it('name the fold, and the row by its number in the whole data', async () => {
    const optimizer = sgd({ learningRate: 0.05 })
    for (const row of isExhaustive ? Array.from({ length: 60 }, (_, i) => i) : [16, 58]) {
      const error = (await divergenceOf(() => crossValidate(network, badRow(row), { ...options, optimizer })))!
      expect(error.autopsy).toMatchObject({
        cause: 'row',
        fix: { rows: [row + 1] },
        bad: { row: row + 1, value: 1e20 },
      })
      expect(error.message).toMatch(
        RegExp(`^fold ${error.fold}: .*sample ${row + 1} \\(counted from 1\\) has 1e\\+?20`),
      )
      const kept = Array.from({ length: 60 }, (_, i) => i).filter((i) => i !== row)
      await crossValidate(network, badRow(row).take(kept), { ...options, optimizer })
    }
  })
})

/** The options of a sweep with the network of a run. */
function sweepOf({ options, epochs, shuffle = true }: DivergingRun, backend: SweepOptions['backend'] = 'cpu') {
  const { loss, optimizer, batchSize, l2 } = options
  return { loss, optimizer, batchSize, l2, epochs, shuffle, backend }
}

describe('networks of a sweep that diverged', () => {
  const shape = { sizes: [2, 6, 1], hidden: 'tanh', output: 'linear' } as const

  async function expectExplained(backend: SweepOptions['backend']) {
    const [, , run] = divergingRuns.find(([, cause]) => cause === 'learningRate')!
    const given = { ...shape, ...sweepOf(run, backend), learningRate: [0.01, 50] }
    const [well, diverged] = await sweep(run.data, given)
    expect(await well!.explain()).toBeUndefined()
    const autopsy = (await diverged!.explain())!
    expect(autopsy).toMatchObject({ cause: 'learningRate', isTried: true })
    // The same as of a single training.
    const { network, options, data, epochs } = { ...run, network: diverged!.network() }
    network.parameters.set(line('tanh').parameters)
    expect(
      await withTrainer({ network, data, options, epochs }, {}, (trainer) => trainer.fit(data, { epochs })),
    ).toBeDefined()
    const [again] = await sweep(run.data, { ...given, learningRate: autopsy.fix.learningRate! })
    expect(again!.diverged).toBe(false)
  }

  it('are explained when they are asked', () => expectExplained('cpu'))
  it('are explained in fours', () => expectExplained(wasm({ threads: 1 })))
  if (isExhaustive)
    withDevice('are explained in populations', (device) => expectExplained(webgpuWith(device, 'resident')))

  it('name the fold, and the row by its number in the whole data', async () => {
    const options = { ...shape, hidden: 'relu', loss: 'meanSquaredError', learningRate: 0.05, batchSize: 10 } as const
    const [result] = await sweep(badRow(33), { ...options, epochs: 5, folds: 3, backend: 'cpu' })
    expect(await result!.explain()).toMatchObject({ cause: 'row', bad: { row: 34 }, fix: { rows: [34] } })
  })
})
