import { InputError } from '../core/errors.ts'
import { joinRows, Matrix } from '../core/matrix.ts'
import { originOf, partOfOrigin, withOrigin } from '../core/origin.ts'
import { RawRows } from '../core/raw-rows.ts'
import type { Encoding } from '../model/encoding.ts'
import type { Scaling } from '../model/scaling.ts'

/** What a data set consists of: inputs, or raw columns that inputs are made of. */
export interface Parts {
  readonly inputs?: Matrix | undefined
  readonly raw?: RawRows | undefined
  readonly targets: Matrix
  readonly rawTargets?: RawRows | undefined
  readonly features: readonly string[] | undefined
  readonly classes: readonly string[] | undefined
  readonly targetNames: readonly string[] | undefined
  readonly weights?: Float32Array | undefined
  readonly encoding?: Encoding | undefined
  readonly scaling?: Scaling | undefined
  readonly targetScaling?: Scaling | undefined
}

/** @throws InputError where there is not one target row per sample, or not one name per column */
export function checkCounts(
  samples: number,
  columns: number,
  { targets, features, classes, targetNames }: Pick<Parts, 'targets' | 'features' | 'classes' | 'targetNames'>,
): void {
  if (targets.rows !== samples) {
    throw new InputError(`y: expected ${samples} rows, one for each of x, got ${targets.rows}`)
  }
  if (features !== undefined && features.length !== columns) {
    throw new InputError(`features: expected ${columns} names, one a column of x, got ${features.length}`)
  }
  if (targetNames === undefined) return
  if (classes) throw new InputError('targetNames: are for regression targets; the targets of these data are classes')
  if (targetNames.length !== targets.cols) {
    throw new InputError(`targetNames: expected ${targets.cols} names, one a column of y, got ${targetNames.length}`)
  }
}

/** The same with a function that makes the inputs where they are not there yet. */
export type WholeParts = Parts & { readonly makeInputs: () => Matrix }

/**
 * The given samples, in the order given.
 * @param into memory for the copy, which then holds inputs and targets only
 */
export function takeParts(
  parts: WholeParts,
  rows: ArrayLike<number>,
  into: { readonly inputs: Matrix; readonly targets: Matrix } | undefined,
): Parts {
  const { makeInputs, raw, targets, rawTargets, weights, ...rest } = parts
  const taken = into ? undefined : raw?.take(rows)
  return {
    ...rest,
    inputs: taken ? undefined : makeInputs().take(rows, into?.inputs),
    raw: taken,
    targets: targets.take(rows, into?.targets),
    rawTargets: into ? undefined : rawTargets?.take(rows),
    weights: weights && Float32Array.from(rows, (row) => weights[row]!),
  }
}

/** Samples from `start` up to, but not including, `end`: views, nothing is copied. */
export function sliceParts(parts: WholeParts, start: number, end: number): Parts {
  const { makeInputs, raw, targets, rawTargets, weights, ...rest } = parts
  const cut = (rows: RawRows) => rows.slice(start, end)
  const part = (matrix: Matrix) => {
    const { cols, data } = matrix
    const view = new Matrix(end - start, cols, data.subarray(start * cols, end * cols))
    return withOrigin(view, partOfOrigin(originOf(matrix), cut))
  }
  return {
    ...rest,
    inputs: part(makeInputs()),
    raw: raw && cut(raw),
    targets: part(targets),
    rawTargets: rawTargets && cut(rawTargets),
    weights: weights?.subarray(start, end),
  }
}

/** Samples one after another, with the names of the first. Where some have weights, the others have 1. */
export function joinParts(all: readonly WholeParts[]): Parts {
  const { makeInputs: _, ...first } = all[0]!
  const { encoding, scaling } = first
  const raw = joinRaw(all.map((parts) => parts.raw))
  const hasWeights = all.some(({ weights }) => weights !== undefined)
  return {
    ...first,
    inputs: raw ? undefined : withOrigin(joinRows(all.map(({ makeInputs }) => makeInputs())), { encoding, scaling }),
    raw,
    targets: joinRows(all.map(({ targets }) => targets)),
    rawTargets: joinRaw(all.map(({ rawTargets }) => rawTargets)),
    weights: hasWeights
      ? Float32Array.from(
          all.flatMap(({ weights, targets }) => [...(weights ?? new Float32Array(targets.rows).fill(1))]),
        )
      : undefined,
  }
}

/** Raw rows one after another; undefined where some have none. */
function joinRaw(parts: readonly (RawRows | undefined)[]): RawRows | undefined {
  return parts.every((part) => part !== undefined) ? RawRows.join(parts) : undefined
}
