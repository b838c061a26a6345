import type { Graph } from './graph.ts'

export interface Spot {
  readonly x: number
  readonly y: number
}

/** The places of the nodes in a drawing of `width` × `height`. */
export interface Placement {
  readonly width: number
  readonly height: number
  readonly spots: ReadonlyMap<string, Spot>
  readonly vertical: boolean
}

export const RADIUS = 22

/** The distance between the columns: z to a is shorter than a to z, where the weights are. */
const gaps = {
  network: { horizontal: [170, 98, 158, 98, 98], vertical: [106, 64, 94, 64, 64] },
  neuron: { horizontal: [170, 120, 120], vertical: [100, 78, 78] },
}

/** Places the columns of a graph from left to right, or on narrow screens from top to bottom. */
export function place(graph: Graph, vertical: boolean): Placement {
  const columns = Math.max(...graph.nodes.map(({ column }) => column)) + 1
  const { horizontal, vertical: down } = columns === 6 ? gaps.network : gaps.neuron
  const steps = vertical ? down : horizontal
  const margin = RADIUS + 12
  const along = (column: number) => margin + steps.slice(0, column).reduce((sum, gap) => sum + gap, 0)
  const counts = Array.from({ length: columns }, (_, c) => graph.nodes.filter(({ column }) => column === c).length)
  const breadth = vertical ? 352 : columns === 6 ? 430 : 230
  const spacing = Math.min(vertical ? 116 : 140, breadth / Math.max(...counts))
  const spots = new Map(
    graph.nodes.map(({ id, column, place }) => {
      const across = breadth / 2 + (place - (counts[column]! - 1) / 2) * spacing
      return [id, vertical ? { x: across, y: along(column) } : { x: along(column), y: across }]
    }),
  )
  const length = along(columns - 1) + margin
  return { width: vertical ? breadth : length, height: vertical ? length : breadth, spots, vertical }
}

/** Where a parameter is shown: a weight on its line, a bias beside its neuron. */
export function spotOfParameter({ spots, vertical, width }: Placement, z: string, input: string | undefined): Spot {
  const to = spots.get(z)!
  const from = input === undefined ? undefined : spots.get(input)!
  const share = vertical ? 0.44 : 0.37
  if (from) return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }
  if (vertical) return { x: to.x + (to.x > width / 2 + 10 ? -58 : 58), y: to.y }
  return { x: to.x - 8, y: to.y - 56 }
}

/** The distance of a badge, which is 92 × 21, from its circle. */
const BADGE_GAP = 3

/** Where the δ of a z is shown: where no highlighted line is. */
export function spotOfBadge({ spots, vertical, width }: Placement, z: string): Spot {
  const { x, y } = spots.get(z)!
  const away = RADIUS + BADGE_GAP + 10.5
  if (!vertical) return { x, y: y + away }
  // Two neurons of the output layer have space beside them; three of the hidden layer do not.
  if (z.startsWith('z1')) return { x: Math.min(Math.max(x, 48), width - 48), y: y - away }
  const beside = RADIUS + BADGE_GAP + 46
  return { x: x < width / 2 ? x - beside : x + beside, y }
}
