import { MOST_INVOCATIONS } from '../device/needed-limits.ts'
import { packsOf } from './packs.ts'

/**
 * How a matrix product is divided (shaders/product.wgsl): an invocation sums 4·rowTiles rows by 4·columnTiles columns,
 * `width` invocations are side by side in a workgroup, and `slices` of them share each sum.
 */
export interface Tiling {
  readonly rowTiles: number
  readonly columnTiles: number
  readonly width: number
  readonly slices: number
  /**
   * The workgroup shares the values that it multiplies (shaders/product_block.wgsl): its `slices` rows of invocations are
   * one below the other, and each invocation computes whole sums.
   */
  readonly block?: true
}

/** The product that is to be divided: rows × columns sums of `terms` terms each. */
export interface ProductShape {
  readonly rows: number
  readonly columns: number
  readonly terms: number
}

/** WebGPU's limit on workgroups side by side. */
export const MOST_GROUPS = 65535

export const divideUp = (count: number, size: number) => Math.ceil(count / size)

/** Tiles of rows of one workgroup. */
export const rowTilesOf = ({ rowTiles, slices, block }: Tiling) => (block ? rowTiles * slices : rowTiles)

/** Workgroups across and down. */
export function groupsOf({ rows, columns }: Pick<ProductShape, 'rows' | 'columns'>, tiling: Tiling): [number, number] {
  const { columnTiles, width } = tiling
  return [divideUp(packsOf(columns), width * columnTiles), divideUp(packsOf(rows), rowTilesOf(tiling))]
}

/** The number of workgroups that keeps a software adapter busy, where the shape allows that many. */
const ENOUGH_GROUPS = 8
const WIDEST = { software: 16, hardware: 32 }
/** Products of fewer multiplications end before a large tile pays, and small tiles compile in half the time. */
const SMALL = 30_000

/** The number of invocations that keeps a hardware adapter busy: it waits for memory unless others can work meanwhile. */
const ENOUGH_INVOCATIONS = 1 << 16
const MOST_SLICES = 32
/** The fewest terms of a slice, and of a sum that is shared at all. */
const TERMS_OF_SLICE = 8
const TERMS_TO_SLICE = 64

/** Blocks from the largest to the smallest: 128 × 128 sums of a workgroup, 64 × 64, 32 × 32 and 16 × 32. */
export const blocks: readonly Tiling[] = [
  { rowTiles: 2, columnTiles: 2, width: 16, slices: 16, block: true },
  { rowTiles: 2, columnTiles: 1, width: 16, slices: 8, block: true },
  { rowTiles: 1, columnTiles: 1, width: 8, slices: 8, block: true },
  { rowTiles: 1, columnTiles: 1, width: 8, slices: 4, block: true },
]
/** The number of workgroups from which a block keeps a hardware adapter busy. */
const ENOUGH_BLOCKS = 128
/** Blocks pay where sums have this many terms at least. */
const TERMS_OF_BLOCK = 32

/** The properties of a product that the choice depends on. */
export interface ProductKind {
  readonly software: boolean
  /** The most invocations of a workgroup; default {@link MOST_INVOCATIONS}. */
  readonly invocations?: number
  /** Whether blocks may be used; default true. */
  readonly blocks?: boolean
  /** Whether a column's terms are neighbours in memory, as in the δ of hidden layers: blocks read them faster. */
  readonly columnsAlongTerms?: boolean
}

/**
 * Divides a product by rule. On software adapters, the largest tile that leaves enough workgroups: large tiles read each
 * value fewer times. On hardware adapters, a block for large results, otherwise small tiles whose sums are shared by
 * as many invocations as the adapter needs. All tiles without slices add up each sum in the same order, and all blocks
 * do; slices and blocks give different last bits, so they follow from the shape and the kind of adapter alone.
 */
export function chooseTiling(shape: ProductShape, kind: ProductKind): Tiling {
  if (kind.software) return chooseSoftwareTiling(shape)
  return chooseBlock(shape, kind) ?? chooseSlices(shape, kind)
}

function chooseSoftwareTiling(shape: ProductShape): Tiling {
  const rows = packsOf(shape.rows)
  const columns = packsOf(shape.columns)
  let width = widthFor(columns, WIDEST.software)
  const small = shape.rows * shape.columns * shape.terms < SMALL
  const columnTiles = !small && columns >= 2 * width && rows > 3 ? 2 : 1
  let rowTiles = small ? 1 : Math.min(columnTiles === 2 ? 2 : 4, rows)
  const few = () => divideUp(columns, width * columnTiles) * divideUp(rows, rowTiles) < ENOUGH_GROUPS
  while (few() && width > 4) width /= 2
  while (few() && rowTiles > 3) rowTiles--
  return { rowTiles, columnTiles, width, slices: 1 }
}

/** The power of two from 4 to `widest` that covers the packs of columns. */
function widthFor(columns: number, widest: number): number {
  let width = widest
  while (width > 4 && width / 2 >= columns) width /= 2
  return width
}

/** Whether a workgroup that computes a tiling has at most this many invocations. */
export const hasAtMost = ({ width, slices }: Tiling, invocations: number) => width * slices <= invocations

function chooseBlock(shape: ProductShape, kind: ProductKind) {
  const { blocks: allowed = true, columnsAlongTerms = false, invocations = MOST_INVOCATIONS } = kind
  if (!allowed || shape.terms < TERMS_OF_BLOCK) return undefined
  const countOf = (block: Tiling) => groupsOf(shape, block).reduce((product, count) => product * count)
  const isSuited = (block: Tiling) => hasAtMost(block, invocations) && countOf(block) >= ENOUGH_BLOCKS
  const large = blocks.slice(0, 2).find(isSuited)
  if (large || !columnsAlongTerms || shape.terms < TERMS_TO_SLICE) return large
  return blocks.slice(-1).find(isSuited)
}

function chooseSlices(shape: ProductShape, { invocations = MOST_INVOCATIONS }: ProductKind): Tiling {
  const columns = packsOf(shape.columns)
  const tiles = packsOf(shape.rows) * columns
  const most = shape.terms < TERMS_TO_SLICE ? 1 : Math.min(MOST_SLICES, shape.terms / TERMS_OF_SLICE)
  let slices = 1
  while (2 * slices <= most && tiles * slices < ENOUGH_INVOCATIONS) slices *= 2
  const width = widthFor(columns, Math.min(WIDEST.hardware, invocations / slices))
  return { rowTiles: 1, columnTiles: 1, width, slices }
}

/** How the output layer is divided, where a workgroup holds whole rows of it. */
export function chooseOutputTiling(
  shape: ProductShape,
  { software, invocations = MOST_INVOCATIONS }: ProductKind,
): Tiling {
  let width = 4
  while (width < packsOf(shape.columns)) width *= 2
  let slices = 1
  const most =
    software || shape.terms < TERMS_TO_SLICE ? 1 : Math.min(invocations / width, shape.terms / TERMS_OF_SLICE)
  while (2 * slices <= most && slices < MOST_SLICES) slices *= 2
  return { rowTiles: 1, columnTiles: 1, width, slices }
}

/** The most terms of a sum for which shaders/product_few.wgsl is used. */
const FEW_TERMS = 16
export const hasFewTerms = ({ terms }: Pick<ProductShape, 'terms'>) => terms <= FEW_TERMS
/** Workgroups of such a product that keep an adapter busy. */
const ENOUGH_FEW = { software: ENOUGH_GROUPS, hardware: 128 }

/** How a product of few terms is divided: as many tiles of rows an invocation as leave enough workgroups. */
export function chooseFewTiling(shape: ProductShape, { software }: ProductKind): Tiling {
  const rows = packsOf(shape.rows)
  const columns = packsOf(shape.columns)
  const enough = ENOUGH_FEW[software ? 'software' : 'hardware']
  const width = widthFor(columns, software ? 4 : WIDEST.hardware)
  const columnTiles = software && columns > width ? 2 : 1
  const across = divideUp(columns, width * columnTiles)
  const rowTiles = Math.max(1, Math.min(rows, Math.floor((rows * across) / enough), software ? Infinity : 4))
  return { rowTiles, columnTiles, width, slices: 1 }
}

/** The overrides of the product kernels. */
export function tilingConstants({ rowTiles, columnTiles, width, slices }: Tiling): Record<string, number> {
  return {
    ROW_TILES: rowTiles,
    COLUMN_TILES: columnTiles,
    WIDTH: width,
    SLICES: slices,
  }
}

/** Packs of terms that a block has in workgroup memory (shaders/product_block.wgsl). */
const STAGE_PACKS = 4

/** Which text a product's kernel has, with the lengths of its arrays in workgroup memory. */
interface ProductText {
  readonly slices?: boolean
  readonly block?: boolean
  readonly literals?: Readonly<Record<string, number>>
}

export function tilingVariant({ rowTiles, columnTiles, width, slices, block }: Tiling): ProductText {
  if (block) {
    const literals = {
      ROW_VALUES: 4 * STAGE_PACKS * rowTiles * slices,
      COLUMN_VALUES: 4 * STAGE_PACKS * columnTiles * width,
    }
    return { block, literals }
  }
  return slices > 1 ? { slices: true, literals: { PARTIALS: 4 * width * slices } } : {}
}
