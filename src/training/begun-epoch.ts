import type { Sums } from '../backend/backend.ts'
import { describe, InputError } from '../core/errors.ts'
import { type Json, number, object, whole } from './checkpoint-fields.ts'

/** An epoch of which some steps were made one by one. */
export interface BegunEpoch {
  readonly shuffle: boolean
  /** The number of samples of the data. */
  readonly samples: number
  /** How many of them were visited. */
  readonly visited: number
  /** Of the steps so far. */
  readonly sums: Readonly<Sums>
}

/** The epoch that a checkpoint was made in. */
export function readBegun({ begun }: Json): BegunEpoch | undefined {
  if (begun === undefined) return undefined
  const json = object(begun, 'begun')
  const sums = object(json.sums, 'begun.sums')
  const samples = whole(json, 'samples', 'begun.')
  if (typeof json.shuffle !== 'boolean') {
    throw new InputError(`checkpoint: "begun.shuffle" is ${describe(json.shuffle)}, expected true or false`)
  }
  return {
    shuffle: json.shuffle,
    samples,
    // With all of them visited, the epoch would be complete.
    visited: whole(json, 'visited', 'begun.', samples - 1),
    sums: {
      loss: number(sums, 'loss', 'begun.sums.', [-Infinity, Infinity]),
      right: whole(sums, 'right', 'begun.sums.', Number.MAX_SAFE_INTEGER),
      samples: whole(sums, 'samples', 'begun.sums.', samples),
    },
  }
}
