import { DivergedError, verify } from '../../src/index.ts'
import type { Evaluation, Request, StopRule, WorkerMessage } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { adviceAfter, adviceBefore, adviceDiverged } from './advice.ts'
import { EpochsPerCall } from './epochs-per-call.ts'
import { openFile, prepareFromFile, summarizeUse } from './files.ts'
import { prepare, type Prepared } from './prepare.ts'
import { describeProgress } from './report.ts'
import { Run } from './run.ts'
import { subjectOf, withSubject } from './subjects.ts'

/** Minimum milliseconds between progress reports. More reports would not be visible and slow down the training. */
const REPORT_INTERVAL = 60
/** Minimum milliseconds between evaluations, which take at most a tenth of the time. */
const EVALUATION_INTERVAL = 500
/** Points along each side of the plane, during training and while it is paused. */
const SIDE = { playing: 160, paused: 320 }

let activeRun: Run | undefined
let epochsPerCall = new EpochsPerCall(REPORT_INTERVAL)
/** The user's drawing. */
let drawing: Float32Array | undefined
let playing = false
/** The index of the snapshot that the page shows. */
let shownSnapshot = 0
/** Work that uses the trainer; one item runs at a time. */
let trainerQueue: Promise<unknown> = Promise.resolve()
/** Requests in the order in which they arrived. While one of them waits for a file, training continues. */
let requestQueue = Promise.resolve()
let lastReport = 0
let nextEvaluation = 0
/** Since training began or its speed changed: start time, epochs, and the milliseconds spent in these epochs. */
const rates = { began: 0, epochs: 0, busy: 0 }
/** Epochs per second; 0 for no limit. */
let speed = 0
let rule: StopRule = { stop: 0, patience: 0 }

const post = (message: WorkerMessage, transfer: Transferable[] = []) => {
  self.postMessage(message, { transfer })
}

async function report(run: Run, snapshot = run.snapshots.length - 1): Promise<void> {
  const side = playing ? SIDE.playing : SIDE.paused
  const seconds = (performance.now() - rates.began) / 1000
  const speeds = {
    epochsPerSecond: playing && seconds > 0 ? rates.epochs / seconds : 0,
    samplesPerSecond: rates.busy > 0 ? (1000 * rates.epochs * run.prepared.train.length) / rates.busy : 0,
  }
  const evaluation = await evaluateIfDue(run)
  const { progress, transfer } = await describeProgress(run, { side, snapshot, speeds, evaluation, drawing })
  post(progress, transfer)
  shownSnapshot = snapshot
  lastReport = performance.now()
}

async function evaluateIfDue(run: Run): Promise<Evaluation | undefined> {
  const start = performance.now()
  if (playing && start < nextEvaluation) return undefined
  const evaluation = await run.evaluate()
  const took = performance.now() - start
  nextEvaluation = start + took + Math.max(EVALUATION_INTERVAL, 10 * took)
  return evaluation
}

/** The data that the settings describe. A second worker prepares the data of a file. */
const prepareData = (settings: Settings): Promise<Prepared> =>
  withSubject('data', async () => {
    const { problem } = settings
    return problem === 'file' ? prepareFromFile(settings) : prepare(settings, problem)
  })

/** Starts a new run, and replaces the active run once the first evaluation of the new one has succeeded. */
async function start(settings: Settings, prepared: Prepared): Promise<void> {
  const run = new Run(settings, prepared)
  try {
    await run.scoreUntrained()
  } catch (error) {
    await run.release()
    throw error
  }
  await activeRun?.release()
  activeRun = run
  epochsPerCall = new EpochsPerCall(REPORT_INTERVAL)
  speed = settings.speed
  rule = settings
  resetRates()
  postData(run)
  post({ type: 'advice', sentences: adviceBefore(run) })
  await postBackend(run)
  await report(run)
}

function postData({ settings, shown, network }: Run): void {
  const { weights: _, biases: __, ...description } = network.toJSON()
  post({ type: 'data', shown, settings, description })
}

async function postBackend(run: Run): Promise<void> {
  const { name, description } = (await run.trainer()).backend
  post({ type: 'running', backend: { name, description } })
}

/** Training has ended, perhaps until the user continues it. */
async function postAdviceAfter(run: Run): Promise<void> {
  post({ type: 'advice', sentences: await adviceAfter(run) })
}

function resetRates(): void {
  rates.began = performance.now()
  rates.epochs = 0
  rates.busy = 0
  nextEvaluation = 0
}

function setPlaying(value: boolean, reason?: string): void {
  playing = value
  resetRates()
  post({ type: 'state', playing, ...(reason !== undefined && { reason }) })
}

/** Milliseconds until the next epoch is due; zero or negative if it is due now. */
const untilNext = () => (speed === 0 ? 0 : rates.began + (1000 * rates.epochs) / speed - performance.now())

/** The number of epochs to train in the next call: those that are due, limited by {@link EpochsPerCall}. */
function countDue(run: Run): number {
  // The patience rule compares the loss after each epoch.
  if (rule.patience > 0) return 1
  const due = speed === 0 ? Infinity : 1 + Math.floor((-untilNext() * speed) / 1000)
  const untilStop = rule.stop > 0 ? rule.stop - run.snapshots.at(-1)!.epoch : Infinity
  return Math.max(1, Math.min(epochsPerCall.value, due, untilStop))
}

/** Trains the epochs that are due, then returns to the event loop so that pending requests run. */
async function train(): Promise<void> {
  const run = activeRun
  const began = performance.now()
  while (run && playing && untilNext() <= 0 && performance.now() - began < REPORT_INTERVAL) {
    const start = performance.now()
    const count = countDue(run)
    await run.epoch(count)
    const took = performance.now() - start
    epochsPerCall.observe(count, took)
    rates.busy += took
    rates.epochs += count
    const reason = run.snapshots.reasonToStop(rule)
    if (reason !== undefined) {
      setPlaying(false, reason)
      await report(run)
      await postAdviceAfter(run)
    }
  }
  if (!run || !playing) return
  if (performance.now() - lastReport > REPORT_INTERVAL) await report(run)
  setTimeout(
    () => {
      continueTraining()
    },
    Math.max(0, untilNext()),
  )
}

/** Trains after the requests that are already in the queue. */
function continueTraining(): void {
  exclusively(train).catch((error: unknown) => {
    postFailure(error, 'training')
  })
}

const handlers: { [T in Request['type']]: (request: Request & { type: T }) => Promise<void> } = {
  start: async ({ settings }) => {
    const prepared = await prepareData(settings)
    await exclusively(() => start(settings, prepared))
  },
  data: async ({ settings }) => {
    const prepared = await prepareData(settings)
    await exclusively(async () => {
      if (!activeRun) return
      await activeRun.changeData(settings, prepared)
      postData(activeRun)
      await report(activeRun, shownSnapshot)
    })
  },
  open: async ({ files }) => {
    post({ type: 'opened', ...(await openFile(files)) })
  },
  target: async ({ use }) => {
    post({ type: 'opened', ...(await summarizeUse(use)) })
  },
  play: () => {
    if (activeRun && !playing) {
      activeRun.snapshots.discardAfter(shownSnapshot)
      setPlaying(true)
      post({ type: 'advice', sentences: adviceBefore(activeRun) })
      continueTraining()
    }
    return Promise.resolve()
  },
  speed: (request) => {
    speed = request.speed
    resetRates()
    return Promise.resolve()
  },
  stopping: (request) => {
    ;({ rule } = request)
    return Promise.resolve()
  },
  pause: async () => {
    playing = false
    resetRates()
    // The page shows that training is paused when it also shows what the training led to.
    try {
      if (activeRun) await report(activeRun)
    } finally {
      setPlaying(false)
    }
    if (activeRun) await postAdviceAfter(activeRun)
  },
  step: async ({ what }) => {
    if (!activeRun) return
    if (playing) setPlaying(false)
    activeRun.snapshots.discardAfter(shownSnapshot)
    await (what === 'epoch' ? activeRun.epoch() : activeRun.minibatch())
    await report(activeRun)
  },
  backend: async ({ backend }) => {
    if (!activeRun) return
    const previous = activeRun.backend
    await activeRun.changeBackend(backend)
    epochsPerCall = new EpochsPerCall(REPORT_INTERVAL)
    try {
      await postBackend(activeRun)
    } catch (error) {
      await activeRun.changeBackend(previous)
      throw error
    }
    resetRates()
    await report(activeRun, shownSnapshot)
  },
  rewind: async ({ snapshot }) => {
    if (!activeRun) return
    if (playing) setPlaying(false)
    await activeRun.rewindTo(snapshot)
    post({ type: 'advice', sentences: adviceBefore(activeRun) })
    await report(activeRun, snapshot)
  },
  edit: async ({ edit }) => {
    if (!activeRun) return
    activeRun.snapshots.discardAfter(shownSnapshot)
    await activeRun.edit(edit)
    await report(activeRun)
  },
  classify: async ({ pixels }) => {
    drawing = pixels
    const outputs = activeRun && pixels && (await activeRun.classify(pixels))
    if (outputs) post({ type: 'classified', outputs })
  },
  verify: async () => {
    if (!activeRun) return
    const { network, prepared, settings } = activeRun
    const { loss } = settings
    const verification = await verify(network, prepared.train, { backend: 'webgpu', loss, batchSize: 32 })
    post({ type: 'verified', verification })
  },
}

/** Sends the message of an error to the page. An error during training or a step also pauses the training. */
function postFailure(error: unknown, during: Request['type'] | 'training'): void {
  if (playing && (during === 'training' || during === 'step')) setPlaying(false)
  const message = (error instanceof Error ? error.message : String(error)).replace("backend 'webgpu': ", '')
  const isDivergence = error instanceof DivergedError && activeRun !== undefined
  const advice = isDivergence ? `. ${adviceDiverged(activeRun!)} Use Rewind to return to an earlier epoch.` : ''
  post({ type: 'refused', subject: subjectOf(error, during), message: message + advice, during })
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const done = trainerQueue.then(work)
  trainerQueue = done.catch(() => undefined)
  return done
}

/** Requests that do not use the trainer: other requests do not wait for them. */
const isReading = ({ type }: Request) => type === 'open' || type === 'target'
/** Requests whose handlers call {@link exclusively} for the part that uses the trainer. */
const isPrepared = ({ type }: Request) => type === 'start' || type === 'data'

self.onmessage = ({ data }: MessageEvent<Request>) => {
  const handle = () => (handlers[data.type] as (request: Request) => Promise<void>)(data)
  const done = isReading(data) ? handle() : requestQueue.then(isPrepared(data) ? handle : () => exclusively(handle))
  const handled = done.catch((error: unknown) => {
    postFailure(error, data.type)
  })
  if (!isReading(data)) requestQueue = handled
}
