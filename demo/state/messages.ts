import { withReport } from '../history.ts'
import type { Progress, WorkerMessage } from '../protocol.ts'
import { defaultsFor } from '../presets.ts'
import { receive } from './connection.ts'
import { handleFile } from './files.ts'
import { accept, accepted, applySettings, startRun } from './runs.ts'
import {
  activeBackend,
  advice,
  data,
  drawingOutputs,
  evaluation,
  history,
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
  })
}

function handleProgress(report: Progress): void {
  progress.value = report
  if (report.evaluation) evaluation.value = report.evaluation
  if (report.drawingOutputs) drawingOutputs.value = report.drawingOutputs
  const name = activeBackend.value?.name
  if (name && report.samplesPerSecond > 0) rates.value = { ...rates.value, [name]: report.samplesPerSecond }
  if (report.snapshot === report.snapshots - 1) history.value = withReport(history.value, report)
}

function handleData({ settings: own, shown, description }: WorkerMessage & { type: 'data' }): void {
  accept(own)
  if (data.value?.shown.kind !== shown.kind) progress.value = evaluation.value = drawingOutputs.value = undefined
  data.value = { shown, description }
}

/** Shows the error next to the control that caused it, and restores the settings of the current run. */
function handleRefusal({ subject, message, during }: WorkerMessage & { type: 'refused' }): void {
  opening.value = false
  if (verification.value === 'running') verification.value = undefined
  if (during === 'start' || during === 'backend' || during === 'data') {
    const own = accepted()
    if (own) applySettings({ ...own, speed: settings.value.speed })
    else if (subject === 'backend') startRun({ ...settings.value, backend: 'auto' })
    else startRun({ ...defaultsFor('circle'), speed: settings.value.speed })
  }
  setNotices(subject, message)
}
