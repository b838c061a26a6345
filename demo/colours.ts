import { signal } from '@preact/signals'

export type Colour = readonly [red: number, green: number, blue: number]

/**
 * Two classes as two ends of a scale that people with any kind of colour vision tell apart: blue and orange, which differ
 * in lightness too; what lies between them is the page's own ground.
 */
export interface Palette {
  low: Colour
  middle: Colour
  high: Colour
  inkColour: Colour
  ink: string
}

export const css = ([r, g, b]: Colour) => `rgb(${r} ${g} ${b})`

/** The colour so far (0 to 1) from one to the other. */
export const mixed = (from: Colour, to: Colour, t: number): Colour =>
  [0, 1, 2].map((i) => Math.round(from[i]! + (to[i]! - from[i]!) * t)) as unknown as Colour

const make = (low: Colour, middle: Colour, high: Colour, ink: Colour): Palette => ({
  low,
  middle,
  high,
  inkColour: ink,
  ink: css(ink),
})
const light = make([33, 102, 172], [247, 247, 247], [217, 95, 14], [28, 36, 48])
const dark = make([67, 147, 214], [30, 34, 42], [244, 140, 62], [232, 236, 242])

/** The same scale, paler, as a ground that points of these colours stand out on. */
const paler = ({ low, middle, high, inkColour }: Palette) =>
  make(mixed(middle, low, 0.55), middle, mixed(middle, high, 0.55), inkColour)
const pales = new Map([
  [light, paler(light)],
  [dark, paler(dark)],
])

const darkness = matchMedia('(prefers-color-scheme: dark)')

export type Theme = 'system' | 'light' | 'dark'
/** What the reader chose; as the system has it, unless told. */
export const theme = signal<Theme>('system')
const systemIsDark = signal(darkness.matches)
darkness.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches
})

export function setTheme(chosen: Theme): void {
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
  theme.value = chosen
}

/** The colours as they are now; what reads them in a component is drawn anew when they change. */
export function palette(): Palette {
  const isDark = theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'
  return isDark ? dark : light
}

export const pale = (colours: Palette): Palette => pales.get(colours) ?? colours

/** The colour of a value from 0 (low) over 0.5 (middle) to 1 (high). */
export function colourOf(share: number, { low, middle, high }: Palette): Colour {
  const s = Math.min(1, Math.max(0, share))
  return s < 0.5 ? mixed(low, middle, 2 * s) : mixed(middle, high, 2 * s - 1)
}

/** Several classes: hues that stay apart for colour-blind people (Okabe and Ito's set). */
export const classColours: readonly Colour[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [150, 140, 30],
  [110, 110, 110],
]
