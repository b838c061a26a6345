import { Matrix } from '../core/matrix.ts'
import type { Dataset } from '../data/dataset.ts'
import { isStream } from '../data/is-stream.ts'
import type { DataStream } from '../data/stream.ts'
import { outputBoundary } from '../model/activation.ts'
import { decideTask } from './decide-task.ts'
import type { Feed } from './feed/feed.ts'
import { MultilabelTally } from './multilabel.ts'
import { RegressionSums } from './score.ts'
import type { Placed } from './settings.ts'

/**
 * The scores that need the outputs: those of regression and of several labels per sample. Where the task follows from the
 * data, a stream without an example is read for it.
 * @returns undefined for classes, which backends count themselves
 */
export async function scoreOutputs({ network, loss }: Placed, feed: Feed, source: Dataset | DataStream) {
  const example = isStream(source) ? source.example : source
  let task = network.task ?? (example && decideTask(network, loss, example))
  if (task === 'classification') return undefined
  const labels = new MultilabelTally({ boundary: outputBoundary(network.activations.at(-1)!) })
  const values = new RegressionSums(network.targetScaling?.scale)
  for await (const { data, outputs } of feed.outputs()) {
    task ??= decideTask(network, loss, data)
    if (task === 'classification') return undefined
    if (task === 'regression') values.add(outputs, data.targets)
    else labels.add(new Matrix(data.targets.rows, data.targets.cols, outputs), data)
  }
  return task === 'regression' ? values.score() : labels.score()
}
