import { RawRows } from '../core/raw-rows.ts'
import { fitFills } from '../data/fills.ts'
import { ColumnTally } from '../data/preprocessing.ts'
import { encodeRows } from '../model/encoding.ts'
import { type Encoding, InputError, type Scaling } from '../index.ts'
import type { Copied } from './csv-copy.ts'

/** Rows that are decoded at once. */
const DECODED_ROWS = 1 << 14
/** Rows of all parts together from which the fills of missing values are made. */
const FILL_ROWS = 1 << 17

/** The input columns of the rows of a part, decoded, some at a time. */
async function* columnsIn(copied: Copied, part: number): AsyncGenerator<RawRows> {
  const { spool, inputs, columns } = copied
  for (let first = 0; ; first += DECODED_ROWS) {
    const rows = await spool.read(part, first, DECODED_ROWS)
    if (rows.length === 0) return
    const all = new RawRows(rows.length / spool.width, spool.width, rows)
    yield columns.decode(all.columns(0, inputs.length))
  }
}

/** The encoding with the fills of the training part: of its first rows in each part, which are mixed. */
export async function fillsOf(copied: Copied): Promise<Encoding | undefined> {
  const { columns, spool } = copied
  const { encoding } = columns
  if (encoding?.missing !== 'impute' || copied.isKnown) return encoding
  const seen: RawRows[] = []
  const most = Math.ceil(FILL_ROWS / spool.parts)
  for (let part = 0; part < spool.parts; part++) {
    let left = most
    for await (const rows of columnsIn(copied, part)) {
      seen.push(rows.slice(0, Math.min(left, rows.rows)))
      left -= rows.rows
      if (left <= 0) break
    }
  }
  return fitFills(RawRows.join(seen), encoding)
}

export async function scalingOf(
  copied: Copied,
  encoding: Encoding | undefined,
  kind: Scaling['kind'],
): Promise<Scaling> {
  const tally = new ColumnTally(encoding)
  for (let part = 0; part < copied.spool.parts; part++) {
    for await (const rows of columnsIn(copied, part)) tally.add(encodeRows(rows, encoding))
  }
  return tally.scaling(kind)
}

/** @throws InputError for classes */
export async function targetScalingOf({ spool, inputs, targets, classes }: Copied): Promise<Scaling> {
  if (classes) throw new InputError('standardizeTargets: expected regression targets to scale, got classes')
  const tally = new ColumnTally()
  for (let part = 0; part < spool.parts; part++) {
    for (let first = 0; ; first += DECODED_ROWS) {
      const rows = await spool.read(part, first, DECODED_ROWS)
      if (rows.length === 0) break
      tally.add(new RawRows(rows.length / spool.width, spool.width, rows).columns(inputs.length, targets.length))
    }
  }
  return tally.scaling('standardize')
}
