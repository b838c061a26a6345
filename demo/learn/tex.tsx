import katex from 'katex'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import 'katex/dist/katex.min.css'

/** Typesets into an element; as MathML too, for screen readers. Nodes and not HTML, so no policy on styles is in its way. */
function useTypeset(tex: string, displayMode: boolean) {
  const element = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    if (element.current)
      katex.render(tex, element.current, { displayMode, output: 'htmlAndMathml', throwOnError: false, trust: false })
  }, [tex, displayMode])
  return element
}

/** A formula within a sentence. */
export function Inline({ tex }: { tex: string }) {
  return <span ref={useTypeset(tex, false)} />
}

/** A formula of its own. One that is too wide scrolls in its box, which the keyboard reaches only then. */
export function Tex({ tex, label }: { tex: string; label: string }) {
  const box = useRef<HTMLDivElement>(null)
  const formula = useTypeset(tex, true)
  const [wide, setWide] = useState(false)
  useLayoutEffect(() => {
    const { current } = box
    const inner = formula.current
    if (!current || !inner) return
    const watch = new ResizeObserver(() => {
      setWide(current.scrollWidth > current.clientWidth)
    })
    watch.observe(current)
    watch.observe(inner)
    return () => {
      watch.disconnect()
    }
  }, [formula])
  return (
    <div
      class="tex"
      ref={box}
      {...(wide && { tabIndex: 0, role: 'group', 'aria-label': `${label}, scrolls sideways` })}
    >
      <span class="formula" ref={formula} />
    </div>
  )
}
