import { effect, signal } from '@preact/signals'
import { accepted, evaluation, progress } from '../state.ts'
import { type Challenge, challenges, solves } from './list.ts'

const STORED = 'webgpu-mlp:challenges'

function readSolved(): ReadonlySet<string> {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]')
    return new Set(Array.isArray(ids) ? ids.filter((id) => challenges.some((challenge) => challenge.id === id)) : [])
  } catch {
    // The browser may refuse storage, and the stored text may be damaged.
    return new Set()
  }
}

/** The solved challenges, which the browser keeps. */
export const solved = signal(readSolved())
/** The challenge that was solved last. */
export const justSolved = signal<Challenge | undefined>(undefined)

function markSolved(challenge: Challenge): void {
  solved.value = new Set([...solved.value, challenge.id])
  justSolved.value = challenge
  try {
    localStorage.setItem(STORED, JSON.stringify([...solved.value]))
  } catch {
    // Without storage, the marks last until the page is closed.
  }
}

effect(() => {
  const report = progress.value
  const evaluated = report?.evaluation ?? evaluation.peek()
  // Not the settings of the controls, which may already describe the next run.
  const settings = accepted()
  if (!report || !settings) return
  for (const challenge of challenges) {
    if (!solved.peek().has(challenge.id) && solves(challenge, settings, report, evaluated)) markSolved(challenge)
  }
})
