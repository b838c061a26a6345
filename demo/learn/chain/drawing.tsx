import type { JSX } from 'preact'
import { legible } from '../formulas.ts'
import type { Factor, Graph, GraphEdge, GraphNode, Name } from './graph.ts'
import { PARAMETER } from './paths.ts'
import { type Placement, RADIUS, type Spot, spotOfParameter } from './place.ts'

/** What the equations and the drawing show together: the factor that the user points at, and how to change it. */
export interface Light {
  readonly lit: string | undefined
  readonly light: (id: string | undefined) => void
}

/** The weight or bias whose derivative is computed. */
export interface ShownParameter {
  readonly name: Name
  readonly value: number
  readonly z: string
  readonly input: string | undefined
}

/** A δ beside its z. */
export interface Badge {
  readonly id: string
  readonly node: string
  readonly name: Name
  readonly value: number
}

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

/** Pointing at an element or moving the focus to it highlights the factor in drawing and equations. */
export const pointing = (id: string, { light }: Light) => ({
  onPointerEnter: () => {
    light(id)
  },
  onPointerLeave: () => {
    light(undefined)
  },
  onFocus: () => {
    light(id)
  },
  onBlur: () => {
    light(undefined)
  },
})

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

/** The distance of a number from its line. */
const NUMBER_OFFSET = 13

/** A partial derivative at a line: highlighted together with its factor in the equations. */
function FactorLine({ factor, from, to, through, share, startGap, light }: FactorLineProps) {
  const [start, end] = ends(from, to, startGap)
  // Beside the line, and above it where it is level.
  const side = end.x >= start.x ? -1 : 1
  const text = between(start, end, share, side * NUMBER_OFFSET)
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
      <text class="number" x={text.x} y={text.y + 4} text-anchor="middle">
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
  /** Where on the line its number is, 0 to 1. */
  share: number
  startGap?: number
  light: Light
}

function Node({ node: { id, name, value }, spot: { x, y }, light, tone }: NodeProps) {
  return (
    <g
      class={`node ${tone} ${light.lit === id ? 'lit' : ''}`}
      data-factor={id}
      role="img"
      aria-label={`${name.text} = ${legible(value)}`}
      {...pointing(id, light)}
    >
      <circle cx={x} cy={y} r={RADIUS} />
      <text class="name" x={x} y={y - 4} text-anchor="middle">
        {name.text}
      </text>
      <text class="value" x={x} y={y + 12} text-anchor="middle">
        {brief(value)}
      </text>
    </g>
  )
}

interface NodeProps {
  node: GraphNode
  spot: Spot
  light: Light
  /** Whether the node is on a highlighted path. */
  tone: 'used' | 'unused'
}

/** Two decimals, for values inside circles and boxes. */
function brief(value: number): string {
  const text = value.toFixed(2).replace('-', '−')
  return value !== 0 && Number(value.toFixed(2)) === 0 ? '≈ 0' : text
}

/** δ, below its z. */
function BadgeBox({ badge: { id, name, value }, spot: { x, y }, light }: { badge: Badge; spot: Spot; light: Light }) {
  const words = `${name.text} = ${legible(value)}`
  return (
    <g
      class={light.lit === id ? 'badge lit' : 'badge'}
      data-factor={id}
      tabIndex={0}
      role="img"
      aria-label={words}
      {...pointing(id, light)}
    >
      <rect x={x - 46} y={y + RADIUS + 3} width={92} height={21} rx={6} />
      <text x={x} y={y + RADIUS + 18} text-anchor="middle">
        {words}
      </text>
    </g>
  )
}

/** The weight or bias whose derivative is computed: a box on its line, or beside its neuron. */
function ParameterBox({ parameter, spot }: { parameter: ShownParameter; spot: Spot }) {
  return (
    <g class="parameter" role="img" aria-label={`${parameter.name.text} = ${legible(parameter.value)}`}>
      <rect x={spot.x - 25} y={spot.y - 17} width={50} height={34} rx={6} />
      <text class="name" x={spot.x} y={spot.y - 3} text-anchor="middle">
        {parameter.name.text}
      </text>
      <text class="value" x={spot.x} y={spot.y + 11} text-anchor="middle">
        {brief(parameter.value)}
      </text>
    </g>
  )
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
      const line = { factor: edge, from, to, through: indices, share: isWeight ? 0.42 : 0.46, light: { lit, light } }
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
        <BadgeBox key={badge.id} badge={badge} spot={spots.get(badge.node)!} light={{ lit, light }} />
      ))}
      {parameter && box && <ParameterBox parameter={parameter} spot={box} />}
    </svg>
  )
}
