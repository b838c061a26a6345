import type { Dataset, Matrix } from '../../src/index.ts'

const at = ({ data, cols }: Matrix, i: number, j: number) => data[i * cols + j]!

/**
 * The two columns that tell the most about the targets, each by itself: by the share of its variance that lies between
 * the classes, or that goes with the quantity (the squared correlation).
 */
export function tellingAxes(data: Dataset): [across: number, up: number] {
  const { classes } = data
  const labels = classes && data.labels()
  const shares = Array.from({ length: data.inputs.cols }, (_, j) =>
    labels ? betweenClasses(data, labels, j, classes.length) : withQuantity(data, j),
  )
  const [first = 0, second = first] = shares
    .map((share, j) => ({ share, j }))
    .sort((a, b) => b.share - a.share || a.j - b.j)
    .map(({ j }) => j)
  return [Math.min(first, second), Math.max(first, second)]
}

function betweenClasses(data: Dataset, labels: Uint32Array, j: number, classes: number): number {
  const counts = new Float64Array(classes)
  const sums = new Float64Array(classes)
  let [sum, squares] = [0, 0]
  labels.forEach((label, i) => {
    const x = at(data.inputs, i, j)
    counts[label]! += 1
    sums[label]! += x
    sum += x
    squares += x * x
  })
  const mean = sum / data.length
  const between = sums.reduce((total, s, k) => (counts[k] ? total + counts[k] * (s / counts[k] - mean) ** 2 : total), 0)
  const all = squares - data.length * mean * mean
  return all > 0 ? between / all : 0
}

function withQuantity(data: Dataset, j: number): number {
  const { xx, yy, xy } = momentsOf(
    data.length,
    (i) => at(data.inputs, i, j),
    (i) => data.targets.data[i]!,
  )
  return xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : 0
}

/** Means of two series, and their sums of squares and products about them. */
function momentsOf(count: number, x: (i: number) => number, y: (i: number) => number) {
  let [mx, my] = [0, 0]
  for (let i = 0; i < count; i++) {
    mx += x(i) / count
    my += y(i) / count
  }
  let [xx, xy, yy] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const [dx, dy] = [x(i) - mx, y(i) - my]
    xx += dx * dx
    xy += dx * dy
    yy += dy * dy
  }
  return { mx, my, xx, xy, yy }
}

/**
 * What the other columns usually are at a point of the plane: for each the least-squares plane through the samples. With
 * their mean instead, a point would stand for samples that there are none of.
 */
export class Companions {
  readonly #axes: readonly [number, number]
  readonly #middle: readonly [number, number]
  /** Of each column: its mean, and how it grows along the two axes. */
  readonly #planes: readonly (readonly [mean: number, across: number, up: number])[]

  constructor(inputs: Matrix, axes: readonly [number, number]) {
    const [a, b] = axes
    const of = (j: number) => (i: number) => at(inputs, i, j)
    const { mx, my, xx, xy, yy } = momentsOf(inputs.rows, of(a), of(b))
    const determinant = xx * yy - xy * xy
    // Where one axis follows from the other, the plane leans on the first alone.
    const flat = determinant <= 1e-9 * xx * yy
    this.#axes = axes
    this.#middle = [mx, my]
    this.#planes = Array.from({ length: inputs.cols }, (_, j) => {
      const { my: mean, xy: ca } = momentsOf(inputs.rows, of(a), of(j))
      const { xy: cb } = momentsOf(inputs.rows, of(b), of(j))
      if (flat) return [mean, xx > 0 ? ca / xx : 0, 0] as const
      return [mean, (ca * yy - cb * xy) / determinant, (cb * xx - ca * xy) / determinant] as const
    })
  }

  /** Writes the row for a point of the plane. */
  fill(row: Float32Array, across: number, up: number): void {
    const [dx, dy] = [across - this.#middle[0], up - this.#middle[1]]
    this.#planes.forEach(([mean, a, b], j) => {
      row[j] = mean + a * dx + b * dy
    })
    row[this.#axes[1]] = up
    row[this.#axes[0]] = across
  }
}
