import { type I32 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { v128 } from '../assembler/vectors.ts'
import type { Body, Callable, Local } from '../assembler/function.ts'
import type { ModuleWriter } from '../assembler/module.ts'
import { loadLanes, storeLanes } from '../kit.ts'
import type { Part } from './layer.ts'
import { PANEL } from './tile.ts'

/** Copies a part of a matrix to where it is consecutive. `(from, to)`, or with the number of rows `(from, to, rows)`. */
type Pack<P extends readonly 'i32'[]> = Callable<P, undefined>

/** The vectors of four columns in a panel of `columns` columns. */
export const panelVectors = (columns: number): number => Math.ceil(columns / 4)

/**
 * Transposes a panel: `columns` rows of `length` values, each `rowBytes` after the one before, become `length` rows of 4 or
 * 8 values. The columns beyond the last are copies of it.
 */
export function defineTransposePanel(module: ModuleWriter, columns: number, length: number): Pack<['i32', 'i32']> {
  const rowBytes = 4 * length
  const width = 4 * panelVectors(columns)
  const source = (row: number) => Math.min(row, columns - 1) * rowBytes
  return module.procedure(undefined, ['i32', 'i32'], (body, [from, to]) => {
    const whole = Math.floor(length / 4)
    if (whole > 0) {
      const block = body.local('i32')
      body.for(block, int(0), int(whole), 1, () => {
        for (let half = 0; half < width; half += 4) {
          const rows = [0, 1, 2, 3].map((r) => body.keep(v128.load(from, source(half + r))))
          transpose(body, rows).forEach((column, k) => body.do(v128.store(to, column, 4 * (k * width + half))))
        }
        body.increase(from, 16)
        body.increase(to, 16 * width)
      })
    }
    for (let k = 0; k < length % 4; k++) {
      for (let r = 0; r < width; r++) {
        body.do(i32.store(to, i32.load(from, source(r) + 4 * k), 4 * (k * width + r)))
      }
    }
  })
}

/** The transpose of four vectors. */
function transpose(body: Body, [a, b, c, d]: readonly Local<'v128'>[]) {
  const [a0, a1] = [[0, 4, 1, 5] as const, [2, 6, 3, 7] as const].map((lanes) => body.keep(v128.shuffle(a!, b!, lanes)))
  const [c0, c1] = [[0, 4, 1, 5] as const, [2, 6, 3, 7] as const].map((lanes) => body.keep(v128.shuffle(c!, d!, lanes)))
  return [
    v128.shuffle(a0!, c0!, [0, 1, 4, 5]),
    v128.shuffle(a0!, c0!, [2, 3, 6, 7]),
    v128.shuffle(a1!, c1!, [0, 1, 4, 5]),
    v128.shuffle(a1!, c1!, [2, 3, 6, 7]),
  ]
}

/**
 * Copies `columns` columns of the rows of a matrix, each row `rowBytes` after the one before, so that the rows are 4 or 8
 * values long. Where `columns` is not a multiple of 4, the values beyond are those that follow in memory.
 */
export function definePackPanel(module: ModuleWriter, columns: number, rowBytes: number): Pack<['i32', 'i32', 'i32']> {
  const vectors = panelVectors(columns)
  return module.procedure(undefined, ['i32', 'i32', 'i32'], (body, [from, to, rows]) => {
    const row = body.local('i32')
    body.for(row, int(0), rows, 1, () => {
      for (let v = 0; v < vectors; v++) body.do(v128.store(to, v128.load(from, 16 * v), 16 * v))
      body.increase(from, rowBytes)
      body.increase(to, 16 * vectors)
    })
  })
}

/**
 * Copies the columns of a matrix in strips of at most `size` columns, one after another; in a strip the rows are
 * consecutive. The strip that begins at column c begins at `to` + 4 · c · rows.
 */
export function definePackStrips(module: ModuleWriter, columns: number, size: number): Pack<['i32', 'i32', 'i32']> {
  return module.procedure(undefined, ['i32', 'i32', 'i32'], (body, [from, to, rows]) => {
    const row = body.local('i32')
    const source = body.local('i32')
    for (let first = 0; first < columns; first += size) {
      const height = Math.min(size, columns - first)
      body.set(source, i32.add(from, int(4 * first)))
      body.for(row, int(0), rows, 1, () => {
        for (let lane = 0; lane < height; lane += 4) {
          const lanes = Math.min(4, height - lane)
          storeLanes(body, to, body.keep(loadLanes(source, lanes, 4 * lane)), lanes, 4 * lane)
        }
        body.increase(source, 4 * columns)
        body.increase(to, 4 * height)
      })
    }
  })
}

/** A procedure for panels of 8 columns, and one for the last panel where it has fewer. */
export interface PanelProcedures<C> {
  readonly whole: C | undefined
  readonly last: C | undefined
}

/** How many panels `columns` columns have. */
export const countPanels = (columns: number): number => Math.ceil(columns / PANEL)

/** Defines the procedures for the panels of `columns` columns. */
export const panelProcedures = <C>(columns: number, define: (width: number) => C): PanelProcedures<C> => ({
  whole: columns >= PANEL ? define(PANEL) : undefined,
  last: columns % PANEL > 0 ? define(columns % PANEL) : undefined,
})

/** Writes a loop over panels; `use` writes the call for the panel whose first column is `column`. */
export function eachPanel<C>(
  body: Body,
  { first, end }: Part,
  columns: number,
  { whole, last }: PanelProcedures<C>,
  use: (procedure: C, column: I32) => void,
): void {
  const panel = body.local('i32')
  body.for(panel, first, end, 1, () => {
    const column = i32.mul(panel, int(PANEL))
    if (whole === undefined || last === undefined) use((whole ?? last)!, column)
    else {
      body.if(
        i32.ltS(panel, int(Math.floor(columns / PANEL))),
        () => use(whole, column),
        () => use(last, column),
      )
    }
  })
}
