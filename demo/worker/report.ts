import type { Evaluation, Report } from '../protocol.ts'
import type { Run } from './run.ts'

interface ReportOptions {
  /** Points along each side of the plane. */
  side: number
  speeds: Pick<Report, 'epochsPerSecond' | 'samplesPerSecond'>
  evaluation: Evaluation | undefined
  /** The user's drawing. */
  drawing: Float32Array | undefined
}

/** The state of a run as the page shows it, and the buffers to transfer. */
export async function describeProgress(
  run: Run,
  { side, speeds, evaluation, drawing }: ReportOptions,
): Promise<{ progress: Report; transfer: Transferable[] }> {
  const { train, test, epoch, step } = run.moment
  const progress: Report = {
    type: 'progress',
    epoch,
    step,
    train,
    test,
    ...speeds,
    parameters: run.network.parameters.slice(),
    maps: run.maps(),
    regions: await run.regions(side),
    evaluation,
    drawingOutputs: drawing && (await run.classify(drawing)),
    moment: run.moment.number,
    moments: run.moments.list(),
  }
  return { progress, transfer: buffersOf(progress) }
}

/** The buffers of a report: all were made for it. */
function buffersOf({ parameters, maps, regions, evaluation, drawingOutputs, moments }: Report): Transferable[] {
  const arrays = [
    parameters,
    ...maps,
    regions?.shares,
    regions?.best,
    drawingOutputs,
    moments.numbers,
    moments.epochs,
    moments.steps,
    evaluation?.error?.targets,
    evaluation?.error?.predictions,
    ...(evaluation?.mistakes ?? []).map(({ pixels }) => pixels),
  ]
  return [...new Set(arrays.flatMap((array) => (array ? [array.buffer] : [])))]
}
