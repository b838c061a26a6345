import { BackendUnavailableError, DivergedError, verify } from '../../src/index.ts'
import type { Answer, Examination, Request, StopRule, Subject } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { aboutTarget, openFile, prepareFromFile } from './files.ts'
import { Group } from './group.ts'
import { prepare, type Prepared } from './material.ts'
import { Run } from './run.ts'

/** The page is told of progress this often at most, in milliseconds: more than a screen shows would only cost. */
const BETWEEN_REPORTS = 60
/** Examinations take at most a tenth of the time, and come twice a second at most. */
const BETWEEN_EXAMINATIONS = 500
/** Points along a side of the regions, while training and when it rests. */
const SIDE = { playing: 160, resting: 320 }

let run: Run | undefined
let group = new Group(BETWEEN_REPORTS)
let asked: Float32Array | undefined
let playing = false
let shown = 0
/** What uses the trainer is done one after another. */
let queue: Promise<unknown> = Promise.resolve()
/** What is asked for is done in the order in which it was; while one of them waits for a file, training goes on. */
let requests = Promise.resolve()
let lastReport = 0
let nextExamination = 0
/** Since training began or its speed changed; busy is the time of the epochs alone. */
const rates = { began: 0, epochs: 0, busy: 0 }
/** Epochs a second; 0 is as many as can be. */
let speed = 0
let rule: StopRule = { stop: 0, patience: 0 }

const tell = (answer: Answer, transfer: Transferable[] = []) => {
  self.postMessage(answer, { transfer })
}

async function report(of: Run, moment = of.moments.length - 1): Promise<void> {
  const { train, test, epoch, step } = of.moments[moment]!
  const { sizes, activations, weights, biases } = of.network
  const maps = await of.maps()
  const regions = await of.regions(playing ? SIDE.playing : SIDE.resting)
  const examination = await examineNow(of)
  const answer = asked && (await of.answer(asked))
  const seconds = (performance.now() - rates.began) / 1000
  const epochsPerSecond = playing && seconds > 0 ? rates.epochs / seconds : 0
  tell(
    {
      type: 'progress',
      epoch,
      step,
      train,
      test,
      epochsPerSecond,
      samplesPerSecond: rates.busy > 0 ? (1000 * rates.epochs * of.prepared.train.length) / rates.busy : 0,
      network: { sizes, activations, weights, biases },
      maps,
      regions,
      examination,
      answer,
      moments: of.moments.length,
      moment,
    },
    [...maps.map(({ buffer }) => buffer), ...(regions ? [regions.shares.buffer] : [])],
  )
  shown = moment
  lastReport = performance.now()
}

async function examineNow(of: Run): Promise<Examination | undefined> {
  const start = performance.now()
  if (playing && start < nextExamination) return undefined
  const examination = await of.examine()
  const took = performance.now() - start
  nextExamination = start + took + Math.max(BETWEEN_EXAMINATIONS, 10 * took)
  return examination
}

/** The data that settings describe; those of a file come from the worker that reads it. */
const prepareData = (settings: Settings): Promise<Prepared> =>
  blame('data', async () => {
    const { problem } = settings
    return problem === 'file' ? prepareFromFile(settings) : prepare(settings, problem)
  })

/** A new run, once it is known to work: until then the old one stays. */
async function start(settings: Settings, prepared: Prepared): Promise<void> {
  const next = new Run(settings, prepared)
  try {
    await next.begin()
  } catch (error) {
    await next.leave()
    throw error
  }
  await run?.leave()
  run = next
  group = new Group(BETWEEN_REPORTS)
  speed = settings.speed
  rule = settings
  countAnew()
  tellData(run)
  await tellBackend(run)
  await report(run)
}

function tellData(of: Run): void {
  const { settings, shown, prepared } = of
  const { scaling, unit } = prepared
  const numbers = scaling && { kind: scaling.kind, offset: scaling.offset, scale: scaling.scale }
  tell({ type: 'data', shown, settings, scaling: numbers, unit })
}

async function tellBackend(of: Run): Promise<void> {
  const { name, description } = (await of.trainer()).backend
  tell({ type: 'running', backend: { name, description } })
}

function countAnew(): void {
  rates.began = performance.now()
  rates.epochs = 0
  rates.busy = 0
  nextExamination = 0
}

function setPlaying(value: boolean, reason?: string): void {
  playing = value
  countAnew()
  tell({ type: 'state', playing, ...(reason !== undefined && { reason }) })
}

/** Milliseconds until the next epoch is due; not above 0 where it is. */
const untilNext = () => (speed === 0 ? 0 : rates.began + (1000 * rates.epochs) / speed - performance.now())

/** How many epochs are to be trained now: those that are due, so far as they may be trained in one go. */
function countDue(of: Run): number {
  // What is looked for after each epoch must be seen after each.
  if (rule.patience > 0) return 1
  const due = speed === 0 ? Infinity : 1 + Math.floor((-untilNext() * speed) / 1000)
  const untilStop = rule.stop > 0 ? rule.stop - of.moments.at(-1)!.epoch : Infinity
  return Math.max(1, Math.min(group.atOnce, due, untilStop))
}

/** Trains the epochs that are due, then lets what else is asked for have its turn. */
async function train(): Promise<void> {
  const of = run
  const began = performance.now()
  while (of && playing && untilNext() <= 0 && performance.now() - began < BETWEEN_REPORTS) {
    const start = performance.now()
    const count = countDue(of)
    await of.epoch(count)
    const took = performance.now() - start
    group.learn(count, took)
    rates.busy += took
    rates.epochs += count
    const reason = of.reasonToStop(rule)
    if (reason !== undefined) {
      setPlaying(false, reason)
      await report(of)
    }
  }
  if (!of || !playing) return
  if (performance.now() - lastReport > BETWEEN_REPORTS) await report(of)
  setTimeout(
    () => {
      goOn()
    },
    Math.max(0, untilNext()),
  )
}

/** Training goes on when what was asked for before has been done. */
function goOn(): void {
  exclusively(train).catch((error: unknown) => {
    fail(error, 'training')
  })
}

const deeds: { [T in Request['type']]: (request: Request & { type: T }) => Promise<void> } = {
  start: async ({ settings }) => {
    const prepared = await prepareData(settings)
    await exclusively(() => start(settings, prepared))
  },
  data: async ({ settings }) => {
    const prepared = await prepareData(settings)
    await exclusively(async () => {
      if (!run) return
      await run.use(settings, prepared)
      tellData(run)
      await report(run, shown)
    })
  },
  open: async ({ files }) => {
    tell({ type: 'opened', ...(await openFile(files)) })
  },
  target: async ({ target }) => {
    tell({ type: 'opened', ...(await aboutTarget(target)) })
  },
  play: () => {
    if (run && !playing) {
      run.forgetAfter(shown)
      setPlaying(true)
      goOn()
    }
    return Promise.resolve()
  },
  speed: (request) => {
    speed = request.speed
    countAnew()
    return Promise.resolve()
  },
  stopping: (request) => {
    ;({ rule } = request)
    return Promise.resolve()
  },
  pause: async () => {
    setPlaying(false)
    if (run) await report(run)
  },
  step: async ({ what }) => {
    if (!run) return
    if (playing) setPlaying(false)
    run.forgetAfter(shown)
    await (what === 'epoch' ? run.epoch() : run.minibatch())
    await report(run)
  },
  backend: async ({ backend }) => {
    if (!run) return
    const before = run.backend
    await run.place(backend)
    group = new Group(BETWEEN_REPORTS)
    try {
      await tellBackend(run)
    } catch (error) {
      await run.place(before)
      throw error
    }
    countAnew()
    await report(run, shown)
  },
  rewind: async ({ moment }) => {
    if (!run) return
    if (playing) setPlaying(false)
    await run.show(moment)
    await report(run, moment)
  },
  ask: async ({ pixels }) => {
    asked = pixels
    const outputs = run && pixels && (await run.answer(pixels))
    if (outputs) tell({ type: 'answer', outputs })
  },
  verify: async () => {
    if (!run) return
    const { loss } = run.settings
    const verification = await verify(run.network, run.prepared.train, { backend: 'webgpu', loss, batchSize: 32 })
    tell({ type: 'verified', verification })
  },
}

/** What a request that fails is about, where its cause does not say it. */
const subjects: Partial<Record<Request['type'], Subject>> = {
  start: 'settings',
  data: 'data',
  open: 'data',
  target: 'data',
  backend: 'backend',
  verify: 'verify',
}

/** An error whose message belongs beside something else than what was asked for. */
class Blamed extends Error {
  readonly subject: Subject
  constructor(subject: Subject, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.subject = subject
  }
}

async function blame<T>(subject: Subject, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new Blamed(subject, cause)
  }
}

function subjectOf(error: unknown): Subject | undefined {
  if (error instanceof Blamed) return error.subject
  return error instanceof BackendUnavailableError ? 'backend' : undefined
}

/** What goes wrong becomes a sentence on the page; the network that runs goes on where it can. */
function fail(error: unknown, during: Request['type'] | 'training'): void {
  const stops = during === 'training' || during === 'step'
  if (playing && stops) setPlaying(false)
  const message = (error instanceof Error ? error.message : String(error)).replace("backend 'webgpu': ", '')
  const mend = error instanceof DivergedError ? '. Until then all is kept: rewind to see it.' : ''
  const subject =
    (during === 'verify' ? 'verify' : subjectOf(error)) ?? (during === 'training' ? 'training' : subjects[during])
  tell({ type: 'refused', subject: subject ?? 'training', message: message + mend, during })
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const done = queue.then(work)
  queue = done.catch(() => undefined)
  return done
}

/** Requests that use no trainer: they wait for the files alone, and nothing waits for them. */
const isReading = ({ type }: Request) => type === 'open' || type === 'target'
/** Requests that say themselves which part of them uses the trainer. */
const isPrepared = ({ type }: Request) => type === 'start' || type === 'data'

self.onmessage = ({ data }: MessageEvent<Request>) => {
  const deed = () => (deeds[data.type] as (request: Request) => Promise<void>)(data)
  const done = isReading(data) ? deed() : requests.then(isPrepared(data) ? deed : () => exclusively(deed))
  const told = done.catch((error: unknown) => {
    fail(error, data.type)
  })
  if (!isReading(data)) requests = told
}
