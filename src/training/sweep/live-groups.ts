import { BackendUnavailableError, InputError, OutOfMemoryError } from '../../core/errors.ts'
import type { Context } from './context.ts'
import { divide, reasonOf } from './grouping.ts'
import type { HostBackends } from './host-backends.ts'
import type { LiveGroup } from './live-group.ts'
import { LiveHost } from './live-host.ts'
import { LiveRecoverable } from './live-recoverable.ts'
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
  const { replacement } = context
  for (;;) {
    // A loss may have been replaced by the CPU.
    const without = reasonOf(context)
    if (without !== undefined) return LiveHost.place(members, context, without, backends)
    const { generation } = replacement
    try {
      return await LiveRecoverable.place(members, context, backends)
    } catch (error) {
      const isRefusal =
        error instanceof InputError || error instanceof OutOfMemoryError || error instanceof BackendUnavailableError
      if (isRefusal) return LiveHost.place(members, context, error.message, backends)
      if (!(await replacement.replaces(error, generation))) throw error
    }
  }
}
