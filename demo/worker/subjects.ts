import { BackendUnavailableError } from '../../src/index.ts'
import type { Request, Subject } from '../protocol.ts'

/** The part of the page that a failed request concerns, unless the error names another one. */
const subjects: Partial<Record<Request['type'], Subject>> = {
  start: 'settings',
  hyperparameters: 'settings',
  data: 'data',
  open: 'data',
  target: 'data',
  backend: 'backend',
  verify: 'verify',
}

/** An error whose message is displayed at another part of the page than the request that failed. */
class SubjectError extends Error {
  readonly subject: Subject
  constructor(subject: Subject, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.subject = subject
  }
}

/** Runs `work`; errors that it throws are displayed at `subject`. */
export async function withSubject<T>(subject: Subject, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new SubjectError(subject, cause)
  }
}

/** The part of the page that displays an error which occurred during a request or during training. */
export function subjectOf(error: unknown, during: Request['type'] | 'training'): Subject {
  if (during === 'verify') return 'verify'
  if (error instanceof SubjectError) return error.subject
  if (error instanceof BackendUnavailableError) return 'backend'
  return during === 'training' ? 'training' : (subjects[during] ?? 'training')
}
