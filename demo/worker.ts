import { InputError, verify } from '../src/index.ts'
import type { Answer, Request } from './protocol.ts'
import { Run } from './training.ts'

/** The page is told of progress this often at most, in milliseconds: more than a screen shows would only cost. */
const BETWEEN_REPORTS = 60

let run: Run | undefined
let playing = false
let shown = 0
/** What is asked for is done one after another, so that no two things use the trainer at once. */
let queue = Promise.resolve()
let lastReport = 0
/** Since training began or its speed changed; busy is the time of the epochs alone. */
const rates = { began: 0, epochs: 0, busy: 0 }
/** Epochs a second; 0 is as many as can be. */
let speed = 0

const tell = (answer: Answer, transfer: Transferable[] = []) => {
  self.postMessage(answer, { transfer })
}

async function report(of: Run, moment = of.moments.length - 1): Promise<void> {
  const { train, test, epoch, step } = of.moments[moment]!
  const { sizes, activations, weights, biases } = of.network
  const [maps, regions] = [await of.maps(), await of.regions()]
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
      samplesPerSecond: rates.busy > 0 ? (1000 * rates.epochs * of.train.length) / rates.busy : 0,
      network: { sizes, activations, weights, biases },
      maps,
      regions,
      moments: of.moments.length,
      moment,
    },
    [...maps.map(({ buffer }) => buffer), regions.buffer],
  )
  shown = moment
  lastReport = performance.now()
}

async function start(request: Request & { type: 'start' }): Promise<void> {
  await run?.leave()
  speed = request.settings.speed
  countAnew()
  run = new Run(request.settings, request.train, request.test, request.view)
  await run.begin()
  await tellBackend(run)
  await report(run)
}

async function tellBackend(of: Run): Promise<void> {
  const { name, description } = (await of.trainer()).backend
  tell({ type: 'running', backend: { name, description } })
}

function countAnew(): void {
  rates.began = performance.now()
  rates.epochs = 0
  rates.busy = 0
}

function setPlaying(value: boolean): void {
  playing = value
  countAnew()
  tell({ type: 'state', playing })
}

/** Milliseconds until the next epoch is due; not above 0 where it is. */
const untilNext = () => (speed === 0 ? 0 : rates.began + (1000 * rates.epochs) / speed - performance.now())

/** Trains the epochs that are due, then lets what else is asked for have its turn. */
async function train(of: Run): Promise<void> {
  const began = performance.now()
  while (playing && run === of && untilNext() <= 0 && performance.now() - began < BETWEEN_REPORTS) {
    const start = performance.now()
    await of.epoch()
    rates.busy += performance.now() - start
    rates.epochs++
  }
  if (!playing || run !== of) return
  if (performance.now() - lastReport > BETWEEN_REPORTS) await report(of)
  setTimeout(
    () => {
      enqueue(() => train(of))
    },
    Math.max(0, untilNext()),
  )
}

const deeds: { [T in Request['type']]: (request: Request & { type: T }) => Promise<void> } = {
  start,
  play: () => {
    if (run && !playing) {
      const of = run
      of.forgetAfter(shown)
      setPlaying(true)
      enqueue(() => train(of))
    }
    return Promise.resolve()
  },
  speed: (request) => {
    speed = request.speed
    countAnew()
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
    await run.place(backend)
    await tellBackend(run)
    countAnew()
    await report(run)
  },
  rewind: async ({ moment }) => {
    if (!run) return
    if (playing) setPlaying(false)
    await run.show(moment)
    await report(run, moment)
  },
  verify: async () => {
    if (!run) return
    const { loss } = run.settings
    const verification = await verify(run.network, run.train, { backend: 'webgpu', loss, batchSize: 32 })
    tell({ type: 'verified', verification })
  },
}

/** What goes wrong becomes a sentence on the page; the network that runs goes on where it can. */
function fail(error: unknown, during: Request['type'] | 'training'): void {
  if (playing) setPlaying(false)
  const message = error instanceof Error ? error.message : String(error)
  const fatal = during === 'start' || !(error instanceof InputError)
  tell({ type: 'failed', message, fatal })
}

function enqueue(work: () => Promise<void>, during: Request['type'] | 'training' = 'training'): void {
  queue = queue.then(work).catch((error: unknown) => {
    fail(error, during)
  })
}

self.onmessage = ({ data }: MessageEvent<Request>) => {
  enqueue(() => (deeds[data.type] as (request: Request) => Promise<void>)(data), data.type)
}
