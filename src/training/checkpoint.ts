import type { Arithmetic, Snapshot } from '../backend/backend.ts'
import { describe, InputError } from '../core/errors.ts'
import { fromBase64, toBase64 } from '../core/base64.ts'
import type { PlateauState } from '../optimizer/schedule.ts'
import { type Fields, list, name, withDefault } from '../core/schema.ts'
import { type Change, type ChangeableOption, changeableOptions } from './changeable.ts'
import { type BegunEpoch, readBegun } from './begun-epoch.ts'
import { checkDepth, type Json, number, object, optionalText, whole } from './checkpoint-fields.ts'
import type { StoppingState } from './stopping.ts'

/**
 * All that a run needs to go on where it was: made after an epoch by `fit(…, { checkpoint })`, at any other time by
 * {@link Trainer.checkpoint}, taken by {@link Trainer.resume}. With the same data and options, the resumed run ends bit for
 * bit where an unbroken one does.
 */
export interface Checkpoint {
  /** The number of epochs that were trained. */
  readonly epoch: number
  /** The number of optimizer steps that were made. */
  readonly step: number
  /** The seed of the run. */
  readonly seed: number
  /** The fingerprint of the training data; none of a stream. */
  readonly data: string | undefined
  /** What the run was made with; a checkpoint of another run is refused by it. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What decides the last bits of the steps besides the settings; missing in checkpoints of earlier versions. */
  readonly arithmetic?: Arithmetic | undefined
  /** Parameters and the optimizer's state. */
  readonly snapshot: Snapshot
  /** What the schedule `reduceOnPlateau` has seen. */
  readonly plateau: PlateauState
  /** What early stopping has seen; undefined without it. */
  readonly stopping: StoppingState | undefined
  /** The epoch that {@link Trainer.steps} had begun; none between two epochs. @internal */
  readonly begun?: BegunEpoch | undefined
  /** Whatever the program that trains wants to find again, as JSON has it: `write` may add it, the trainer never looks. */
  readonly notes?: unknown
}

/** The result of {@link Trainer.resume}. */
export interface Resumed {
  /** Whether the resumed run ends bit for bit where an unbroken one does. */
  readonly hasSameBits: boolean
  /** Why the arithmetic differs, in one sentence. */
  readonly difference: string | undefined
  /** The options that differ from the checkpoint's; empty unless {@link ResumeOptions} allow some. */
  readonly changes: readonly Change[]
}

/** What {@link Trainer.resume} takes. */
export interface ResumeOptions {
  /** The options of the trainer whose values replace the checkpoint's. Default: none; a difference is an error. */
  changed?: readonly ChangeableOption[] | undefined
}

export const resumeSchema = {
  name: 'trainer.resume',
  fields: {
    changed: withDefault(list(name(changeableOptions), 'a list of options'), []),
  } satisfies Fields<ResumeOptions>,
}

/** Where checkpoints go. */
export interface CheckpointOptions {
  /** Every how many epochs, and when the loop ends or is left; default 1. */
  every?: number | undefined
  /** Awaited before training goes on. */
  write: (checkpoint: Checkpoint) => void | Promise<void>
}

const FORMAT = 'webgpu-mlp checkpoint'

interface EncodedSnapshot {
  precision: 'float32' | 'float64'
  parameters: string
  state: string
}

const encodeSnapshot = ({ parameters, state }: Snapshot): EncodedSnapshot => ({
  precision: parameters instanceof Float64Array ? 'float64' : 'float32',
  parameters: toBase64(parameters),
  state: toBase64(state),
})

/**
 * A checkpoint as JSON text: about 5.4 bytes for each number of parameters and state.
 * @param checkpoint what {@link Trainer.checkpoint} or the option `checkpoint` of `fit` gave; its `notes` have to be
 *   what JSON can hold
 * @example await trainer.fit(train, { checkpoint: { every: 10, write: (c) => store.put('run', encodeCheckpoint(c)) } })
 */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  checkCheckpoint(checkpoint)
  const { snapshot, stopping, plateau, ...rest } = checkpoint
  // JSON has no infinities; a best that there is not yet is left out.
  const finite = <T extends { best: number }>(state: T) => ({
    ...state,
    best: state.best === Infinity ? null : state.best,
  })
  const json = {
    format: FORMAT,
    version: 1,
    ...rest,
    plateau: finite(plateau),
    snapshot: encodeSnapshot(snapshot),
    stopping: stopping && {
      ...finite(stopping),
      snapshot: stopping.snapshot && encodeSnapshot(stopping.snapshot),
    },
  }
  try {
    return JSON.stringify(json)
  } catch (cause) {
    throw new InputError(`checkpoint: "notes" cannot be written as JSON: ${describe(String(cause))}`, { cause })
  }
}

/** Checks the parts that the trainer and the encoder use. @throws InputError naming the first that does not fit */
export function checkCheckpoint(value: unknown): asserts value is Checkpoint {
  const made: Json = object(value, 'checkpoint')
  const epoch = whole(made, 'epoch')
  whole(made, 'step', '', Number.MAX_SAFE_INTEGER)
  whole(made, 'seed')
  optionalText(made, 'data')
  object(made.settings, 'settings')
  checkDepth(made.settings, 'settings')
  checkDepth(made.notes, 'notes')
  readArithmetic(made)
  checkSnapshot(made.snapshot, 'snapshot')
  const plateau = object(made.plateau, 'plateau')
  checkBest(plateau, 'plateau.')
  whole(plateau, 'bad', 'plateau.')
  whole(plateau, 'cooldown', 'plateau.')
  number(plateau, 'scale', 'plateau.', [0, 1])
  readBegun(made)
  if (made.stopping === undefined) return
  const stopping = object(made.stopping, 'stopping')
  checkBest(stopping, 'stopping.')
  whole(stopping, 'bestEpoch', 'stopping.', epoch)
  whole(stopping, 'wait', 'stopping.')
  if (stopping.snapshot !== undefined) checkSnapshot(stopping.snapshot, 'stopping.snapshot')
}

function checkSnapshot(value: unknown, field: string): void {
  const snapshot = object(value, field)
  for (const part of ['parameters', 'state']) {
    const values = snapshot[part]
    if (values instanceof Float32Array || values instanceof Float64Array) continue
    throw new InputError(
      `checkpoint: "${field}.${part}" is ${describe(values)}, expected a Float32Array or Float64Array`,
    )
  }
}

/** In a checkpoint that is not encoded, a best that there is not yet is infinite. */
const checkBest = (json: Json, within: string) => {
  if (json.best !== Infinity) number(json, 'best', within, [-Infinity, Infinity])
}

function readArithmetic({ arithmetic }: Json): Arithmetic | undefined {
  if (arithmetic === undefined) return undefined
  const json = object(arithmetic, 'arithmetic')
  const [backend, form, device] = ['backend', 'form', 'device'].map((field) => optionalText(json, field, 'arithmetic.'))
  if (backend !== undefined && form !== undefined) return { backend, form, device }
  throw new InputError('checkpoint: "arithmetic" has no backend or no form, expected text for each')
}

const best = (json: Json, within: string) =>
  json.best === null ? Infinity : number(json, 'best', within, [-Infinity, Infinity])

function decodeSnapshot(value: unknown, field: string): Snapshot {
  const { precision, parameters, state } = object(value, field)
  if (precision !== 'float32' && precision !== 'float64') {
    throw new InputError(`checkpoint: "precision" is ${describe(precision)}, expected 'float32' or 'float64'`)
  }
  const snapshot = {
    parameters: fromBase64(parameters, `checkpoint: "${field}.parameters"`, precision),
    state: fromBase64(state, `checkpoint: "${field}.state"`, precision),
  }
  checkEach(snapshot.parameters, `checkpoint: "${field}.parameters"`, Number.isFinite, 'a finite number')
  // Squares of large gradients may be infinite, and training goes on.
  checkEach(snapshot.state, `checkpoint: "${field}.state"`, (value) => !Number.isNaN(value), 'a number')
  return snapshot
}

function checkEach(
  values: Float32Array | Float64Array,
  name: string,
  fits: (value: number) => boolean,
  expected: string,
): void {
  for (let i = 0; i < values.length; i++) {
    if (!fits(values[i]!)) throw new InputError(`${name}: value ${i} is ${values[i]}, expected ${expected}`)
  }
}

/**
 * Reads what {@link encodeCheckpoint} writes.
 * @param text the JSON text that {@link encodeCheckpoint} returned, or the content of a file that holds it
 * @throws InputError naming the field that is missing or broken
 */
export function decodeCheckpoint(text: string): Checkpoint {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new InputError('checkpoint: this is not JSON, or it is cut short')
  }
  const json = object(parsed, 'checkpoint')
  if (json.format !== FORMAT)
    throw new InputError(`checkpoint: its "format" is ${describe(json.format)}, not '${FORMAT}'`)
  if (json.version !== 1) throw new InputError(`checkpoint: version ${describe(json.version)} is not known here (1 is)`)
  const plateau = object(json.plateau, 'plateau')
  const epoch = whole(json, 'epoch')
  const step = whole(json, 'step', '', Number.MAX_SAFE_INTEGER)
  if (step < epoch) {
    throw new InputError(`checkpoint: "step" is ${step}, expected at least one for each of the ${epoch} epochs`)
  }
  checkDepth(json.settings, 'settings')
  checkDepth(json.notes, 'notes')
  return {
    epoch,
    step,
    seed: whole(json, 'seed'),
    data: optionalText(json, 'data'),
    settings: object(json.settings, 'settings'),
    arithmetic: readArithmetic(json),
    snapshot: decodeSnapshot(json.snapshot, 'snapshot'),
    plateau: {
      best: best(plateau, 'plateau.'),
      bad: whole(plateau, 'bad', 'plateau.'),
      cooldown: whole(plateau, 'cooldown', 'plateau.'),
      scale: number(plateau, 'scale', 'plateau.', [0, 1]),
    },
    stopping: json.stopping === undefined ? undefined : decodeStopping(object(json.stopping, 'stopping'), epoch),
    ...(json.begun !== undefined && { begun: readBegun(json) }),
    ...('notes' in json && { notes: json.notes }),
  }
}

function decodeStopping(json: Json, epoch: number): StoppingState {
  return {
    best: best(json, 'stopping.'),
    bestEpoch: whole(json, 'bestEpoch', 'stopping.', epoch),
    wait: whole(json, 'wait', 'stopping.'),
    snapshot: json.snapshot === undefined ? undefined : decodeSnapshot(json.snapshot, 'stopping.snapshot'),
  }
}
