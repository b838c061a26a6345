import { short, told } from './formulas.ts'
import type { Walk } from './lesson.ts'
import { type Lit, type Stage, stages } from './stages.ts'

const RADIUS = 30
const LINE = 17
const columns = [36, 180, 324] as const
const rows = [96, 236] as const
const SUBSCRIPTS = ['₁', '₂'] as const

/** From which stage on a value is known. */
const known = (stage: number, title: Stage['name']) => stage >= stages.findIndex(({ name }) => name === title)

/** A weight's line from neuron j to neuron i, drawn in the direction in which the stage goes. */
function Edge({ layer, i, j, lit, direction, value }: EdgeProps) {
  const [x1, y1, x2, y2] = [columns[layer], rows[j], columns[layer + 1]!, rows[i]]
  const length = Math.hypot(x2 - x1, y2 - y1)
  const [dx, dy] = [((x2 - x1) / length) * (RADIUS + 3), ((y2 - y1) / length) * (RADIUS + 3)]
  const ends = [
    [x1 + dx, y1 + dy],
    [x2 - dx, y2 - dy],
  ] as const
  const [from, to] = direction === 'backward' ? [ends[1], ends[0]] : ends
  const path = `M${from.join(' ')} L${to.join(' ')}`
  return (
    <g class={lit ? 'edge lit' : 'edge'}>
      <path d={path} {...(lit && direction && { 'marker-end': 'url(#learn-tip)' })} />
      {lit && direction && <path class="flow" d={path} />}
      {/* A level line carries its weight above it; a sloping one where it has left the neuron and not met another. */}
      <text
        x={x1 + (i === j ? 0.5 : 0.32) * (x2 - x1)}
        y={y1 + 0.32 * (y2 - y1) + (i === j ? -7 : 4)}
        text-anchor="middle"
      >
        {told(value)}
      </text>
    </g>
  )
}

interface EdgeProps {
  layer: 0 | 1
  i: 0 | 1
  j: 0 | 1
  lit: boolean
  direction: Lit['direction']
  value: number
}

/** A neuron with its activation, and what else is known of it, line by line on the side that is free of edges. */
function Neuron({ column, i, lit, name, value, more }: NeuronProps) {
  const [x, y] = [columns[column], rows[i]]
  const first = i === 0 ? y - RADIUS - 9 - LINE * (more.length - 1) : y + RADIUS + 19
  return (
    <g class={lit ? 'unit lit' : 'unit'}>
      <circle cx={x} cy={y} r={RADIUS} />
      <text class="name" x={x} y={y - 8} text-anchor="middle">
        {name}
      </text>
      <text class="value" x={x} y={y + 12} text-anchor="middle">
        {value}
      </text>
      {more.map((text, line) => (
        <text
          key={line}
          class={text.startsWith('δ') ? 'delta' : undefined}
          x={x}
          y={first + LINE * line}
          text-anchor="middle"
        >
          {text}
        </text>
      ))}
    </g>
  )
}

interface NeuronProps {
  column: 0 | 1 | 2
  i: 0 | 1
  lit: boolean
  name: string
  value: string
  more: readonly string[]
}

/** The parameters that the stage shows: as they are, as they will be, or how the cost changes with them. */
const shown = ({ layers, gradients, after }: Walk, edges: Stage['edges']) =>
  edges === 'weights' ? layers : edges === 'gradients' ? gradients : after

function Computed({ walk, stage, layer, i }: { walk: Walk; stage: number; layer: 0 | 1; i: 0 | 1 }) {
  const { lit, edges } = stages[stage]!
  const answered = known(stage, layer === 0 ? 'Hidden layer' : 'Output layer')
  const { z, a } = walk.answers[layer]
  const bias = told(shown(walk, edges)[layer].biases[i])
  const more = [edges === 'gradients' ? `∂C/∂b = ${bias}` : `b = ${bias}`]
  if (answered) more.push(`z = ${told(z[i])}`)
  if (known(stage, layer === 0 ? 'Hidden delta' : 'Output delta')) more.push(`δ = ${told(walk.deltas[layer][i])}`)
  return (
    <Neuron
      column={layer === 0 ? 1 : 2}
      i={i}
      lit={Boolean(layer === 0 ? lit.hidden : lit.outputs)}
      name={`a${layer === 0 ? '¹' : '²'}${SUBSCRIPTS[i]}`}
      value={answered ? told(a[i]) : '?'}
      more={more}
    />
  )
}

const pair = [0, 1] as const

const legends: Record<Stage['edges'], string> = {
  weights: 'At the lines: the weights w.',
  gradients: 'At the lines: ∂C/∂w of each weight.',
  'new weights': 'At the lines the new weights, at the neurons the new biases.',
}

const directions = { forward: 'forward →', backward: '← backward' }

/** The 2-2-2 network; what the stage uses is lit, with an arrow in the direction in which it is computed. */
export function NetworkDrawing({ walk, stage }: { walk: Walk; stage: number }) {
  const { lit, edges, title } = stages[stage]!
  return (
    <figure class="network-drawing">
      <svg viewBox="0 0 402 332" role="img" aria-label={`The 2-2-2 network at the stage “${title}”`}>
        <defs>
          <marker id="learn-tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="4" markerHeight="4" orient="auto">
            <path d="M0 0 L8 4 L0 8 Z" />
          </marker>
        </defs>
        {pair.map((layer) =>
          pair.map((i) =>
            pair.map((j) => (
              <Edge
                key={`${layer}${i}${j}`}
                layer={layer}
                i={i}
                j={j}
                lit={Boolean(layer === 0 ? lit.first : lit.second)}
                direction={lit.direction}
                value={shown(walk, edges)[layer].weights[i][j]}
              />
            )),
          ),
        )}
        {pair.map((i) => (
          <g key={i}>
            <Neuron
              column={0}
              i={i}
              lit={Boolean(lit.inputs)}
              name={`x${SUBSCRIPTS[i]}`}
              value={short(walk.sample.x[i])}
              more={[]}
            />
            <Computed walk={walk} stage={stage} layer={0} i={i} />
            <Computed walk={walk} stage={stage} layer={1} i={i} />
            <text class="target" x={columns[2] + RADIUS + 5} y={rows[i] + 5}>
              {`y${SUBSCRIPTS[i]} = ${short(walk.sample.y[i])}`}
            </text>
          </g>
        ))}
      </svg>
      <figcaption class="hint">
        {legends[edges]} {lit.direction && <b>{directions[lit.direction]}</b>}
      </figcaption>
    </figure>
  )
}
