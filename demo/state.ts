import { sendEditsAfterReports } from './state/edit.ts'
import { followLinks } from './state/files.ts'
import { receiveMessages } from './state/messages.ts'

/** The state of the page: what components read, and the functions with which they change it. */
export {
  activeBackend,
  advice,
  data,
  drawing,
  drawingOutputs,
  evaluation,
  file,
  history,
  laterEnd,
  laterRunQuestion,
  kind,
  notices,
  opening,
  playing,
  progress,
  rates,
  setNotices,
  settings,
  stopReason,
  verification,
} from './state/signals.ts'
export { change, choose, openSettings } from './state/changes.ts'
export { receiveWall, sendToWall } from './state/connection.ts'
export { openNetwork, playWith } from './state/navigation.ts'
export { editParameter } from './state/edit.ts'
export { chooseUse, open } from './state/files.ts'
export { answerLaterRun, classifyDrawing, pause, play, rewind, step, verifyNow } from './state/requests.ts'
export { restartsRun } from './state/effects.ts'
export { accepted, restart, startsAtOnce } from './state/runs.ts'

/** Starts the run that the address describes, and shows what the worker reports from then on. */
export function connect(): void {
  receiveMessages()
  sendEditsAfterReports()
  followLinks()
}
