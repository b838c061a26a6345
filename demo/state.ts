import { signal } from '@preact/signals'
import type { Verification } from '../src/index.ts'
import { type HistoryPoint, withReport } from './history.ts'
import { fromHash, toHash } from './link.ts'
import type {
  WorkerMessage,
  Evaluation,
  FileInfo,
  Progress,
  Request,
  BackendInfo,
  Description,
  ShownData,
  Subject,
} from './protocol.ts'
import {
  type FileUse,
  type Kind,
  kindOf,
  type ProblemName,
  makeConsistent,
  type Settings,
  defaultsFor,
  useOf,
} from './settings.ts'

const link = fromHash(location.hash)

/** The state of the page. Components read these signals; only this file changes them. */
export const settings = signal<Settings>(link.settings)
export const data = signal<{ shown: ShownData; description: Description } | undefined>(undefined)
export const progress = signal<Progress | undefined>(undefined)
export const evaluation = signal<Evaluation | undefined>(undefined)
/** The outputs of the network for the user's drawing. */
export const drawingOutputs = signal<Float32Array | undefined>(undefined)
export const activeBackend = signal<BackendInfo | undefined>(undefined)
export const playing = signal(false)
/** Why training stopped automatically. */
export const stopReason = signal<string | undefined>(undefined)
export const verification = signal<Verification | 'running' | undefined>(undefined)
export const file = signal<(FileInfo & { dataKind: Kind }) | undefined>(undefined)
export const opening = signal(false)
/** What probably keeps the network from learning the data, and what helps: sentences. */
export const advice = signal<readonly string[]>([])
/** Messages about problems, by the part of the page that they concern. */
export const notices = signal<Partial<Record<Subject, readonly string[]>>>({})
/** Losses and scores of the run so far, for the curves. */
export const history = signal<readonly HistoryPoint[]>([])
/** The latest training speed of each backend, in samples per second. */
export const rates = signal<Readonly<Record<string, number>>>({})

/** What the network predicts: classes, regression targets, or the class of a picture. */
export const kind = (): Kind =>
  settings.value.problem === 'file' ? (file.value?.dataKind ?? 'classes') : kindOf(settings.value.problem)

const worker = new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module' })
const send = (request: Request) => {
  worker.postMessage(request)
}

export const setNotices = (subject: Subject, ...messages: string[]) => {
  notices.value = { ...notices.value, [subject]: messages }
}

/** The settings of the current run, restored if the worker refuses new ones. */
let acceptedSettings: Settings | undefined
/** The settings of a link to a file that the user has not opened yet. */
let pendingLink: Settings | undefined

const handlers: { [T in WorkerMessage['type']]: (message: WorkerMessage & { type: T }) => void } = {
  progress: handleProgress,
  data: ({ settings: accepted, shown, description }) => {
    acceptedSettings = accepted
    if (data.value?.shown.kind !== shown.kind) progress.value = evaluation.value = drawingOutputs.value = undefined
    data.value = { shown, description }
  },
  advice: ({ sentences }) => {
    advice.value = sentences
  },
  opened: handleFile,
  running: ({ backend }) => {
    activeBackend.value = backend
  },
  state: (message) => {
    playing.value = message.playing
    stopReason.value = message.reason
  },
  verified: (message) => {
    verification.value = message.verification
  },
  classified: ({ outputs }) => {
    drawingOutputs.value = outputs
  },
  refused: handleRefusal,
}

worker.onmessage = ({ data: message }: MessageEvent<WorkerMessage>) => {
  ;(handlers[message.type] as (message: WorkerMessage) => void)(message)
}
worker.onerror = ({ message }) => {
  setNotices('training', `The training has stopped: ${message}. Reload the page.`)
}

function handleProgress(report: Progress): void {
  progress.value = report
  if (report.evaluation) evaluation.value = report.evaluation
  if (report.drawingOutputs) drawingOutputs.value = report.drawingOutputs
  const name = activeBackend.value?.name
  if (name && report.samplesPerSecond > 0) rates.value = { ...rates.value, [name]: report.samplesPerSecond }
  if (report.snapshot === report.snapshots - 1) history.value = withReport(history.value, report)
}

/** Shows the error next to the control that caused it, and restores the settings of the current run. */
function handleRefusal({ subject, message, during }: WorkerMessage & { type: 'refused' }): void {
  opening.value = false
  if (verification.value === 'running') verification.value = undefined
  if (during === 'start' || during === 'backend' || during === 'data') {
    if (acceptedSettings) applySettings({ ...acceptedSettings, speed: settings.value.speed })
    else if (subject === 'backend') startRun({ ...settings.value, backend: 'auto' })
    else startRun({ ...defaultsFor('circle'), speed: settings.value.speed })
  }
  setNotices(subject, message)
}

/** Whether two uses of a file differ in what the network predicts. */
const usedOtherwise = (a: FileUse, b: FileUse) =>
  a.target !== b.target || a.task !== b.task || a.otherTargets.join() !== b.otherTargets.join()

function handleFile({ file: info, kind: dataKind, use }: WorkerMessage & { type: 'opened' }): void {
  opening.value = false
  file.value = { ...info, dataKind }
  const next = pendingLink?.file === info.name ? pendingLink : { ...defaultsFor('file', dataKind), ...use }
  const { seed, speed, backend } = settings.value
  // The target column and the task of the link determine whether the data are for classification or regression.
  if (pendingLink && next === pendingLink && info.kind === 'csv' && usedOtherwise(pendingLink, use)) {
    send({ type: 'target', use: useOf(pendingLink) })
    return
  }
  pendingLink = undefined
  const chosen = { ...next, file: info.name, seed, speed, backend }
  startRun(dataKind === 'images' ? { ...chosen, speed: 0 } : chosen)
}

/** Updates the controls and the URL. */
function applySettings(next: Settings): void {
  settings.value = makeConsistent(next, next.problem === 'file' ? (file.value?.dataKind ?? 'classes') : undefined)
  const hash = toHash(settings.value)
  window.history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search)
}

/** Starts a new network on the data that the settings describe. */
function startRun(next: Settings, play = playing.value || !acceptedSettings): void {
  applySettings(next)
  notices.value = {}
  verification.value = undefined
  history.value = []
  advice.value = []
  send({ type: 'start', settings: settings.value })
  if (play) send({ type: 'play' })
}

export const restart = (play: boolean) => {
  if (!play) send({ type: 'pause' })
  startRun(settings.value, play)
}

/** Settings that change what the plane shows, or add points, and not the network. */
const planeKeys: ReadonlySet<string> = new Set<keyof Settings>(['points', 'across', 'up', 'shownTarget'])

/** Changes settings and applies them: to the current run where possible, else in a new run. */
export function change(changed: Partial<Settings>): void {
  const next = { ...settings.value, ...changed }
  const keys = Object.keys(changed)
  const only = keys.length === 1 ? keys[0] : undefined
  if (only === 'tab') changeTab(next)
  else if (only === 'backend') {
    applySettings(next)
    notices.value = {}
    send({ type: 'backend', backend: next.backend })
  } else if (only === 'speed') {
    applySettings(next)
    send({ type: 'speed', speed: next.speed })
  } else if (keys.every((key) => key === 'stop' || key === 'patience')) {
    applySettings(next)
    send({ type: 'stopping', rule: { stop: next.stop, patience: next.patience } })
  } else if (keys.every((key) => planeKeys.has(key))) {
    // The network and its parameters do not change: it trains on the new points, or the plane shows other columns.
    applySettings(next)
    send({ type: 'data', settings: settings.value })
  } else startRun(next)
}

/** Whether training continues when the user returns from the lesson. It is paused while the lesson is open. */
let playOnReturn = false

function changeTab(next: Settings): void {
  applySettings(next)
  if (next.tab === 'learn') {
    playOnReturn = playing.value
    if (playOnReturn) pause()
  } else if (playOnReturn) play()
}

/** Chooses another built-in problem. A problem of another kind starts with its own default settings. */
export function choose(problem: Exclude<ProblemName, 'file'>): void {
  const { problem: before, seed, backend, noise, test } = settings.value
  if (before !== 'file' && kindOf(problem) === kind()) change({ problem, points: '' })
  else startRun({ ...defaultsFor(problem), seed, backend, noise, test })
}

export function open(files: readonly File[]): void {
  opening.value = true
  setNotices('data')
  send({ type: 'open', files })
}

/** Uses the columns of the file in another way; the worker says what the network then predicts. */
export function chooseUse(changed: Partial<FileUse>): void {
  setNotices('data')
  send({ type: 'target', use: { ...useOf(settings.value), ...changed } })
}

export const play = () => {
  setNotices('training')
  send({ type: 'play' })
}
export const pause = () => {
  send({ type: 'pause' })
}
export const step = (what: 'minibatch' | 'epoch') => {
  setNotices('training')
  send({ type: 'step', what })
}
export const rewind = (snapshot: number) => {
  send({ type: 'rewind', snapshot })
}
export const verifyNow = () => {
  verification.value = 'running'
  setNotices('verify')
  send({ type: 'verify' })
}
export const classifyDrawing = (pixels: Float32Array | undefined) => {
  if (!pixels) drawingOutputs.value = undefined
  send({ type: 'classify', pixels })
}

/** Applies the settings of a link. If the link refers to a file, they are applied when the user opens that file. */
function followLink({ settings: linked, problems }: ReturnType<typeof fromHash>): void {
  const missing = linked.problem === 'file' && file.value?.name !== linked.file
  if (missing) pendingLink = linked
  startRun(missing ? defaultsFor('circle') : linked)
  if (problems.length > 0) setNotices('link', ...problems)
  if (missing) {
    const name = linked.file ? `“${linked.file}”` : 'a file'
    setNotices('data', `The link refers to ${name}, which it does not contain. Open that file here to repeat the run.`)
  }
}

followLink(link)
window.addEventListener('hashchange', () => {
  followLink(fromHash(location.hash))
})
