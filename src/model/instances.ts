import type { Matrix } from '../core/matrix.ts'
import type { RawRows } from '../core/raw-rows.ts'
import type { ScalingNumbers } from './encoded-column.ts'

/** All encodings, each with the function that encodes raw rows: programs without encodings do not load their class. */
export const encoders = new WeakMap<object, (raw: RawRows, scaling: ScalingNumbers | undefined) => Matrix>()

/** All scalings. */
export const scalings = new WeakSet<object>()
