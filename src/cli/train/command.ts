import type { Fix } from '../../index.ts'
import { commandLine } from '../../shell.ts'

/** The option of each change that has one. */
const flags = {
  standardize: '--standardize',
  standardizeTargets: '--standardize-targets',
  learningRate: '--lr',
  clipNorm: '--clip-norm',
  momentum: '--momentum',
  l1: '--l1',
  l2: '--l2',
  weightDecay: '--weight-decay',
} as const satisfies Partial<Record<keyof Fix, string>>

/**
 * The command line of a run with a fix.
 * @param words of the command line of the run
 * @returns undefined where the fix is no option: the data have to be changed
 */
export function commandWith(words: readonly string[], fix: Fix): string | undefined {
  if (fix.rows ?? fix.weightDivisor) return undefined
  let changed: readonly string[] = words
  for (const [name, flag] of Object.entries(flags) as [keyof typeof flags, string][]) {
    const value = fix[name]
    if (value !== undefined) changed = withOption(changed, flag, value === true ? undefined : String(value))
  }
  return commandLine(['train', ...changed])
}

/** The words with an option in the place where it was, or at the end. */
function withOption(words: readonly string[], flag: string, value: string | undefined): string[] {
  const option = value === undefined ? [flag] : [flag, value]
  const isValue = (i: number) => words[i - 1] === flag && value !== undefined
  const rest = words.flatMap((word, i) => {
    if (isValue(i)) return []
    return word === flag || word.startsWith(`${flag}=`) ? [undefined] : [word]
  })
  const place = rest.indexOf(undefined)
  const given = (some: readonly (string | undefined)[]) => some.filter((word) => word !== undefined)
  return place < 0
    ? [...given(rest), ...option]
    : [...given(rest.slice(0, place)), ...option, ...given(rest.slice(place))]
}
