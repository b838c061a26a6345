import type { Settings } from '../settings.ts'

type Penalty = Pick<Settings, 'l1' | 'l2' | 'dropout'>

const none: Penalty = { l1: 0, l2: 0, dropout: 0 }

/** Usual strengths of each kind of regularization, by the text that the page shows. */
const presets: Readonly<Record<string, Penalty>> = {
  none,
  'l1 0.001': { ...none, l1: 0.001 },
  'l1 0.01': { ...none, l1: 0.01 },
  'l2 0.001': { ...none, l2: 0.001 },
  'l2 0.01': { ...none, l2: 0.01 },
  'dropout 0.1': { ...none, dropout: 0.1 },
  'dropout 0.3': { ...none, dropout: 0.3 },
}

/** The regularization as text: a usual strength, else all values that are not zero. */
export function penaltyOf({ l1, l2, dropout }: Penalty): string {
  const parts = Object.entries({ l1, l2, dropout }).filter(([, value]) => value > 0)
  return parts.length === 0 ? 'none' : parts.map(([name, value]) => `${name} ${value}`).join(', ')
}

/** The choices, with the current one if it is not a usual one. */
export const penaltyChoices = (current: string): readonly string[] => {
  const names = Object.keys(presets)
  return names.includes(current) ? names : [...names, current]
}

/** The settings of a choice; nothing for one that is not a usual one, which is the current one. */
export const settingsOfPenalty = (name: string): Partial<Settings> => presets[name] ?? {}
