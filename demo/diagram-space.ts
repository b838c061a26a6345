import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Place } from './diagram-layout.ts'
import { inputsColumn } from './inputs.tsx'

/** The space of the diagram, and where its lines begin if the inputs are beside it. */
interface Space {
  width: number
  height: number
  anchors: Place[] | undefined
}

/** The distance of a line from the picture of its input. */
const GAP = 2

/** Where lines begin: at the right edges of the inputs; undefined if the inputs are not to the left of the diagram. */
function anchorsIn(column: HTMLElement | undefined, diagram: DOMRect): Place[] | undefined {
  const inputs = [...(column?.querySelectorAll<HTMLElement>('[data-at]') ?? [])]
  const boxes = inputs.map((input) => (input.querySelector('canvas') ?? input).getBoundingClientRect())
  const isBeside = boxes.length > 0 && boxes.every(({ right }) => right <= diagram.left + 1)
  if (!isBeside) return undefined
  return boxes.map(({ right, top, height }) => ({
    x: Math.round(right + GAP - diagram.left),
    y: Math.round(top + height / 2 - diagram.top),
    side: 0,
  }))
}

/**
 * Measures the space of an element, and again when it or the column of inputs changes its size.
 * @param changed measures again when this value changes
 */
export function useSpace(changed: unknown): { element: RefObject<HTMLDivElement | null>; space: Space | undefined } {
  const element = useRef<HTMLDivElement>(null)
  const [space, setSpace] = useState<Space>()
  const column = inputsColumn.value
  useEffect(() => {
    const diagram = element.current
    if (!diagram) return
    const measure = () => {
      const box = diagram.getBoundingClientRect()
      const next: Space = {
        width: Math.round(box.width),
        // The height that the style sheet gives, not that of the network in it.
        height: Number.parseFloat(getComputedStyle(diagram).getPropertyValue('min-height')) || 260,
        anchors: anchorsIn(column, box),
      }
      setSpace((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(diagram)
    if (column) observer.observe(column)
    return () => {
      observer.disconnect()
    }
  }, [column, changed])
  return { element, space }
}
