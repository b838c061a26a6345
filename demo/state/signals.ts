import { computed, signal } from '@preact/signals'
import type { Verification } from '../../src/index.ts'
import type { HistoryPoint } from '../history.ts'
import { fromHash } from '../link.ts'
import type {
  BackendInfo,
  Description,
  DivergenceMessage,
  Evaluation,
  FileInfo,
  LaterRunQuestion,
  Place,
  Progress,
  ShownData,
  Subject,
} from '../protocol.ts'
import { type Kind, kindOf, type Settings } from '../settings.ts'

/** The settings of the address with which the page was opened, and what is wrong in it. */
export const firstLink = fromHash(location.hash)

/** The state of the page. Components read these signals; only the files in this folder change them. */
export const settings = signal<Settings>(firstLink.settings)
export const data = signal<{ shown: ShownData; description: Description } | undefined>(undefined)
export const progress = signal<Progress | undefined>(undefined)
export const evaluation = signal<Evaluation | undefined>(undefined)
/** The user's drawing, as inputs of the network. */
export const drawing = signal<Float32Array | undefined>(undefined)
/** The outputs of the network for the user's drawing. */
export const drawingOutputs = signal<Float32Array | undefined>(undefined)
export const activeBackend = signal<BackendInfo | undefined>(undefined)
/** What trains the wall of networks; undefined until its tab is opened. */
export const wallBackend = signal<BackendInfo | undefined>(undefined)
export const playing = signal(false)
/** Why training stopped automatically. */
export const stopReason = signal<string | undefined>(undefined)
export const verification = signal<Verification | 'running' | undefined>(undefined)
export const file = signal<(FileInfo & { dataKind: Kind }) | undefined>(undefined)
export const opening = signal(false)
/** What probably keeps the network from learning the data, and what helps: sentences. */
export const advice = signal<readonly string[]>([])
/** Why training diverged, until it goes on. */
export const divergence = signal<DivergenceMessage | undefined>(undefined)
/** Messages about problems, by the part of the page that they concern. */
export const notices = signal<Partial<Record<Subject, readonly string[]>>>({})
/** What the page did without being asked: a sentence. */
export const note = signal<string | undefined>(undefined)
/** Losses and scores of the run so far, for the curves. */
export const history = signal<readonly HistoryPoint[]>([])
/** The latest training speed of each backend, in samples per second. */
export const rates = signal<Readonly<Record<string, number>>>({})

/** The user has returned to an earlier moment and wants to continue from there: whether the later run may be discarded. */
export const laterRunQuestion = signal<LaterRunQuestion | undefined>(undefined)
/** The end of the run so far, if the page shows an earlier moment of it. */
export const laterEnd = computed((): Place | undefined => {
  if (!progress.value) return undefined
  const { moment, moments } = progress.value
  if (moments.numbers.at(-1) === moment) return undefined
  return { epoch: moments.epochs.at(-1)!, step: moments.steps.at(-1)! }
})

/** What the network predicts: classes, regression targets, or the class of a picture. */
export const kind = (): Kind =>
  settings.value.problem === 'file' ? (file.value?.dataKind ?? 'classes') : kindOf(settings.value.problem)

export const setNotices = (subject: Subject, ...messages: string[]) => {
  notices.value = { ...notices.value, [subject]: messages }
}
