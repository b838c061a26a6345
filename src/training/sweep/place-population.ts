import type { Population } from '../../backend/backend.ts'
import { InputError } from '../../core/errors.ts'
import type { Context } from './context.ts'
import { type Member, networkOf } from './members.ts'

/** Places networks, in the form in which they were trained before, if this device has it. */
export async function placePopulation(
  members: readonly Member[],
  { replacement, states }: Context,
): Promise<Population> {
  // One network has the shape of all.
  const network = networkOf(members[0]!)
  const settings = members.map(({ combination }) => combination.placement)
  const { backend } = replacement
  const form = states.get(members[0]!)?.form
  try {
    return await backend.populate!([network], settings, form)
  } catch (error) {
    if (form === undefined || !(error instanceof InputError)) throw error
    return backend.populate!([network], settings)
  }
}
