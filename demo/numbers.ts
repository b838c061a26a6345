/** Three significant digits with a typographic minus: 0.4321 → '0.432', 0.00000714 → '7.14e−6', 5.48e10 → '5.48e10'. */
export function formatNumber(value: number): string {
  const size = Math.abs(value)
  const isExtreme = value !== 0 && (size < 1e-4 || size >= 1e9)
  const text = isExtreme ? value.toExponential(2).replace('+', '') : Number(value.toPrecision(3)).toString()
  return text.replaceAll('-', '−')
}

/** A number at an axis, in at most six characters. */
export const formatTick = (value: number): string =>
  Math.abs(value) < 1e4
    ? formatNumber(value)
    : value.toExponential(1).replace('.0', '').replace('+', '').replace('-', '−')

/** A score, at most 1: three decimals; fewer digits of those far below 0, which R² has after a divergence. */
export const formatScore = (score: number) =>
  Math.abs(score) < 1000 ? score.toFixed(3).replace('-', '−') : formatNumber(score)

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`

export const perSecond = (value: number) =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} million` : Math.round(value).toLocaleString('en')

/** A rate in few characters: 950, 12 k, 1.1 M. */
export const shortRate = (value: number) =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(1)} M`
    : value >= 1e4
      ? `${Math.round(value / 1e3)} k`
      : `${Math.round(value)}`
