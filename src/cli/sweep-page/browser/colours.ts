import { interpolateRgbBasis } from 'd3-interpolate'
import { computed, signal } from '@preact/signals'
import { quantile, sortedScores } from './axes.ts'
import { run } from './run.ts'

const darkScheme = matchMedia('(prefers-color-scheme: dark)')
export const isDark = signal(darkScheme.matches)
darkScheme.addEventListener('change', ({ matches }) => {
  isDark.value = matches
})

/** One hue: what is better differs more from the background. People with any colour vision see the same order. */
const ramps = {
  light: interpolateRgbBasis(['#c3d9ee', '#7db3da', '#2f7fc1', '#114a8f', '#082a5c']),
  dark: interpolateRgbBasis(['#2b4057', '#34638f', '#4a8ec6', '#7fbcef', '#c3e2fc']),
}
const STEPS = 48
const stepsOf = (ramp: (share: number) => string) => Array.from({ length: STEPS }, (_, i) => ramp(i / (STEPS - 1)))
const scales = { light: stepsOf(ramps.light), dark: stepsOf(ramps.dark) }

/** The scores with the first and the last colour; the worst twentieth has the first one, so that others differ more. */
export const lowest = quantile(0.05)
export const highest = sortedScores.at(-1) ?? 1
export const isCut = (sortedScores[0] ?? 0) < lowest

/** The colours of the lines of networks. */
export interface LineColours {
  /** From the worst score to the best. */
  readonly steps: readonly string[]
  readonly diverged: string
  /** Of networks that the filters exclude. */
  readonly behind: string
  readonly highlight: string
  /** Around the highlighted line. */
  readonly border: string
}

export const lineColours = computed((): LineColours => {
  const steps = isDark.value ? scales.dark : scales.light
  const style = getComputedStyle(document.documentElement)
  const named = (name: string) => style.getPropertyValue(name).trim()
  const [diverged, behind, highlight, border] = ['--diverged', '--line', '--accent', '--card'].map(named) as [string, string, string, string] // prettier-ignore
  return { steps, diverged, behind, highlight, border }
})

/** The colours from the worst score to the best. */
export const colourSteps = () => lineColours.value.steps

/** The place of a score's colour. */
export function stepOf(score: number): number {
  const share = highest > lowest ? (score - lowest) / (highest - lowest) : 1
  return Math.round((STEPS - 1) * Math.max(0, Math.min(1, share)))
}

/** A colour for text that can be read on the colour of a score. */
export function inkOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((value) => {
    const share = Number(value) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff'
}

/** The colour of one of the best networks among each other; lighter on a dark background. */
export function curveColour(place: number): string {
  const colour = run.palette[place % run.palette.length]!
  return `rgb(${colour.map((value) => (isDark.value ? Math.round(value + (255 - value) * 0.3) : value)).join(' ')})`
}
