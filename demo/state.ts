import { signal } from '@preact/signals'
import { activationNames, type Verification } from '../src/index.ts'
import { encodePoints, decodePoints, MOST_POINTS, type Point } from './points.ts'
import type {
  Answer,
  Examination,
  Opened,
  Progress,
  Request,
  Running,
  ScalingNumbers,
  Shown,
  Subject,
  Unit,
} from './protocol.ts'
import { fromHash, type Kind, kindOf, type ProblemName, repaired, type Settings, toHash, usual } from './settings.ts'

const link = fromHash(location.hash)

/** All that the page shows; components read these, and only this file changes them. */
export const settings = signal<Settings>(link.settings)
export const data = signal<{ shown: Shown; scaling: ScalingNumbers | undefined; unit: Unit | undefined } | undefined>(
  undefined,
)
export const progress = signal<Progress | undefined>(undefined)
export const examination = signal<Examination | undefined>(undefined)
/** The outputs for the picture that was drawn. */
export const answer = signal<Float32Array | undefined>(undefined)
export const running = signal<Running | undefined>(undefined)
export const playing = signal(false)
/** Why training stopped by itself. */
export const stopped = signal<string | undefined>(undefined)
export const verification = signal<Verification | 'running' | undefined>(undefined)
export const file = signal<(Opened & { dataKind: Kind }) | undefined>(undefined)
export const opening = signal(false)
/** What is wrong, a sentence each, by what it is about. */
export const problemsFound = signal<Partial<Record<Subject, readonly string[]>>>({})
/** Losses of the run so far, for the curves. */
export const history = signal<readonly HistoryPoint[]>([])
/** Samples per second that each backend reached last. */
export const rates = signal<Readonly<Record<string, number>>>({})

export interface HistoryPoint {
  epoch: number
  trainLoss: number
  testLoss: number | null
  trainScore: number
  testScore: number | null
}

/** What the network tells: classes, quantities or what is in a picture. */
export const kind = (): Kind =>
  settings.value.problem === 'file' ? (file.value?.dataKind ?? 'classes') : kindOf(settings.value.problem)

const worker = new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module' })
const ask = (request: Request) => {
  worker.postMessage(request)
}

const complain = (subject: Subject, ...messages: string[]) => {
  problemsFound.value = { ...problemsFound.value, [subject]: messages }
}

/** The settings of the run that the worker has, to go back to where new ones cannot be. */
let accepted: Settings | undefined
/** A link to a file: its settings wait until the file is opened. */
let linked: Settings | undefined

const takers: { [T in Answer['type']]: (answer: Answer & { type: T }) => void } = {
  progress: take,
  data: (told) => {
    accepted = told.settings
    if (data.value?.shown.kind !== told.shown.kind) progress.value = examination.value = answer.value = undefined
    data.value = { shown: told.shown, scaling: told.scaling, unit: told.unit }
  },
  opened: takeFile,
  running: ({ backend }) => {
    running.value = backend
  },
  state: (told) => {
    playing.value = told.playing
    stopped.value = told.reason
  },
  verified: (told) => {
    verification.value = told.verification
  },
  answer: ({ outputs }) => {
    answer.value = outputs
  },
  refused,
}

worker.onmessage = ({ data: told }: MessageEvent<Answer>) => {
  ;(takers[told.type] as (answer: Answer) => void)(told)
}
worker.onerror = ({ message }) => {
  complain('training', `The training has stopped: ${message}. Load the page again.`)
}

function take(told: Progress): void {
  progress.value = told
  if (told.examination) examination.value = told.examination
  if (told.answer) answer.value = told.answer
  const name = running.value?.name
  if (name && told.samplesPerSecond > 0) rates.value = { ...rates.value, [name]: told.samplesPerSecond }
  const { epoch, train, test } = told
  const kept = history.value.filter((point) => point.epoch < epoch)
  if (told.moment < told.moments - 1) return
  history.value = [
    ...thinned(kept),
    {
      epoch,
      trainLoss: train.loss,
      testLoss: test?.loss ?? null,
      trainScore: train.accuracy,
      testScore: test?.accuracy ?? null,
    },
  ]
}

/** As many points as a curve shows: every second one goes when there are more. */
const thinned = (points: readonly HistoryPoint[]) =>
  points.length < 600 ? points : points.filter((_, i) => i % 2 === 0)

/** What could not be done is said beside its control, and the settings are those of the run that goes on. */
function refused({ subject, message, during }: Answer & { type: 'refused' }): void {
  opening.value = false
  if (verification.value === 'running') verification.value = undefined
  if (during === 'start' || during === 'backend' || during === 'data') {
    if (accepted) put({ ...accepted, speed: settings.value.speed })
    else if (subject === 'backend') begin({ ...settings.value, backend: 'auto' })
    else begin({ ...usual('circle'), speed: settings.value.speed })
  }
  complain(subject, message)
}

function takeFile({ file: told, kind: dataKind, target }: Answer & { type: 'opened' }): void {
  opening.value = false
  file.value = { ...told, dataKind }
  const wanted = linked?.file === told.name ? linked : { ...usual('file', dataKind), target }
  const { seed, speed, backend } = settings.value
  // A link's own column to predict decides what kind of data these are.
  if (linked && wanted === linked && told.kind === 'csv' && linked.target !== target) {
    ask({ type: 'target', target: linked.target })
    return
  }
  linked = undefined
  const kept = { ...wanted, file: told.name, seed, speed, backend }
  begin(dataKind === 'images' ? { ...kept, speed: 0 } : kept)
}

/** Settings as they are shown, and in the address. */
function put(next: Settings): void {
  settings.value = repaired(next, next.problem === 'file' ? (file.value?.dataKind ?? 'classes') : undefined)
  const hash = toHash(settings.value)
  window.history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search)
}

/** A new network on the data that the settings describe. */
function begin(next: Settings, play = playing.value || !accepted): void {
  put(next)
  problemsFound.value = {}
  verification.value = undefined
  history.value = []
  ask({ type: 'start', settings: settings.value })
  if (play) ask({ type: 'play' })
}

export const restart = (play: boolean) => {
  if (!play) ask({ type: 'pause' })
  begin(settings.value, play)
}

/** Changes settings, and what follows from them: the address, the data, a new run. */
export function change(changed: Partial<Settings>): void {
  const next = { ...settings.value, ...changed }
  const keys = Object.keys(changed)
  const only = keys.length === 1 ? keys[0] : undefined
  if (only === 'tab') changeTab(next)
  else if (only === 'backend') {
    put(next)
    problemsFound.value = {}
    ask({ type: 'backend', backend: next.backend })
  } else if (only === 'speed') {
    put(next)
    ask({ type: 'speed', speed: next.speed })
  } else if (keys.every((key) => key === 'stop' || key === 'patience')) {
    put(next)
    ask({ type: 'stopping', rule: { stop: next.stop, patience: next.patience } })
  } else if (keys.every((key) => key === 'points' || key === 'across' || key === 'up')) {
    // The network stays, and goes on with the new points, or is looked at from another side.
    put(next)
    ask({ type: 'data', settings: settings.value })
  } else begin(next)
}

/** Whether training goes on when one comes back from the lesson: nobody watches it meanwhile. */
let resumes = false

function changeTab(next: Settings): void {
  put(next)
  if (next.tab === 'learn') {
    resumes = playing.value
    if (resumes) pause()
  } else if (resumes) play()
}

/** Other data; another kind of data begins with settings that suit it. */
export function choose(problem: Exclude<ProblemName, 'file'>): void {
  const { problem: before, seed, backend, noise, test } = settings.value
  if (before !== 'file' && kindOf(problem) === kind()) change({ problem, points: '' })
  else begin({ ...usual(problem), seed, backend, noise, test })
}

export function open(files: readonly File[]): void {
  opening.value = true
  complain('data')
  ask({ type: 'open', files })
}

export function predictColumn(target: string): void {
  complain('data')
  ask({ type: 'target', target })
}

/** A layer more or less, neurons more or less; activations follow. */
export function changeLayers(hidden: number[]): void {
  const { activations } = settings.value
  const output = activations.at(-1)!
  const inner = activations.slice(0, -1)
  change({ hidden, activations: [...hidden.map((_, l) => inner[l] ?? inner.at(-1) ?? 'sigmoid'), output] })
}

export function changeActivation(layer: number, name: string): void {
  const found = activationNames.find((known) => known === name)
  if (found) change({ activations: settings.value.activations.with(layer, found) })
}

export function addPoint(point: Point): void {
  const points = decodePoints(settings.value.points) ?? []
  if (points.length >= MOST_POINTS) {
    complain('data', `There are ${MOST_POINTS} added points, as many as a link can hold. Remove some first.`)
    return
  }
  change({ points: encodePoints([...points, point]) })
}

export const removePoints = (how: 'last' | 'all') => {
  complain('data')
  const points = decodePoints(settings.value.points) ?? []
  change({ points: how === 'all' ? '' : encodePoints(points.slice(0, -1)) })
}

export const play = () => {
  complain('training')
  ask({ type: 'play' })
}
export const pause = () => {
  ask({ type: 'pause' })
}
export const step = (what: 'minibatch' | 'epoch') => {
  complain('training')
  ask({ type: 'step', what })
}
export const rewind = (moment: number) => {
  ask({ type: 'rewind', moment })
}
export const verifyNow = () => {
  verification.value = 'running'
  complain('verify')
  ask({ type: 'verify' })
}
export const askAbout = (pixels: Float32Array | undefined) => {
  if (!pixels) answer.value = undefined
  ask({ type: 'ask', pixels })
}

/** Follows a link. One to a file of somebody's own waits until that file is opened here. */
function follow({ settings: wanted, problems }: ReturnType<typeof fromHash>): void {
  const missing = wanted.problem === 'file' && file.value?.name !== wanted.file
  if (missing) linked = wanted
  begin(missing ? usual('circle') : wanted)
  if (problems.length > 0) complain('link', ...problems)
  if (missing) {
    const name = wanted.file ? `“${wanted.file}”` : 'a file'
    complain('data', `The link is about ${name}, which is not in it. Open that file here to repeat the run.`)
  }
}

follow(link)
window.addEventListener('hashchange', () => {
  follow(fromHash(location.hash))
})
