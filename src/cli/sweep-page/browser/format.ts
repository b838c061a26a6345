import { run } from './run.ts'

/** A whole number with its thousands separated. */
export const count = (value: number) => value.toLocaleString('en-US')

/** Four significant digits; a minus sign, not a hyphen. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 10_000 && size < 1e9) return count(Math.round(value))
  return String(Number(value.toPrecision(4))).replace('-', '−')
}

/** As {@link decimal}, with zeros at its end, so that numbers below one another have the same number of digits. */
export function allDigits(value: number): string {
  const size = Math.abs(value)
  return size >= 1e-4 && size < 10_000 ? value.toPrecision(4).replace('-', '−') : decimal(value)
}

/** 96.2 %, or for R² 0.9800. */
export function textOfScore(score: number | null | undefined): string {
  if (score == null || !Number.isFinite(score)) return '–'
  const { decimals } = run.score
  if (decimals === null) {
    const text = score.toFixed(4)
    if (Number(text) === 0) return '0.0000'
    return Math.abs(score) < 10 ? text.replace('-', '−') : decimal(score)
  }
  return `${(100 * score).toFixed(decimals)} %`
}

/** For ticks of axes: 90 %, 92.5 %. */
export const shortScore = (score: number) =>
  run.score.decimals === null ? decimal(score) : `${Number((100 * score).toFixed(2))} %`

export const networksText = (number: number) => `${count(number)} ${number === 1 ? 'network' : 'networks'}`
