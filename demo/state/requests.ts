import type { ContinuingRequest } from '../protocol.ts'
import { send } from './connection.ts'
import { divergence, drawing, drawingOutputs, laterRunQuestion, setNotices, verification } from './signals.ts'

/** What the user asks the worker to do with the current run. */

/** Trains from the moment that is shown. If the run was trained further, the worker asks first. */
function continueRun(request: ContinuingRequest): void {
  laterRunQuestion.value = undefined
  setNotices('training')
  divergence.value = undefined
  send(request)
}

export const play = () => {
  continueRun({ type: 'play' })
}
export const pause = () => {
  send({ type: 'pause' })
}
export const step = (what: 'minibatch' | 'epoch') => {
  continueRun({ type: 'step', what })
}
/** Answers the question whether the later run may be discarded. */
export const answerLaterRun = (mayDiscard: boolean) => {
  const { request } = laterRunQuestion.value ?? {}
  laterRunQuestion.value = undefined
  if (mayDiscard && request) send({ ...request, discardLater: true })
}
/** Shows the moment with this number. The later run is kept until training continues. */
export const rewind = (moment: number) => {
  laterRunQuestion.value = undefined
  send({ type: 'rewind', moment })
}
export const verifyNow = () => {
  verification.value = 'running'
  setNotices('verify')
  send({ type: 'verify' })
}
export const classifyDrawing = (pixels: Float32Array | undefined) => {
  drawing.value = pixels
  if (!pixels) drawingOutputs.value = undefined
  send({ type: 'classify', pixels })
}
