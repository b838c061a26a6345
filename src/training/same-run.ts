import { InputError, shorten } from '../core/errors.ts'
import type { Checkpoint } from './checkpoint.ts'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws where a checkpoint is of another run than these settings, naming the first that differs. */
export function checkSameRun(
  own: Readonly<Record<string, unknown>>,
  { settings, seed }: Checkpoint,
  ownSeed: number,
): void {
  // As JSON has them: schedules are objects with a function, which is not kept.
  const here = JSON.parse(JSON.stringify({ ...own, seed: ownSeed })) as Json
  const differing = firstDifference({ ...settings, seed }, here, '')
  if (!differing) return
  const [name, there, value] = differing
  const say = (found: unknown) => (found === undefined ? 'none' : shorten(JSON.stringify(found)))
  throw new InputError(`${name}: the checkpoint was trained with ${say(there)}, this trainer has ${say(value)}`)
}

function firstDifference(there: unknown, here: unknown, path: string): [string, unknown, unknown] | undefined {
  if (!isObject(there) || !isObject(here)) {
    return JSON.stringify(there) === JSON.stringify(here) ? undefined : [path, there, here]
  }
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    // A key may be the name of what every object has, such as "constructor".
    const own = (json: Json) => (Object.hasOwn(json, key) ? json[key] : undefined)
    const found = firstDifference(own(there), own(here), path === '' ? key : `${path}.${key}`)
    if (found) return found
  }
  return undefined
}
