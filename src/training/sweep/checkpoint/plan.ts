import { InputError, shorten } from '../../../core/errors.ts'
import { hashText } from '../../../core/hash.ts'
import { fingerprint } from '../../../data/fingerprint.ts'
import type { Plan } from '../members.ts'
import { axisFields } from '../options.ts'

/** Longer texts are replaced by a hash: seeds may be thousands. */
const LONGEST = 400

/** What decides the results of a sweep, each part as a short text; backends may differ, which changes last bits. */
export function describePlan({ options, parts }: Plan): Record<string, string> {
  const { seeds, random, halving, folds, classWeights, earlyStopping } = options
  const [whole] = parts as [Plan['parts'][number]]
  const axes = Object.fromEntries(
    Object.keys(axisFields).map((name) => [name, options[name as keyof typeof axisFields]]),
  )
  const values = {
    ...axes,
    ...{ seeds, random, halving, folds, classWeights, earlyStopping },
    data: fingerprint(whole.train),
    validation: whole.validation && fingerprint(whole.validation),
  }
  const texts = Object.entries(values).map(([name, value]) => [name, describeValue(value)] as const)
  return Object.fromEntries(texts)
}

function describeValue(value: unknown): string {
  // Schedules are objects with a function, which is not kept; Maps and typed arrays are lists.
  const text = JSON.stringify(value ?? null, (_, inner: unknown) => {
    if (inner instanceof Map) return [...inner]
    return ArrayBuffer.isView(inner) ? [...(inner as Float32Array)] : inner
  })
  return text.length <= LONGEST ? text : `${text.slice(0, 40)}… (${hashText(text)})`
}

/** @throws InputError that names what differs @param here what the own sweep is called in the message */
export function checkSamePlan(
  plan: Readonly<Record<string, unknown>>,
  own: Readonly<Record<string, string>>,
  here: string,
): void {
  for (const name of new Set([...Object.keys(own), ...Object.keys(plan)])) {
    const [theirs, ours] = [plan[name], own[name]]
    if (theirs === ours) continue
    const say = (text: unknown) => (typeof text === 'string' ? shorten(text) : 'nothing')
    throw new InputError(
      `checkpoint: it is of another sweep: ${name} is ${say(theirs)} there and ${say(ours)} in ${here}`,
    )
  }
}
