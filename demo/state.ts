import { computed, signal } from '@preact/signals'
import { activationNames, type Verification } from '../src/index.ts'
import { makeProblem } from './problems.ts'
import type { Answer, Points, Progress, Request, Running, View } from './protocol.ts'
import { fromHash, repaired, type Settings, toHash } from './settings.ts'

const link = fromHash(location.hash)

/** All that the page shows; components read these, and only this file changes them. */
export const settings = signal<Settings>(link.settings)
export const data = signal<{ train: Points; test: Points; view: View }>(makeProblem(link.settings))
export const progress = signal<Progress | undefined>(undefined)
export const running = signal<Running | undefined>(undefined)
export const playing = signal(false)
export const verification = signal<Verification | 'running' | undefined>(undefined)
/** What is wrong, a sentence each, beside what it is about. */
export const problemsFound = signal<readonly string[]>(link.problems)
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

export const isReady = computed(() => progress.value !== undefined)

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
const ask = (request: Request) => {
  worker.postMessage(request)
}

worker.onmessage = ({ data: answer }: MessageEvent<Answer>) => {
  if (answer.type === 'progress') take(answer)
  else if (answer.type === 'running') running.value = answer.backend
  else if (answer.type === 'state') playing.value = answer.playing
  else if (answer.type === 'verified') verification.value = answer.verification
  else {
    if (verification.value === 'running') verification.value = undefined
    problemsFound.value = [answer.message]
  }
}
worker.onerror = ({ message }) => {
  problemsFound.value = [`The training has stopped: ${message}. Press Reset to begin again.`]
}

function take(answer: Progress): void {
  progress.value = answer
  const name = running.value?.name
  if (name && answer.samplesPerSecond > 0) rates.value = { ...rates.value, [name]: answer.samplesPerSecond }
  const { epoch, train, test } = answer
  const kept = history.value.filter((point) => point.epoch < epoch)
  if (answer.moment < answer.moments - 1) return
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

/** A new network on the data that the settings describe. */
export function restart(play = playing.value): void {
  history.value = []
  verification.value = undefined
  ask({ type: 'start', settings: settings.value, ...data.value })
  if (play) ask({ type: 'play' })
}

/** Changes settings, and what follows from them: the address, the data, a new run. */
export function change(changed: Partial<Settings>): void {
  const before = settings.value
  settings.value = repaired({ ...before, ...changed })
  const hash = toHash(settings.value)
  window.history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search)
  problemsFound.value = []
  const keys = Object.keys(changed)
  if (keys.length === 1 && keys[0] === 'backend') {
    ask({ type: 'backend', backend: settings.value.backend })
    return
  }
  if (keys.length === 1 && keys[0] === 'speed') {
    ask({ type: 'speed', speed: settings.value.speed })
    return
  }
  const aboutData = ['problem', 'samples', 'noise', 'test', 'seed']
  if (keys.some((key) => aboutData.includes(key))) data.value = makeProblem(settings.value)
  restart()
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

export const play = () => {
  ask({ type: 'play' })
}
export const pause = () => {
  ask({ type: 'pause' })
}
export const step = (what: 'minibatch' | 'epoch') => {
  ask({ type: 'step', what })
}
export const rewind = (moment: number) => {
  ask({ type: 'rewind', moment })
}
export const verifyNow = () => {
  verification.value = 'running'
  ask({ type: 'verify' })
}

restart(true)

window.addEventListener('hashchange', () => {
  const { settings: linked, problems } = fromHash(location.hash)
  change(linked)
  problemsFound.value = problems
})
