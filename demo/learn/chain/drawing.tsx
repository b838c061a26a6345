import type { JSX } from 'preact'
import { legible } from '../formulas.ts'
import type { Factor, Graph, GraphEdge } from './graph.ts'
import { type Light, pointing } from './light.ts'
import { type Badge, BadgeBox, Node, ParameterBox, type ShownParameter } from './nodes.tsx'
import { PARAMETER } from './paths.ts'
import { type Placement, RADIUS, type Spot, spotOfBadge, spotOfParameter } from './place.ts'

export interface DrawingProps extends Light {
  readonly graph: Graph
  readonly placement: Placement
  /** The highlighted paths, each with a colour; an edge of several paths has the colours of all. */
  readonly paths: readonly (readonly Factor[])[]
  readonly parameter?: ShownParameter | undefined
  readonly badges?: readonly Badge[]
  readonly label: string
  /** Called when the user clicks the line between two nodes. */
  readonly chooseEdge?: (edge: GraphEdge) => void
}

const wordsFor = ({ symbol, formula, value }: Factor) => `${symbol.text} = ${formula.text} = ${legible(value)}`

/** A point on a line, moved to its side by `offset`. */
function between(from: Spot, to: Spot, share: number, offset = 0): Spot {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy) || 1
  return { x: from.x + share * dx - (offset * dy) / length, y: from.y + share * dy + (offset * dx) / length }
}

/** A line in the colours of its paths, parallel where there are several. */
function Strokes({ from, to, through }: { from: Spot; to: Spot; through: readonly number[] }) {
  return (
    <>
      {through.map((path, k) => {
        const offset = 5 * (k - (through.length - 1) / 2)
        const [start, end] = [between(from, to, 0, offset), between(from, to, 1, offset)]
        return <path key={path} class={`stroke path-${path + 1}`} d={`M${start.x} ${start.y} L${end.x} ${end.y}`} />
      })}
    </>
  )
}

/** The part of a line between two circles, with a gap at its end for the arrow. */
function ends(from: Spot, to: Spot, startGap = RADIUS): [Spot, Spot] {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  return [between(from, to, startGap / length), between(from, to, 1 - (RADIUS + 2) / length)]
}

/** Where the number of a line is: above or below a level line, and beside a steep line, where it begins or ends. */
function besideLine(
  start: Spot,
  end: Spot,
  share: number,
  outer: 1 | -1,
): Spot & { anchor: 'start' | 'middle' | 'end' } {
  const [across, down] = [Math.abs(end.x - start.x), Math.abs(end.y - start.y)]
  const isSteep = down > 0.5 * across
  // Numbers are wide: above a line that is not level, they need more distance.
  const spot = between(start, end, share, -outer * (12 + (isSteep ? 0 : (18 * down) / across)))
  if (!isSteep) return { ...spot, anchor: 'middle' }
  const isRight = spot.x > start.x + share * (end.x - start.x)
  return { ...spot, anchor: isRight ? 'start' : 'end' }
}

/** Numbers of the second path are on the other side, so that they are not between the lines of two paths. */
function outerSide(from: Spot, to: Spot, { vertical }: Placement, through: readonly number[]): 1 | -1 {
  const isLevel = vertical ? from.x === to.x : from.y === to.y
  const isFirst = through.includes(0)
  if (isLevel) return 1
  return isFirst === vertical ? -1 : 1
}

/** A partial derivative at a line: highlighted together with its factor in the equations. */
function FactorLine({ factor, from, to, through, share, outer, startGap, light }: FactorLineProps) {
  const [start, end] = ends(from, to, startGap)
  const text = besideLine(start, end, share, outer)
  const lit = light.lit === factor.id
  return (
    <g
      class={lit ? 'factor lit' : 'factor'}
      tabIndex={0}
      role="img"
      aria-label={wordsFor(factor)}
      data-factor={factor.id}
      {...pointing(factor.id, light)}
    >
      <path class="hit" d={`M${start.x} ${start.y} L${end.x} ${end.y}`} />
      <Strokes from={start} to={end} through={through} />
      <text class="number" x={text.x} y={text.y + 4} text-anchor={text.anchor}>
        {legible(factor.value)}
      </text>
    </g>
  )
}

interface FactorLineProps {
  factor: Factor
  from: Spot
  to: Spot
  through: readonly number[]
  /** Where on the line its number is, 0 to 1, and on which side: 1 is on the left when looking along the line. */
  share: number
  outer: 1 | -1
  startGap?: number
  light: Light
}

/** The expanded graph: lines in the colours of the highlighted paths, with the partial derivatives as numbers. */
export function GraphDrawing(props: DrawingProps) {
  const { graph, placement, paths, parameter, badges = [], label, chooseEdge, lit, light } = props
  const { width, height, spots } = placement
  const through = (id: string) => paths.flatMap((path, i) => (path.some((factor) => factor.id === id) ? [i] : []))
  const plain: JSX.Element[] = []
  const highlighted: JSX.Element[] = []
  for (const edge of graph.edges) {
    const [from, to] = [spots.get(edge.from)!, spots.get(edge.to)!]
    const indices = through(edge.id)
    const isWeight = edge.to.startsWith('z')
    if (indices.length > 0) {
      const line = {
        factor: edge,
        from,
        to,
        through: indices,
        share: isWeight ? 0.42 : 0.46,
        outer: outerSide(from, to, placement, indices),
        light: { lit, light },
      }
      highlighted.push(<FactorLine key={edge.id} {...line} />)
      continue
    }
    const [start, end] = ends(from, to)
    const d = `M${start.x} ${start.y} L${end.x} ${end.y}`
    plain.push(
      <g
        key={edge.id}
        class={isWeight && chooseEdge ? 'plain choosable' : 'plain'}
        onClick={() => {
          if (isWeight) chooseEdge?.(edge)
        }}
      >
        <path class="line" d={d} />
        <path class="hit" d={d} />
      </g>,
    )
  }
  const box = parameter && spotOfParameter(placement, parameter.z, parameter.input)
  const first = paths[0]?.find(({ id }) => id === PARAMETER)
  const used = new Set(paths.flat().flatMap(({ id }) => id.split('>')))
  return (
    <svg class="chain-graph" viewBox={`0 0 ${width} ${height}`} role="group" aria-label={label}>
      {plain}
      {highlighted}
      {parameter && box && first && (
        <FactorLine
          factor={first}
          from={box}
          to={spots.get(parameter.z)!}
          through={paths.map((_, i) => i)}
          share={0.5}
          outer={outerSide(box, spots.get(parameter.z)!, placement, [0])}
          startGap={parameter.input === undefined ? 18 : 26}
          light={{ lit, light }}
        />
      )}
      {graph.nodes.map((node) => (
        <Node
          key={node.id}
          node={node}
          spot={spots.get(node.id)!}
          light={{ lit, light }}
          tone={used.size === 0 || used.has(node.id) ? 'used' : 'unused'}
        />
      ))}
      {badges.map((badge) => (
        <BadgeBox key={badge.id} badge={badge} spot={spotOfBadge(placement, badge.node)} light={{ lit, light }} />
      ))}
      {parameter && box && <ParameterBox parameter={parameter} spot={box} />}
    </svg>
  )
}
