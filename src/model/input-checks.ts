import { InputError } from '../core/errors.ts'
import type { ScalingNumbers } from './encoded-column.ts'

/** @throws InputError where a scaling was fitted on another number of columns */
export function checkScaled(width: number, scaling: ScalingNumbers | undefined): void {
  if (!scaling || scaling.offset.length === width) return
  throw new InputError(`x: expected ${scaling.offset.length} columns, as the scaling was fitted on, got ${width}`)
}

export function refuseMissing(place: string): never {
  throw new InputError(`x: ${place} is missing, and the encoding has no fill for it`)
}

export function refuseValue(value: number, place: string, scaling: ScalingNumbers | undefined): never {
  const help = Number.isFinite(value) && !scaling ? '; a scaling (standardize, normalize) brings it into range' : ''
  throw new InputError(`x: ${place} is ${value}; every value must be a finite number (in float32)${help}`)
}
