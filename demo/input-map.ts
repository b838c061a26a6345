import { type FeatureName, planeInputs } from './plane-inputs.ts'
import { MAP_SIDE, type ShownData } from './protocol.ts'

/** How much of the scale a value of an input takes: −1 is 0, 1 is 1. */
const share = (value: number) => 0.5 + value / 2

/** A function of x and y over a part of the plane, row by row from the top left, rescaled to 0–1. */
export function featureMap(feature: FeatureName, { left, bottom, width, height }: ShownData['view']): number[] {
  return Array.from({ length: MAP_SIDE ** 2 }, (_, p) => {
    const x = left + (((p % MAP_SIDE) + 0.5) / MAP_SIDE) * width
    const y = bottom + (1 - (Math.floor(p / MAP_SIDE) + 0.5) / MAP_SIDE) * height
    return share(planeInputs[feature].valueAt(x, y))
  })
}

/**
 * An input over the plane: for a function of x and y its values; a column of a file grows to the right or upwards, is 1
 * where its category is, and is constant if it is on neither axis.
 */
export function inputMap({ inputs, axes: [across, up], view }: ShownData, index: number): number[] {
  const input = inputs[index]
  if (input?.feature) return featureMap(input.feature, view)
  return Array.from({ length: MAP_SIDE ** 2 }, (_, p) => {
    if (input?.column !== across && input?.column !== up) return 0.5
    const along = input.column === across ? (p % MAP_SIDE) / MAP_SIDE : 1 - Math.floor(p / MAP_SIDE + 1) / MAP_SIDE
    const { category } = input
    return category ? Number(Math.floor(along * category.count) === category.index) : along
  })
}
