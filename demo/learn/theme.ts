import { useEffect, useState } from 'preact/hooks'
import { type Palette, palette } from '../colours.ts'

/** The page's colours, anew when the reader turns from light to dark. */
export function usePalette(): Palette {
  const [colours, setColours] = useState(palette)
  useEffect(() => {
    const changed = () => {
      setColours(palette())
    }
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', changed)
    const chosen = new MutationObserver(changed)
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      system.removeEventListener('change', changed)
      chosen.disconnect()
    }
  }, [])
  return colours
}
