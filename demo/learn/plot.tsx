import { colourOf, css, pale, type Palette } from '../colours.ts'
import { evaluateNeuron, type Point, type SingleNeuron } from './lesson.ts'
import { palette } from '../colours.ts'

const SIDE = 400
const MARGIN = 26
/** The largest visible coordinate. */
const REACH = 1.08
const RADIUS = 6.5

const across = (x: number) => MARGIN + ((x + REACH) / (2 * REACH)) * SIDE
const down = (y: number) => (1 - (y + REACH) / (2 * REACH)) * SIDE
const scale = SIDE / (2 * REACH)

/** The activation over the plane. It changes only along w, so a linear colour gradient from z = −6 to z = 6 shows it. */
function Ground({ neuron, colours }: { neuron: SingleNeuron; colours: Palette }) {
  const [w1, w2] = neuron.weights
  const squared = w1 * w1 + w2 * w2 || 1e-9
  const at = (z: number) => {
    const t = (z - neuron.bias) / squared
    return [across(t * w1), down(t * w2)] as const
  }
  const [[x1, y1], [x2, y2]] = [at(-6), at(6)]
  return (
    <>
      <linearGradient id="learn-ground" gradientUnits="userSpaceOnUse" x1={x1} y1={y1} x2={x2} y2={y2}>
        {Array.from({ length: 25 }, (_, i) => (
          <stop key={i} offset={i / 24} stop-color={css(colourOf(1 / (1 + Math.exp(6 - i / 2)), pale(colours)))} />
        ))}
      </linearGradient>
      <rect x={MARGIN} y={0} width={SIDE} height={SIDE} fill="url(#learn-ground)" />
    </>
  )
}

/** The line w·x + b = 0, and an arrow along w to the side where the activation is above ½. */
function Line({ neuron }: { neuron: SingleNeuron }) {
  const [w1, w2] = neuron.weights
  const length = Math.hypot(w1, w2) || 1e-9
  const [nx, ny] = [w1 / length, w2 / length]
  const [px, py] = [(-neuron.bias / length) * nx, (-neuron.bias / length) * ny]
  const [x, y] = [across(px), down(py)]
  return (
    <g class="boundary" clip-path="url(#learn-window)">
      <line x1={x - 4 * scale * ny} y1={y - 4 * scale * nx} x2={x + 4 * scale * ny} y2={y + 4 * scale * nx} />
      <line x1={x} y1={y} x2={x + 34 * nx} y2={y - 34 * ny} marker-end="url(#learn-arrow)" />
    </g>
  )
}

function Mark({ point: { x, y }, chosen, colours }: { point: Point; chosen: boolean; colours: Palette }) {
  const [cx, cy] = [across(x[0]), down(x[1])]
  const look = { fill: css(y === 1 ? colours.high : colours.low), stroke: css(colours.middle) }
  return (
    <g>
      {chosen && <circle class="chosen" cx={cx} cy={cy} r={2.1 * RADIUS} />}
      {y === 1 ? (
        <rect x={cx - RADIUS} y={cy - RADIUS} width={2 * RADIUS} height={2 * RADIUS} {...look} />
      ) : (
        <circle cx={cx} cy={cy} r={1.1 * RADIUS} {...look} />
      )}
    </g>
  )
}

const signed = (value: number) => (value < 0 ? `−${-value}` : `${value}`)

/** Labels at the ends and the middle of the axes. */
const Ticks = () => (
  <g class="ticks">
    {[-1, 0, 1].map((value) => (
      <g key={value}>
        <text x={across(value)} y={SIDE + 17} text-anchor="middle">
          {value === 0 ? 'x₁' : signed(value)}
        </text>
        <text x={MARGIN - 7} y={down(value) + 4} text-anchor="end">
          {value === 0 ? 'x₂' : signed(value)}
        </text>
      </g>
    ))}
  </g>
)

/** The index of the point nearest to the click. */
function nearest(event: MouseEvent & { currentTarget: SVGSVGElement }, points: readonly Point[]): number {
  const box = event.currentTarget.getBoundingClientRect()
  const ratio = (SIDE + MARGIN) / box.width
  const [x, y] = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio]
  const distance = ({ x: [a, b] }: Point) => Math.hypot(across(a) - x, down(b) - y)
  return points.reduce((best, point, i) => (distance(point) < distance(points[best]!) ? i : best), 0)
}

/** The points, the decision boundary of the neuron, and its activation over the plane. */
export function Plot({
  neuron,
  points,
  chosen,
  choose,
}: {
  neuron: SingleNeuron
  points: readonly Point[]
  chosen: number
  choose: (index: number) => void
}) {
  const colours = palette()
  const side = evaluateNeuron(neuron, [0, 0]).a > 0.5 ? 'square' : 'circle'
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${SIDE + MARGIN} ${SIDE + MARGIN}`}
      role="img"
      aria-label={`${points.length} points and the decision boundary of the neuron, which predicts ${side} in the middle`}
      onClick={(event) => {
        choose(nearest(event, points))
      }}
    >
      <defs>
        <clipPath id="learn-window">
          <rect x={MARGIN} y={0} width={SIDE} height={SIDE} />
        </clipPath>
        <marker id="learn-arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="5" markerHeight="5" orient="auto">
          <path d="M0 0 L8 4 L0 8 Z" />
        </marker>
      </defs>
      <Ground neuron={neuron} colours={colours} />
      <Ticks />
      <Line neuron={neuron} />
      {points.map((point, i) => (
        <Mark key={i} point={point} chosen={i === chosen} colours={colours} />
      ))}
    </svg>
  )
}
