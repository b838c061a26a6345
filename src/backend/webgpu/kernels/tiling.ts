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

/** The number of workgroups that keeps the device busy, where the shape allows that many. */
const ENOUGH_GROUPS = { software: 8, hardware: 128 }
const WIDEST = { software: 16, hardware: 32 }
/** Products of fewer multiplications are over before a large tile pays, and small tiles compile in half the time. */
const SMALL = 30_000
/** Fewer terms than this are not worth sharing. */
const TERMS_TO_SLICE = 64
const MOST_SLICES = 8

/** Workgroups across and down. */
export function groupsOf({ rows, columns }: Pick<ProductShape, 'rows' | 'columns'>, tiling: Tiling): [number, number] {
  const { rowTiles, columnTiles, width } = tiling
  return [divideUp(packsOf(columns), width * columnTiles), divideUp(packsOf(rows), rowTiles)]
}

/**
 * The largest tile that still leaves enough workgroups, and no wider than the columns need. Large tiles read each value
 * fewer times; many workgroups keep more of the device at work. Every tile adds up each sum in the same order, so the
 * choice does not touch a bit of the result, but for the slices: those follow from the shape and the kind of adapter
 * alone.
 */
export function chooseTiling(shape: ProductShape, software: boolean): Tiling {
  const kind = software ? 'software' : 'hardware'
  const rows = packsOf(shape.rows)
  const columns = packsOf(shape.columns)
  let width = WIDEST[kind]
  while (width > 4 && width / 2 >= columns) width /= 2
  const small = shape.rows * shape.columns * shape.terms < SMALL
  let columnTiles = !small && columns >= 2 * width && rows > 3 ? 2 : 1
  let rowTiles = small ? 1 : Math.min(columnTiles === 2 ? 2 : 4, rows)
  const groups = () => divideUp(columns, width * columnTiles) * divideUp(rows, rowTiles)
  const few = () => groups() < ENOUGH_GROUPS[kind]
  while (few() && width > (software ? 4 : 8)) width /= 2
  while (few() && rowTiles > (software ? 3 : 1)) rowTiles--
  if (few() && !software) columnTiles = 1
  let slices = 1
  if (!software && columnTiles === 1 && rowTiles === 1) {
    while (slices < MOST_SLICES && groups() * slices < ENOUGH_GROUPS[kind] && shape.terms / slices >= TERMS_TO_SLICE)
      slices *= 2
  }
  return { rowTiles, columnTiles, width, slices }
}

/** The most terms of a sum for which shaders/product_few.wgsl is used. */
const FEW_TERMS = 16
export const hasFewTerms = ({ terms }: Pick<ProductShape, 'terms'>) => terms <= FEW_TERMS

/** How a product of few terms is divided: as many tiles of rows an invocation as leave enough workgroups. */
export function chooseFewTiling(shape: ProductShape, software: boolean): Tiling {
  const rows = packsOf(shape.rows)
  const columns = packsOf(shape.columns)
  const enough = ENOUGH_GROUPS[software ? 'software' : 'hardware']
  let width = software ? 4 : WIDEST.hardware
  while (width > 4 && width / 2 >= columns) width /= 2
  const columnTiles = software && columns > width ? 2 : 1
  const across = divideUp(columns, width * columnTiles)
  const rowTiles = Math.max(1, Math.min(rows, Math.floor((rows * across) / enough), software ? Infinity : 4))
  return { rowTiles, columnTiles, width, slices: 1 }
}

/** The overrides of shaders/product.wgsl. */
export function tilingConstants({ rowTiles, columnTiles, width, slices }: Tiling): Record<string, number> {
  return {
    ROW_TILES: rowTiles,
    COLUMN_TILES: columnTiles,
    WIDTH: width,
    SLICES: slices,
  }
}
