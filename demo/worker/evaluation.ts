import { confusionMatrix, type Dataset, type Matrix, regressionReport } from '../../src/index.ts'
import type { Evaluation, Mistake } from '../protocol.ts'
import type { Prepared } from './prepare.ts'

/** The largest numbers of misclassified samples and of points in the error plot to send to the page. */
const MAX_MISTAKES = 24
const MAX_ERRORS = 400

/** The samples for the evaluation: the test data if there are any, else the training data. */
export const evaluationData = ({ train, test }: Prepared): Dataset => test ?? train

/** Evaluates the predictions for {@link evaluationData}. */
export function evaluate(prepared: Prepared, predictions: Matrix, boundary: number): Evaluation {
  const data = evaluationData(prepared)
  return {
    on: prepared.test ? 'held-out' : 'training',
    samples: data.length,
    confusion: prepared.kind === 'regression' ? undefined : confusionMatrix(predictions, data, { boundary }),
    error: prepared.kind === 'regression' ? measureError(prepared, predictions) : undefined,
    mistakes: prepared.kind === 'images' ? findMistakes(data, predictions) : [],
  }
}

/** R² and the mean absolute error. Predictions are in the units of the data. */
function measureError({ raw }: Prepared, predictions: Matrix): Evaluation['error'] {
  const data = raw.test ?? raw.train
  const { r2, meanAbsoluteError } = regressionReport(predictions, data)
  const some = (values: Float32Array) => values.slice(0, MAX_ERRORS)
  return { r2, mean: meanAbsoluteError, targets: some(data.targets.data), predictions: some(predictions.data) }
}

/** The misclassified samples, those with the highest confidence first. */
function findMistakes(data: Dataset, { cols, data: outputs }: Matrix): Mistake[] {
  const misclassified: { i: number; label: number; prediction: number; confidence: number }[] = []
  data.labels().forEach((label, i) => {
    const row = outputs.subarray(i * cols, (i + 1) * cols)
    const confidence = Math.max(...row)
    const prediction = row.indexOf(confidence)
    if (prediction !== label) misclassified.push({ i, label, prediction, confidence })
  })
  misclassified.sort((a, b) => b.confidence - a.confidence)
  return misclassified
    .slice(0, MAX_MISTAKES)
    .map(({ i, label, prediction }) => ({ pixels: data.inputs.row(i).slice(), label, prediction }))
}
