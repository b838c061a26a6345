import { send } from './connection.ts'
import { drawing, drawingOutputs, setNotices, verification } from './signals.ts'

/** What the user asks the worker to do with the current run. */

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
  drawing.value = pixels
  if (!pixels) drawingOutputs.value = undefined
  send({ type: 'classify', pixels })
}
