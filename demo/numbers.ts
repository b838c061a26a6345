/** 0.4321 → '0.432', with the sign that typesetters use. */
export const told = (value: number) => Number(value.toPrecision(3)).toString().replace('-', '−')

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`

export const perSecond = (value: number) =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} million` : Math.round(value).toLocaleString('en')
