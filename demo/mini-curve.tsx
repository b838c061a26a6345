import { nearestPoint } from './history.ts'
import { formatNumber } from './numbers.ts'
import { history, progress } from './state.ts'
import './curves.css'

const [WIDTH, HEIGHT, MARGIN] = [110, 40, 4]
/** More points than pixels would not be visible. */
const MOST = 110

/** The loss over the epochs in a small picture: training as a solid line, test as a dashed line, a dot where one is. */
export function MiniCurve() {
  const all = history.value
  const stride = Math.ceil(all.length / MOST)
  const points = all.filter((_, i) => (all.length - 1 - i) % stride === 0)
  const last = points.at(-1)
  const now = points[nearestPoint(points, progress.value?.epoch ?? 0)]
  const losses = points.flatMap(({ trainLoss, testLoss }) => (testLoss === null ? [trainLoss] : [trainLoss, testLoss]))
  const highest = Math.max(...losses.filter(Number.isFinite), 1e-12)
  const x = (epoch: number) => MARGIN + ((WIDTH - 2 * MARGIN) * epoch) / (last?.epoch || 1)
  const y = (loss: number) => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * Math.min(loss, highest)) / highest
  const line = (loss: 'trainLoss' | 'testLoss') =>
    points
      .filter((point) => Number.isFinite(point[loss] ?? NaN))
      .map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.epoch).toFixed(1)} ${y(point[loss]!).toFixed(1)}`)
      .join('')
  const text = last
    ? `Loss over the epochs: ${formatNumber(points[0]!.trainLoss)} at first, ${formatNumber((now ?? last).trainLoss)} now`
    : 'Loss over the epochs'
  return (
    <svg class="mini-curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
      <title>{text}</title>
      <path class="mini-curve-axis" d={`M${MARGIN} ${HEIGHT - MARGIN}H${WIDTH - MARGIN}`} />
      <path d={line('testLoss')} stroke-dasharray="3 2" />
      <path d={line('trainLoss')} />
      {now && <circle cx={x(now.epoch)} cy={y(now.trainLoss)} r="2.5" />}
    </svg>
  )
}
