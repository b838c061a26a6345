import { useEffect, useRef } from 'preact/hooks'
import { css, palette } from '../colours.ts'
import { drawMark } from '../drawing.ts'

/** The mark of a class as the plane shows it. */
export function ClassMark({ shape, colour }: { shape: number; colour: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { middle } = palette()
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    context.clearRect(0, 0, 28, 28)
    context.fillStyle = colour
    context.strokeStyle = css(middle)
    context.lineWidth = 1
    drawMark(context, 14, 14, 9, shape)
  }, [shape, colour, middle])
  return <canvas class="class-mark" ref={canvas} width={28} height={28} aria-hidden="true" />
}
