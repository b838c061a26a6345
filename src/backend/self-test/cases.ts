import type { PlacementSettings } from '../backend.ts'
import type { Device } from '../webgpu/device/device.ts'
import { type OptionalForm, optionalForms } from '../webgpu/device/forms.ts'
import type { Kernels } from '../webgpu/kernels/kernels.ts'
import type { DeviceLayer } from '../webgpu/kernels/packs.ts'
import { outputFits, passesOn, sharesRows } from '../webgpu/kernels/output-kernels.ts'
import { productShapes, type StageMaker } from '../webgpu/kernels/stage-kernels.ts'
import { hasFewTerms, type Tiling } from '../webgpu/kernels/tiling.ts'
import { tilingFor } from '../webgpu/kernels/tuning.ts'
import type { PlanChoice } from '../webgpu/options.ts'
import { type ResidentForm, residentForm, residentForms } from '../webgpu/plans/choice.ts'
import type { TestCase } from './bench.ts'
import { outputCase, outputDeltaCase } from './outputs.ts'
import { clippingCase, finiteCase, gatherCase } from './parameters.ts'
import { forwardCase, gradientCase, hiddenDeltaCase } from './products.ts'
import { populationCase, residentCase } from './resident.ts'

/** Networks that are placed side by side. */
export interface TestedPopulation {
  readonly networks: number
  /** Left out, the one that is taken for this number of networks. */
  readonly form?: ResidentForm | undefined
}

/** What is about to be placed on a device. */
export interface Needed {
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
  readonly plan: PlanChoice
  /** Undefined for a single network. */
  readonly population: TestedPopulation | undefined
}

const smallTile: Tiling = { rowTiles: 1, columnTiles: 1, width: 4, slices: 1 }

const inOrder = (Object.keys(optionalForms) as OptionalForm[]).filter(
  (form) => !residentForms.some((one) => one === form),
)

/**
 * The cases that test every kernel with which a network would be trained and evaluated on a device: those of the layered
 * plan, which also evaluates what the resident plan trains, and those of the resident plan where it applies. A kernel
 * counts with its tile; the sizes of layers and the formulas of the network do not matter.
 */
export function casesFor(device: Device, kernels: Kernels, { layers, settings, plan, population }: Needed): TestCase[] {
  const parts = { device, kernels, layers, settings }
  const form =
    population?.form ?? residentForm(device, population ? 'resident' : plan, layers, settings, population?.networks)
  const cases = [...layers.flatMap((_, l) => layerCases(parts, l)), finiteCase()]
  if (settings.optimizer.clipNorm > 0) cases.push(clippingCase())
  if (form) cases.push(population ? populationCase(form) : residentCase(form))
  if (form && form !== 'loop' && !population && kernels.allows('sorted')) cases.push(gatherCase())
  return [...new Map(cases.map((one) => [one.key, one])).values()]
}

interface Parts {
  readonly device: Device
  readonly kernels: Kernels
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
}

/** The cases of the layered plan for one layer. */
function layerCases({ device, kernels, layers, settings }: Parts, l: number): TestCase[] {
  const batch = settings.batchSize
  const [layer, below] = [layers[l]!, layers[l - 1]]
  const isOutput = l === layers.length - 1
  const maker: StageMaker = { kernels, batch, tiling: (stage, shape) => tilingFor(device.profile, stage, shape) }
  const joined = isOutput && outputFits(maker, layer)
  const passed = isOutput && passesOn(maker, layer, below)
  const tilingOf = (stage: keyof typeof productShapes) => maker.tiling(stage, productShapes[stage](layer, batch))
  const formsOf = (tiling: Tiling, more: Partial<Record<OptionalForm, boolean>>) => {
    const { block = false, slices } = tiling
    const has = { quads: kernels.allows('quads') && !block, slices: slices > 1 && !block, blocks: block, ...more }
    return inOrder.filter((form) => has[form])
  }
  // Evaluation does not drop units, so that both kernels are used.
  const dropping = (hidden: number) => ((settings.dropout?.[hidden] ?? 0) > 0 ? [false, true] : [false])
  const first = l === 0
  const cases: TestCase[] = []
  const forward = tilingOf('forward')
  const output = maker.tiling('output', productShapes.forward(layer, batch))
  if (joined) {
    const forms = formsOf(output, { output: true, passOn: passed })
    for (const drops of passed ? dropping(l - 1) : [false]) cases.push(outputCase(output, forms, { first, drops }))
  } else {
    for (const drops of isOutput ? [false] : dropping(l)) cases.push(forwardCase(forward, formsOf(forward, {}), drops))
  }
  if (isOutput && !joined) cases.push(outputDeltaCase(sharesRows(maker, layer) ? ['sharedRows'] : []))
  if (l > 0 && !passed) {
    const tiling = tilingOf('hiddenDelta')
    for (const drops of dropping(l - 1)) cases.push(hiddenDeltaCase(tiling, formsOf(tiling, {}), drops))
  }
  const gradient = tilingOf('gradient')
  const few = hasFewTerms({ terms: batch }) && kernels.allows('few')
  const held = settings.optimizer.clipNorm > 0
  cases.push(gradientCase(gradient, formsOf(gradient, { few }), { batch, held }))
  // Only the first layer reads a data set. Its kernels read bytes by the same functions with every tile.
  if (first && kernels.allows('bytes')) {
    const forms = formsOf(smallTile, { bytes: true })
    if (joined) cases.push(outputCase(smallTile, [...forms, 'output'], { first }))
    else cases.push(forwardCase(smallTile, forms))
    cases.push(gradientCase(smallTile, forms, { batch, held: false }))
  }
  return cases
}
