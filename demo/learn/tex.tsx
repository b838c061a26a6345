import katex from 'katex'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import 'katex/dist/katex.min.css'

/** Typesets TeX into an element, with MathML for screen readers. DOM nodes instead of HTML comply with any style policy. */
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

/** A display formula. A formula that is too wide scrolls horizontally, and only then its box can receive the focus. */
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
      {...(wide && { tabIndex: 0, role: 'group', 'aria-label': `${label}, scrolls horizontally` })}
    >
      <span class="formula" ref={formula} />
    </div>
  )
}
