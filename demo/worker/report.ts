import type { Evaluation, Progress } from '../protocol.ts'
import type { Run } from './run.ts'

interface ReportOptions {
  /** Points along each side of the plane. */
  side: number
  /** The index of the snapshot that the network is in. */
  snapshot: number
  speeds: Pick<Progress, 'epochsPerSecond' | 'samplesPerSecond'>
  evaluation: Evaluation | undefined
  /** The user's drawing. */
  drawing: Float32Array | undefined
}

/** The state of a run as the page shows it, and the buffers to transfer. */
export async function describeProgress(
  run: Run,
  { side, snapshot, speeds, evaluation, drawing }: ReportOptions,
): Promise<{ progress: Progress; transfer: Transferable[] }> {
  const { train, test, epoch, step } = run.snapshots.at(snapshot)!
  const { sizes, activations, weights, biases } = run.network
  const maps = await run.maps()
  const regions = await run.regions(side)
  const progress: Progress = {
    type: 'progress',
    epoch,
    step,
    train,
    test,
    ...speeds,
    network: { sizes, activations, weights, biases },
    maps,
    regions,
    evaluation,
    drawingOutputs: drawing && (await run.classify(drawing)),
    snapshots: run.snapshots.length,
    snapshot,
  }
  return { progress, transfer: [...maps.map(({ buffer }) => buffer), ...(regions ? [regions.shares.buffer] : [])] }
}
