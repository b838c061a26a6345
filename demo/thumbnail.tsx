import { useEffect, useRef } from 'preact/hooks'
import { circle, type Dataset, digits, linear, moons, spirals, xor } from '../src/index.ts'
import { colourOf, css, palette } from './colours.ts'
import { classColour, drawMark, paintPicture } from './drawing.ts'
import { initialPoints } from './points.ts'
import type { ProblemName } from './settings.ts'

/** Points in a thumbnail, and its width in pixels of the canvas. */
const POINTS = 110
const SIDE = 112

const makers: Partial<Record<ProblemName, (options: { samples: number; seed: number }) => Dataset>> = {
  circle,
  linear,
  xor,
  moons,
  spirals,
}

/** A small picture of the data of a built-in problem. */
export function Thumbnail({ problem }: { problem: Exclude<ProblemName, 'file'> }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = palette()
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    if (problem === 'digits') {
      const { inputs } = digits({ samples: 4, seed: 3 })
      paintPicture(context.canvas, inputs.data.subarray(0, 784), 28, colours)
      return
    }
    context.clearRect(0, 0, SIDE, SIDE)
    context.strokeStyle = css(colours.middle)
    for (const { x, y, fill, shape } of marksOf(problem)) {
      context.fillStyle =
        typeof fill === 'number' ? css(colourOf(fill, colours)) : classColour(Number(fill), 2, colours)
      drawMark(context, x * SIDE, y * SIDE, problem === 'own' ? 7 : 3.4, shape)
    }
  }, [problem, colours])
  return <canvas class="thumbnail" ref={canvas} width={SIDE} height={SIDE} aria-hidden="true" />
}

/** A mark: its place as fractions from the top left, and a share of the colour scale or whether it is of the second class. */
interface Mark {
  x: number
  y: number
  fill: number | boolean
  shape: number
}

function marksOf(problem: ProblemName): Mark[] {
  if (problem === 'own') {
    return initialPoints.map(({ x, y, second }) => ({
      x: (x + 1) / 2,
      y: (1 - y) / 2,
      fill: second,
      shape: Number(second),
    }))
  }
  if (problem === 'hills') {
    const side = 11
    return Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side]
      const height = Math.sin(3 * (2 * x - 1)) * Math.cos(2 * (1 - 2 * y))
      return { x, y, fill: (height + 1) / 2, shape: 0 }
    })
  }
  const { inputs, targets } = makers[problem]!({ samples: POINTS, seed: 2 })
  const columns = [0, 1].map((j) => Array.from({ length: POINTS }, (_, i) => inputs.data[2 * i + j]!))
  const bounds = columns.map((values) => [Math.min(...values), Math.max(...values)] as const)
  const place = (j: number, i: number) =>
    0.04 + (0.92 * (columns[j]![i]! - bounds[j]![0])) / (bounds[j]![1] - bounds[j]![0])
  return Array.from({ length: POINTS }, (_, i) => {
    const second = targets.cols === 1 ? targets.data[i]! > 0.5 : targets.data[2 * i + 1]! > 0.5
    return { x: place(0, i), y: 1 - place(1, i), fill: second, shape: Number(second) }
  })
}
