import { type Profile, type ProfilePart } from '../index.ts'
import { percent, table } from './output.ts'

/** What the parts are called in the table. */
const partNames: Record<ProfilePart, string> = {
  open: 'open',
  compile: 'compile',
  upload: 'upload',
  encode: 'encode',
  submit: 'submit',
  kernel: 'kernel',
  idle: 'idle',
  'read-back': 'read back',
  host: 'host',
  other: 'other',
}

/** 0.0123 → '12.3 ms', always with three digits. */
function duration(seconds: number): string {
  const [value, unit] = seconds >= 1 ? [seconds, 's'] : seconds >= 1e-3 ? [1e3 * seconds, 'ms'] : [1e6 * seconds, 'µs']
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`
}

/** Where the time went, a line each. */
export function profileTable({ seconds, entries }: Profile): string[] {
  const rows = entries.map(({ part, name, seconds, share, count }) => [
    partNames[part],
    name,
    duration(seconds),
    percent(share),
    part === 'other' ? '' : String(count),
    part === 'other' ? '' : duration(seconds / count),
  ])
  const head = ['Part', 'What', 'Time', 'Share', 'Times', 'Each']
  return table([head, ...rows, ['all', '', duration(seconds), percent(1), '', '']])
}
