import type { PlacementSettings } from '../../backend.ts'
import { timed } from '../../profiler.ts'
import type { PlanChoice } from '../options.ts'
import {
  Crossover,
  isPossible,
  MOST_COMPILE_TIME,
  rememberSlowCode,
  type ResidentForm,
  residentForm,
} from './choice.ts'
import type { LayeredPlan } from './layered/layered.ts'
import { isWithin, Plans } from './plans.ts'
import { ResidentPlan, type ResidentPlanParts } from './resident/resident.ts'

export interface OpeningParts extends Omit<ResidentPlanParts, 'form' | 'settings'> {
  readonly settings: PlacementSettings
  readonly layered: LayeredPlan
  readonly choice: PlanChoice
}

/** Opens the plans of a network: allocates their buffers, and compiles what the first step cannot do without. */
export async function openPlans(parts: OpeningParts): Promise<Plans> {
  const { device, settings, layers, layered, choice } = parts
  const resident = await openResident(parts, residentForm(device, choice, layers, settings))
  const isMeasurable = choice === 'auto' && resident?.form === 'loop'
  const crossover = isMeasurable ? new Crossover(device.profile, layers, settings.batchSize) : undefined
  // Where time is measured, nothing may overlap; where choices are pinned, none may depend on time.
  const isCertain = choice === 'resident' || device.profile.isPinned || settings.profiler !== undefined
  if (resident && isCertain && crossover?.plan !== 'layered') await compile(parts, resident)
  else if (crossover?.plan === 'resident') resident!.compile().catch(() => undefined) // Training awaits it.
  const open = (form: ResidentForm) => openForm(parts, form)
  return new Plans({ layered, resident, crossover, open })
}

const compile = ({ settings }: OpeningParts, resident: ResidentPlan) =>
  timed(settings.profiler, 'compile', 'kernels', () => resident.compile())

const make = (parts: OpeningParts, form: ResidentForm) =>
  parts.device.checked('resident plan', () => new ResidentPlan({ ...parts, settings: [parts.settings], form }))

/**
 * The resident plan in a form. Where straight-line code takes too long to compile, the plan that follows from the rule
 * without it: before the first step, so that the whole training has the bits of one form.
 */
async function openResident(parts: OpeningParts, form: ResidentForm | undefined): Promise<ResidentPlan | undefined> {
  const { device, layers, settings, choice } = parts
  if (!form) return undefined
  const resident = await make(parts, form)
  if (form === 'loop') return resident
  const compiling = compile(parts, resident)
  if (choice === 'resident' || device.profile.isPinned) await compiling
  else if (!(await isWithin(MOST_COMPILE_TIME, compiling))) {
    compiling.catch(() => undefined)
    rememberSlowCode(device.profile, layers, settings)
    resident.dispose()
    return openResident(parts, residentForm(device, choice, layers, settings))
  }
  return resident
}

/** The resident plan in a form that a checkpoint names; undefined where the network cannot be trained in it. */
async function openForm(parts: OpeningParts, form: ResidentForm): Promise<ResidentPlan | undefined> {
  const { device, layers, settings, choice } = parts
  if (choice !== 'auto' || !isPossible(device, form, layers, settings)) return undefined
  const resident = await make(parts, form)
  await compile(parts, resident)
  return resident
}
