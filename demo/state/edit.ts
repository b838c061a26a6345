import { effect } from '@preact/signals'
import type { ParameterEdit } from '../protocol.ts'
import { send } from './connection.ts'
import { progress } from './signals.ts'

/** The latest value that was not sent yet, and when the previous one was sent, until the worker has reported on it. */
let next: ParameterEdit | undefined
let sentAt = -Infinity
/** Milliseconds after which a value is sent even without a report: the previous one was refused. */
const PATIENCE = 2000

function sendNext(): void {
  if (!next) return
  send({ type: 'edit', edit: next })
  next = undefined
  sentAt = performance.now()
}

/** Sets a weight or a bias of the current network. Of many values, such as those of a slider, only the latest is sent. */
export function editParameter(edit: ParameterEdit): void {
  next = edit
  if (performance.now() - sentAt > PATIENCE) sendNext()
}

/** Sends a value that waits, when the worker has reported on the previous one. */
export const sendEditsAfterReports = (): void => {
  effect(() => {
    if (!progress.value) return
    sentAt = -Infinity
    sendNext()
  })
}
