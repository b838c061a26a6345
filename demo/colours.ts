import { signal } from '@preact/signals'

export type Colour = readonly [red: number, green: number, blue: number]

/**
 * The colour scale between two classes. Blue and orange differ in lightness too, so people with colour vision deficiency
 * can distinguish them; the middle of the scale is the background colour of the page.
 */
export interface Palette {
  low: Colour
  middle: Colour
  high: Colour
  inkColour: Colour
  ink: string
}

export const css = ([r, g, b]: Colour) => `rgb(${r} ${g} ${b})`

/** Linear interpolation between two colours; t is 0 to 1. */
export const mix = (from: Colour, to: Colour, t: number): Colour =>
  [0, 1, 2].map((i) => Math.round(from[i]! + (to[i]! - from[i]!) * t)) as unknown as Colour

const makePalette = (low: Colour, middle: Colour, high: Colour, ink: Colour): Palette => ({
  low,
  middle,
  high,
  inkColour: ink,
  ink: css(ink),
})
const light = makePalette([33, 102, 172], [247, 247, 247], [217, 95, 14], [28, 36, 48])
const dark = makePalette([67, 147, 214], [30, 34, 42], [244, 140, 62], [232, 236, 242])

/** A paler version of the scale, used as a background so that points in the full colours remain visible. */
const paler = ({ low, middle, high, inkColour }: Palette) =>
  makePalette(mix(middle, low, 0.55), middle, mix(middle, high, 0.55), inkColour)
const pales = new Map([
  [light, paler(light)],
  [dark, paler(dark)],
])

const darkScheme = matchMedia('(prefers-color-scheme: dark)')

export type Theme = 'system' | 'light' | 'dark'

/** Where the browser keeps the theme; a browser may forbid pages to keep anything. */
const THEME_KEY = 'webgpu-mlp theme'
function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(THEME_KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}

/** The colour theme that the user chose. */
export const theme = signal<Theme>(keptTheme())
showTheme(theme.value)
const systemIsDark = signal(darkScheme.matches)
darkScheme.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches
})

function showTheme(chosen: Theme): void {
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}

/** Uses a theme from now on, also after the page is loaded again. */
export function setTheme(chosen: Theme): void {
  showTheme(chosen)
  theme.value = chosen
  try {
    localStorage.setItem(THEME_KEY, chosen)
  } catch {
    // The theme is lost when the page is closed.
  }
}

/** The current colours. A component that calls this function renders again when the theme changes. */
export function palette(): Palette {
  const isDark = theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'
  return isDark ? dark : light
}

export const pale = (colours: Palette): Palette => pales.get(colours) ?? colours

/** The colour of a value from 0 (low) over 0.5 (middle) to 1 (high). */
export function colourOf(share: number, { low, middle, high }: Palette): Colour {
  const s = Math.min(1, Math.max(0, share))
  return s < 0.5 ? mix(low, middle, 2 * s) : mix(middle, high, 2 * s - 1)
}

/** Colours for more than two classes, distinguishable with colour vision deficiency (based on Okabe and Ito's palette). */
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
