/**
 * Two classes as two ends of a scale that people with any kind of colour vision tell apart: blue and orange, which differ
 * in lightness too; what lies between them is the page's own ground.
 */
export interface Palette {
  low: readonly [number, number, number]
  middle: readonly [number, number, number]
  high: readonly [number, number, number]
  ink: string
}

const light: Palette = { low: [33, 102, 172], middle: [247, 247, 247], high: [217, 95, 14], ink: '#1c2430' }
const dark: Palette = { low: [67, 147, 214], middle: [30, 34, 42], high: [244, 140, 62], ink: '#e8ecf2' }

const darkness = matchMedia('(prefers-color-scheme: dark)')

export const isDark = () => {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === 'dark' : darkness.matches
}

/** The same scale, paler, as a ground that points of these colours stand out on. */
export function pale({ low, middle, high, ink }: Palette): Palette {
  const mix = (end: Palette['low']) =>
    end.map((value, i) => 0.55 * value + 0.45 * middle[i]!) as unknown as Palette['low']
  return { low: mix(low), middle, high: mix(high), ink }
}

export const palette = (): Palette => (isDark() ? dark : light)

/** The colour of a value from 0 (low) over 0.5 (middle) to 1 (high). */
export function colourOf(share: number, { low, middle, high }: Palette): [number, number, number] {
  const s = Math.min(1, Math.max(0, share))
  const [from, to, t] = s < 0.5 ? [low, middle, 2 * s] : [middle, high, 2 * s - 1]
  return [0, 1, 2].map((i) => Math.round(from[i]! + (to[i]! - from[i]!) * t)) as [number, number, number]
}

export const css = ([r, g, b]: readonly [number, number, number]) => `rgb(${r} ${g} ${b})`

/** Several classes: hues that stay apart for colour-blind people (Okabe and Ito's set). */
export const classColours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#666666']
