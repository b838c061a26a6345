/** Three significant digits with a typographic minus: 0.4321 → '0.432', 0.00000714 → '7.14e−6'. */
export const formatNumber = (value: number) =>
  (value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(2) : Number(value.toPrecision(3)).toString()).replaceAll(
    '-',
    '−',
  )

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`

export const perSecond = (value: number) =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} million` : Math.round(value).toLocaleString('en')
