import { InputError } from '../core/errors.ts'
import type { Change, ChangeableOption } from './changeable.ts'
import { checkCheckpoint } from './checkpoint.ts'
import { checkSameRun } from './same-run.ts'

/** What a checkpoint has to go with. */
interface Run {
  /** The number of the network's parameters. */
  readonly parameters: number
  /** Numbers of the optimizer's state for each of them. */
  readonly slots: number
  readonly settings: Readonly<Record<string, unknown>>
  readonly seed: number
}

/**
 * Checks a checkpoint from which a run goes on.
 * @param changed the options that may differ from the checkpoint's
 * @returns those of them that do
 * @throws InputError for a value that is no checkpoint, and for one of another run
 */
export function checkRestored(checkpoint: unknown, run: Run, changed: readonly ChangeableOption[]): Change[] {
  checkCheckpoint(checkpoint)
  const changes = checkSameRun(run.settings, checkpoint, run.seed, changed)
  const { parameters, state } = checkpoint.snapshot
  const count = run.parameters
  const states = run.slots * count
  if (parameters.length !== count || state.length !== states) {
    throw new InputError(
      `checkpoint: expected ${count} parameters and ${states} numbers of state, ` +
        `got ${parameters.length} and ${state.length}`,
    )
  }
  return changes
}
