import { withReport } from '../history.ts'
import { splitParameters } from '../parameters.ts'
import { defaultsFor } from '../presets.ts'
import type { Report, Request, WorkerMessage } from '../protocol.ts'
import { describeRecovery } from '../recovery.ts'
import { receive } from './connection.ts'
import { handleFile } from './files.ts'
import { placeOf } from './navigation.ts'
import { accept, accepted, applySettings, runAccepted, runRefused, startRun } from './runs.ts'
import {
  activeBackend,
  advice,
  data,
  divergence,
  drawingOutputs,
  evaluation,
  history,
  laterEnd,
  laterRunQuestion,
  note,
  opening,
  playing,
  progress,
  rates,
  setNotices,
  settings,
  stopReason,
  verification,
} from './signals.ts'

/** Shows what the worker reports. */
export const receiveMessages = (): void => {
  receive({
    progress: handleProgress,
    data: handleData,
    accepted: (message) => {
      accept(message.settings)
    },
    laterRun: (message) => {
      laterRunQuestion.value = message
    },
    diverged: (message) => {
      divergence.value = message
    },
    advice: ({ sentences }) => {
      advice.value = sentences
    },
    opened: handleFile,
    running: ({ backend }) => {
      activeBackend.value = backend
    },
    recovered: (message) => {
      note.value = describeRecovery(message)
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
  })
}

function handleProgress({ parameters, ...report }: Report): void {
  const { sizes, activations } = data.value!.description
  progress.value = { ...report, network: { sizes, activations, ...splitParameters(sizes, parameters) } }
  if (report.evaluation) evaluation.value = report.evaluation
  if (report.drawingOutputs) drawingOutputs.value = report.drawingOutputs
  const name = activeBackend.value?.name
  if (name && report.samplesPerSecond > 0) rates.value = { ...rates.value, [name]: report.samplesPerSecond }
  if (!laterEnd.value) history.value = withReport(history.value, progress.value)
}

function handleData({ settings: own, shown, description, number }: WorkerMessage & { type: 'data' }): void {
  accept(own)
  runAccepted(number)
  if (data.value?.shown.kind !== shown.kind) progress.value = evaluation.value = drawingOutputs.value = undefined
  data.value = { shown, description }
}

/** Requests that change settings. */
const changing: ReadonlySet<string> = new Set<Request['type']>(['start', 'data', 'backend', 'hyperparameters'])

/** Shows the error next to the control that caused it, and restores the settings of the current run. */
function handleRefusal({ subject, message, during }: WorkerMessage & { type: 'refused' }): void {
  opening.value = false
  if (verification.value === 'running') verification.value = undefined
  if (during === 'start') runRefused()
  if (changing.has(during)) {
    const own = accepted()
    const { speed, stop, patience } = settings.value
    if (own) applySettings({ ...own, speed, stop, patience, ...placeOf(settings.value) })
    else if (subject === 'backend') startRun({ ...settings.value, backend: 'auto' })
    else startRun({ ...defaultsFor('circle'), speed, ...placeOf(settings.value) })
  }
  setNotices(subject, message)
}
