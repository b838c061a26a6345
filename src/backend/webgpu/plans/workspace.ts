import { type Buffers, storageBytes } from '../device/buffers.ts'
import type { DeviceLayer } from '../kernels/packs.ts'
import { MOST_CHECKS } from '../kernels/stage-kernels.ts'

/** What the passes over one minibatch write: one buffer a layer, of `rows` samples, filled up to a multiple of four. */
export interface Workspace {
  readonly rows: number
  readonly activations: readonly GPUBuffer[]
  /** Z after the forward pass; δ after the backward pass, which overwrites it. */
  readonly deltas: readonly GPUBuffer[]
  /** For each row of the minibatch loss and correct predictions, summed; after them, the results of the parameter check. */
  readonly rowScores: GPUBuffer
  dispose(): void
}

/** Values of a layer's activations (or δ) for `rows` rows, which are filled up to a multiple of four. */
export const layerValues = ({ outputPacks }: DeviceLayer, rows: number) => 4 * Math.ceil(rows / 4) * 4 * outputPacks

/** Values of a workspace's scores: a pair for each row, and one for each workgroup that checks parameters. */
const scoreValues = (rows: number) => 2 * (rows + MOST_CHECKS)

/** Bytes of device memory that a workspace of `rows` rows takes. */
export function workspaceBytes(layers: readonly DeviceLayer[], rows: number): number {
  return layers.reduce(
    (sum, layer) => sum + 2 * storageBytes(layerValues(layer, rows)),
    storageBytes(scoreValues(rows)),
  )
}

/** @param name what it is for, in the labels of its buffers */
export function makeWorkspace(buffers: Buffers, layers: readonly DeviceLayer[], name: string, rows: number): Workspace {
  const perLayer = (what: string) =>
    layers.map((layer, l) => buffers.storage(`${name} ${what}[${l}]`, layerValues(layer, rows)))
  const activations = perLayer('activations')
  const deltas = perLayer('deltas')
  const rowScores = buffers.storage(`${name} row scores`, scoreValues(rows))
  const dispose = () => buffers.free(...activations, ...deltas, rowScores)
  return { rows, activations, deltas, rowScores, dispose }
}
