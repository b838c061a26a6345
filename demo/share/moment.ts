import { effect, untracked } from '@preact/signals'
import { mapOf } from '../inspected.ts'
import { MAP_SIDE, type Progress, type Regions } from '../protocol.ts'
import { data, laterEnd, progress, settings } from '../state.ts'
import { Recording } from './recording.ts'

/** With more neurons in a layer, a frame shows the first ones. */
export const MAX_SHOWN = 12
/** The most lines between two layers. */
const MAX_EDGES = 60

/** A line of the network; its weight is relative to the largest between these layers, −1 to 1. */
export interface Edge {
  layer: number
  from: number
  to: number
  weight: number
}

/** The small picture of a neuron: side × side values from 0 to 255. */
export interface NeuronPicture {
  side: number
  values: Uint8ClampedArray
}

/** What a frame of the film shows of a moment of the run. */
export interface Moment {
  epoch: number
  loss: number
  trainScore: number | undefined
  testScore: number | undefined
  sizes: readonly number[]
  /** Of each layer after the inputs, the pictures of its first neurons; undefined where a neuron has none. */
  pictures: readonly (readonly (NeuronPicture | undefined)[])[]
  edges: readonly Edge[]
  regions: { side: number; shares: Uint8ClampedArray; best: Uint8Array | undefined } | undefined
}

/** Shares from 0 to 1 as bytes, which are rounded. */
function toBytes(shares: ArrayLike<number>): Uint8ClampedArray {
  const bytes = new Uint8ClampedArray(shares.length)
  for (let i = 0; i < shares.length; i++) bytes[i] = 255 * shares[i]!
  return bytes
}

/** The regions of a moment, with shares from 0 to 1 again. */
export const regionsOf = ({ regions }: Moment): Regions | undefined =>
  regions && { ...regions, shares: Float32Array.from(regions.shares, (byte) => byte / 255) }

export function momentOf(report: Progress): Moment {
  const { epoch, train, test, network, regions } = report
  return {
    epoch,
    loss: train.loss,
    trainScore: train.accuracy,
    testScore: test?.accuracy,
    sizes: network.sizes,
    pictures: network.sizes
      .slice(1)
      .map((count, l) =>
        Array.from({ length: Math.min(count, MAX_SHOWN) }, (_, index) => pictureOf(report, l + 1, index)),
      ),
    edges: network.sizes.slice(1).flatMap((_, l) => strongestEdges(network, l + 1)),
    regions: regions && { side: regions.side, shares: toBytes(regions.shares), best: regions.best?.slice() },
  }
}

/** The outputs of a neuron over the plane; for pictures the weights of a neuron of the first layer. */
function pictureOf(report: Progress, layer: number, index: number): NeuronPicture | undefined {
  const side = data.value?.shown.picture?.side
  if (side === undefined) {
    const map = mapOf(report, { layer, index }, settings.value.activations)
    return map && { side: MAP_SIDE, values: toBytes(map) }
  }
  const row = layer === 1 ? report.network.weights[0]?.subarray(index * side ** 2, (index + 1) * side ** 2) : undefined
  if (row?.length !== side ** 2) return undefined
  const largest = row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9)
  return { side, values: toBytes(row.map((weight) => 0.5 + weight / (2 * largest))) }
}

function strongestEdges({ sizes, weights }: Progress['network'], layer: number): Edge[] {
  const [inputs, outputs] = [sizes[layer - 1]!, sizes[layer]!]
  // Pictures and wide tables have one box instead of a node per input.
  if (inputs > MAX_SHOWN && layer === 1) return []
  const edges: Edge[] = []
  for (let to = 0; to < Math.min(outputs, MAX_SHOWN); to++) {
    for (let from = 0; from < Math.min(inputs, MAX_SHOWN); from++) {
      edges.push({ layer, from, to, weight: weights[layer - 1]![to * inputs + from]! })
    }
  }
  edges.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
  const largest = Math.max(1e-9, Math.abs(edges[0]?.weight ?? 0))
  return edges.slice(0, MAX_EDGES).map((edge) => ({ ...edge, weight: edge.weight / largest }))
}

const recording = new Recording<Moment>()

/** Records the run from now on. */
export function startRecording(): void {
  effect(() => {
    const report = progress.value
    // While the user looks at an earlier moment, nothing new happens.
    if (!report || laterEnd.value) return
    untracked(() => {
      recording.add(report.epoch, () => momentOf(report))
    })
  })
}

/** The moments of the run so far; the last one is what the page shows. */
export function recordedMoments(): readonly Moment[] {
  const report = progress.value
  if (!report) return recording.moments
  const earlier = recording.moments.filter(({ epoch }) => epoch < report.epoch)
  return [...earlier, momentOf(report)]
}
