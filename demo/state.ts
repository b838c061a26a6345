import { sendEditsAfterReports } from './state/edit.ts'
import { followFirstLink, followLinks } from './state/files.ts'
import { startKeeping } from './state/kept.ts'
import { receiveMessages } from './state/messages.ts'
import { note } from './state/signals.ts'

/** The state of the page: what components read, and the functions with which they change it. */
export {
  activeBackend,
  advice,
  data,
  divergence,
  drawing,
  drawingOutputs,
  evaluation,
  file,
  history,
  laterEnd,
  laterRunQuestion,
  kind,
  note,
  notices,
  opening,
  playing,
  progress,
  rates,
  setNotices,
  settings,
  stopReason,
  verification,
  wallBackend,
} from './state/signals.ts'
export { change, changeAndRestart, choose, openSettings } from './state/changes.ts'
export { receiveWall, sendToWall } from './state/connection.ts'
export { openNetwork, playWith } from './state/navigation.ts'
export { editParameter } from './state/edit.ts'
export { chooseUse, openChosen as open } from './state/files.ts'
export { acceptOffer, discardOffer, offer, postponeOffer } from './state/kept.ts'
export { answerLaterRun, classifyDrawing, pause, play, rewind, step, verifyNow } from './state/requests.ts'
export { restartsRun } from './state/effects.ts'
export { accepted, restart, startsAtOnce } from './state/runs.ts'

/**
 * Starts the run that the address describes, and shows what the worker reports from then on.
 * @param keeps whether the page keeps its run in the browser's storage, and offers to continue the run of a closed tab
 */
export function connect({ keeps }: { keeps: boolean }): void {
  receiveMessages()
  sendEditsAfterReports()
  if (keeps) startKeeping()
  else followFirstLink()
  followLinks()
}

/** Closes the note about what the page did without being asked. */
export const closeNote = () => {
  note.value = undefined
}
