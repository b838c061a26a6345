import { legible } from '../formulas.ts'
import type { GraphNode, Name } from './graph.ts'
import { type Light, pointing } from './light.ts'
import { RADIUS, type Spot } from './place.ts'

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

/** A value of the network: a circle. */
export function Node({ node: { id, name, value }, spot: { x, y }, light, tone }: NodeProps) {
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

/** δ, near its z. */
export function BadgeBox({
  badge: { id, name, value },
  spot: { x, y },
  light,
}: {
  badge: Badge
  spot: Spot
  light: Light
}) {
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
      <rect x={x - 46} y={y - 10.5} width={92} height={21} rx={6} />
      <text x={x} y={y + 4.5} text-anchor="middle">
        {words}
      </text>
    </g>
  )
}

/** The weight or bias whose derivative is computed: a box on its line, or beside its neuron. */
export function ParameterBox({ parameter, spot }: { parameter: ShownParameter; spot: Spot }) {
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
