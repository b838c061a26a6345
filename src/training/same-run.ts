import { InputError, shorten } from '../core/errors.ts'
import { type Change, changeable, type ChangeableOption, changeableOptions } from './changeable.ts'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Why the others may not change, by the place where they differ. */
const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(sizes|activations)/, 'the parameters in the checkpoint are those of its layers'],
  [/^optimizer\b/, "the optimizer's state in the checkpoint belongs to its rule"],
  [/^loss/, 'the state in the checkpoint is made from gradients of its loss'],
  [/^batchSize/, 'steps are counted in minibatches of its size'],
  [/^seed/, 'the order of the samples follows from it'],
]

/**
 * Checks that a checkpoint is of a run with these settings.
 * @param changed the options that may differ
 * @returns those of them that do
 * @throws InputError that names the first setting that differs and may not
 */
export function checkSameRun(
  own: Readonly<Record<string, unknown>>,
  { settings, seed }: { readonly settings: Readonly<Record<string, unknown>>; readonly seed: number },
  ownSeed: number,
  changed: readonly ChangeableOption[] = [],
): Change[] {
  // As JSON has them: schedules are objects with a function, which is not kept.
  const here = JSON.parse(JSON.stringify({ ...own, seed: ownSeed })) as Json
  const changes = changed.flatMap((option): Change[] => {
    const [before, after] = [valueAt(settings, changeable[option]), valueAt(here, changeable[option])]
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ option, before, after }]
  })
  const allowed = changes.map(({ option }) => changeable[option] as string)
  const differing = firstDifference({ ...settings, seed }, here, '', allowed)
  if (!differing) return changes
  const [name, there, value] = differing
  const say = (found: unknown) => (found === undefined ? 'none' : shorten(JSON.stringify(found)))
  throw new InputError(
    `${name}: the checkpoint was trained with ${say(there)}, this trainer has ${say(value)}; ${hintFor(name)}`,
  )
}

function hintFor(place: string): string {
  const option = changeableOptions.find((name) => place.startsWith(changeable[name]))
  if (option !== undefined)
    return `to change it, name it: changed: ['${option}'] (on the command line: give its option)`
  const [, reason] = reasons.find(([pattern]) => pattern.test(place)) ?? []
  return `${reason ?? 'it may not change within a run'}; to train its network with other options, begin a new run from it (--from)` // prettier-ignore
}

function valueAt(settings: Json, path: string): unknown {
  const step = (value: unknown, key: string) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined)
  return path.split('.').reduce<unknown>(step, settings)
}

function firstDifference(
  there: unknown,
  here: unknown,
  path: string,
  allowed: readonly string[],
): [string, unknown, unknown] | undefined {
  if (allowed.includes(path)) return undefined
  if (!isObject(there) || !isObject(here)) {
    return JSON.stringify(there) === JSON.stringify(here) ? undefined : [path, there, here]
  }
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    // A key may be the name of what every object has, such as "constructor".
    const own = (json: Json) => (Object.hasOwn(json, key) ? json[key] : undefined)
    const found = firstDifference(own(there), own(here), path === '' ? key : `${path}.${key}`, allowed)
    if (found) return found
  }
  return undefined
}
