import { short, formatNumber } from './formulas.ts'
import type { TrainingStep } from './lesson.ts'
import { type Highlight, type Stage, stages } from './backpropagation.ts'

const RADIUS = 30
const LINE = 17
const columns = [36, 180, 324] as const
const rows = [96, 236] as const
const SUBSCRIPTS = ['₁', '₂'] as const

/** Whether a value has been computed at this stage; `title` is the stage that computes it. */
const known = (stage: number, title: Stage['name']) => stage >= stages.findIndex(({ name }) => name === title)

/** The line of the weight from neuron j to neuron i, drawn in the direction of the computation. */
function Edge({ layer, i, j, highlighted, direction, value }: EdgeProps) {
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
    <g class={highlighted ? 'edge highlighted' : 'edge'}>
      <path d={path} {...(highlighted && direction && { 'marker-end': 'url(#learn-tip)' })} />
      {highlighted && direction && <path class="flow" d={path} />}
      {/* The label of a horizontal line is above it; that of a diagonal line is where no other line crosses it. */}
      <text
        x={x1 + (i === j ? 0.5 : 0.32) * (x2 - x1)}
        y={y1 + 0.32 * (y2 - y1) + (i === j ? -7 : 4)}
        text-anchor="middle"
      >
        {formatNumber(value)}
      </text>
    </g>
  )
}

interface EdgeProps {
  layer: 0 | 1
  i: 0 | 1
  j: 0 | 1
  highlighted: boolean
  direction: Highlight['direction']
  value: number
}

/** A neuron with its activation, and further values, one per line, above or below the neuron. */
function Neuron({ column, i, highlighted, name, value, more }: NeuronProps) {
  const [x, y] = [columns[column], rows[i]]
  const first = i === 0 ? y - RADIUS - 9 - LINE * (more.length - 1) : y + RADIUS + 19
  return (
    <g class={highlighted ? 'unit highlighted' : 'unit'}>
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
  highlighted: boolean
  name: string
  value: string
  more: readonly string[]
}

/** The values at the edges: the current weights, their gradients, or the new weights. */
const shown = ({ layers, gradients, after }: TrainingStep, edges: Stage['edges']) =>
  edges === 'weights' ? layers : edges === 'gradients' ? gradients : after

function Computed({ step, stage, layer, i }: { step: TrainingStep; stage: number; layer: 0 | 1; i: 0 | 1 }) {
  const { highlight, edges } = stages[stage]!
  const isComputed = known(stage, layer === 0 ? 'Hidden layer' : 'Output layer')
  const { z, a } = step.outputs[layer]
  const bias = formatNumber(shown(step, edges)[layer].biases[i])
  const more = [edges === 'gradients' ? `∂C/∂b = ${bias}` : `b = ${bias}`]
  if (isComputed) more.push(`z = ${formatNumber(z[i])}`)
  if (known(stage, layer === 0 ? 'Hidden delta' : 'Output delta'))
    more.push(`δ = ${formatNumber(step.deltas[layer][i])}`)
  return (
    <Neuron
      column={layer === 0 ? 1 : 2}
      i={i}
      highlighted={Boolean(layer === 0 ? highlight.hidden : highlight.outputs)}
      name={`a${layer === 0 ? '¹' : '²'}${SUBSCRIPTS[i]}`}
      value={isComputed ? formatNumber(a[i]) : '?'}
      more={more}
    />
  )
}

const pair = [0, 1] as const

const legends: Record<Stage['edges'], string> = {
  weights: 'The lines show the weights w.',
  gradients: 'The lines show ∂C/∂w of each weight.',
  'new weights': 'The lines show the new weights, the neurons the new biases.',
}

const directions = { forward: 'forward →', backward: '← backward' }

/** The 2-2-2 network. The parts that the stage uses are highlighted; arrows show the direction of the computation. */
export function NetworkDrawing({ step, stage }: { step: TrainingStep; stage: number }) {
  const { highlight, edges, title } = stages[stage]!
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
                highlighted={Boolean(layer === 0 ? highlight.first : highlight.second)}
                direction={highlight.direction}
                value={shown(step, edges)[layer].weights[i][j]}
              />
            )),
          ),
        )}
        {pair.map((i) => (
          <g key={i}>
            <Neuron
              column={0}
              i={i}
              highlighted={Boolean(highlight.inputs)}
              name={`x${SUBSCRIPTS[i]}`}
              value={short(step.sample.x[i])}
              more={[]}
            />
            <Computed step={step} stage={stage} layer={0} i={i} />
            <Computed step={step} stage={stage} layer={1} i={i} />
            <text class="target" x={columns[2] + RADIUS + 5} y={rows[i] + 5}>
              {`y${SUBSCRIPTS[i]} = ${short(step.sample.y[i])}`}
            </text>
          </g>
        ))}
      </svg>
      <figcaption class="hint">
        {legends[edges]} {highlight.direction && <b>{directions[highlight.direction]}</b>}
      </figcaption>
    </figure>
  )
}
