import { RawRows } from '../core/raw-rows.ts'
import { targetsOf } from '../data/samples.ts'
import { Dataset, DataStream, type Encoding, type Scaling } from '../index.ts'
import type { Copied } from './csv-copy.ts'
import type { Spool } from './spool.ts'

/** Bytes of a chunk of a stream. */
const CHUNK_BYTES = 1 << 20
/** The first samples that are an example. */
const EXAMPLE = 64

/**
 * Rows that show what all are: the first ones, and each that has something about its targets that those before it do not. So
 * the task that follows from their targets is that of all.
 */
export class ExampleRows {
  readonly #rows: Float64Array[] = []
  readonly #first: number
  #seen = 0

  /** @param inputs the number of columns before the targets */
  constructor(inputs: number) {
    this.#first = inputs
  }

  add(row: Float64Array, targets: number): void {
    const traits = traitsOf(row, this.#first, targets)
    if (this.#rows.length >= EXAMPLE && (traits & ~this.#seen) === 0) return
    this.#seen |= traits
    this.#rows.push(row.slice())
  }

  joined(width: number): RawRows {
    return RawRows.join(this.#rows.map((row) => new RawRows(1, width, row)))
  }
}

/** What decides a task, a bit each: values other than 0 and 1, or −1 and 1; a 1, something else, not one 1 alone. */
function traitsOf(row: Float64Array, first: number, targets: number): number {
  let traits = 0
  let ones = 0
  for (let j = first; j < first + targets; j++) {
    const value = row[j]!
    if (value === 1) ones++
    else traits |= (value === 0 ? 0 : 1) | (value === -1 ? 0 : 2) | 8
  }
  return traits | (ones > 0 ? 4 : 0) | (ones === 1 ? 0 : 16)
}

/** How the columns of chunks are preprocessed. */
export interface Preprocessing {
  readonly encoding: Encoding | undefined
  readonly scaling: Scaling | undefined
  readonly targetScaling: Scaling | undefined
}

/** The samples of rows: inputs, then targets. */
function makeChunk(rows: RawRows, copied: Copied, { encoding, scaling, targetScaling }: Preprocessing): Dataset {
  const { features, classes, targetNames, inputs, columns } = copied
  const x = columns.decode(rows.columns(0, inputs.length))
  const y = targetsOf(rows, inputs.length, copied)
  const chunk = Dataset.fromRaw(x, encoding, y, { features, classes, targetNames })
  const scaled = scaling ? chunk.withScaling(scaling) : chunk
  return targetScaling ? scaled.withTargetScaling(targetScaling) : scaled
}

async function* chunksOf(spool: Spool, copied: Copied, preprocessing: Preprocessing): AsyncGenerator<Dataset> {
  const { width } = spool
  // Small, so that what is made of them keeps pace with what is trained on; classes become a column each.
  const columns = width + (copied.classes?.length ?? 0)
  const atOnce = Math.max(1, Math.floor(CHUNK_BYTES / (8 * columns)))
  for (let part = 0; part < spool.parts; part++) {
    for (let first = 0; ; first += atOnce) {
      const rows = await spool.read(part, first, atOnce)
      if (rows.length === 0) break
      yield makeChunk(new RawRows(rows.length / width, width, rows), copied, preprocessing)
    }
  }
}

/** A stream of the rows of a spool. */
export function streamOf(
  { spool, samples, rows }: { readonly spool: Spool; readonly samples: number; readonly rows: ExampleRows },
  copied: Copied,
  preprocessing: Preprocessing,
): DataStream {
  const example = makeChunk(rows.joined(spool.width), copied, preprocessing)
  const chunks = () => chunksOf(spool, copied, preprocessing)
  return DataStream.from({ samples, chunks, example, fingerprint: copied.fingerprint })
}
