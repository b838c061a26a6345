import { BackendUnavailableError, InputError, OutOfMemoryError } from '../../core/errors.ts'
import type { Context } from './context.ts'
import { divide } from './grouping.ts'
import type { HostBackends } from './host-backends.ts'
import type { LiveGroup } from './live-group.ts'
import { LiveHost } from './live-host.ts'
import { LivePopulation } from './live-population.ts'
import type { Member } from './members.ts'

/** Places all networks of a sweep: as many as possible side by side. */
export async function placeLive(context: Context, backends: HostBackends): Promise<LiveGroup[]> {
  const groups: LiveGroup[] = []
  try {
    for (const { members, reason } of divide(context)) groups.push(await placeGroup(members, context, backends, reason))
    return groups
  } catch (error) {
    for (const group of groups) group.dispose()
    throw error
  }
}

async function placeGroup(
  members: readonly Member[],
  context: Context,
  backends: HostBackends,
  reason?: string,
): Promise<LiveGroup> {
  if (reason !== undefined) return LiveHost.place(members, context, reason, backends)
  try {
    return await LivePopulation.place(members, context, backends)
  } catch (error) {
    const isRefusal =
      error instanceof InputError || error instanceof OutOfMemoryError || error instanceof BackendUnavailableError
    if (!isRefusal) throw error
    return LiveHost.place(members, context, error.message, backends)
  }
}
