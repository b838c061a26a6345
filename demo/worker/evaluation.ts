import { confusionMatrix, type Dataset, type Matrix, multilabelReport, regressionReport } from '../../src/index.ts'
import type { Evaluation, Mistake, RegressionError } from '../protocol.ts'
import { columnOf } from './display.ts'
import type { Prepared } from './prepare.ts'

/** The largest numbers of misclassified samples and of points in the error plot to send to the page. */
const MAX_MISTAKES = 24
const MAX_ERRORS = 400

/** The samples for the evaluation: the test data if there are any, else the training data. */
export const evaluationData = ({ train, test }: Prepared): Dataset => test ?? train

interface EvaluationOptions {
  /** Above it, an output predicts the second class, or that a sample has the label. */
  boundary: number
  /** The target whose errors the page plots. */
  shownOutput: number
}

/** Evaluates the predictions for {@link evaluationData}. */
export function evaluate(prepared: Prepared, predictions: Matrix, options: EvaluationOptions): Evaluation {
  const data = evaluationData(prepared)
  const { kind } = prepared
  const { boundary } = options
  return {
    on: prepared.test ? 'held-out' : 'training',
    samples: data.length,
    confusion: kind === 'classes' || kind === 'images' ? confusionMatrix(predictions, data, { boundary }) : undefined,
    labels: kind === 'labels' ? multilabelReport(predictions, data, { boundary }) : undefined,
    error: kind === 'regression' ? measureError(prepared, predictions, options) : undefined,
    mistakes: kind === 'images' ? findMistakes(data, predictions) : [],
  }
}

/** R² and the mean absolute error. Predictions are in the units of the data. */
function measureError({ raw }: Prepared, predictions: Matrix, { shownOutput }: EvaluationOptions): RegressionError {
  const data = raw.test ?? raw.train
  const { r2, meanAbsoluteError, targets } = regressionReport(predictions, data)
  const some = (values: Matrix) => columnOf(values, shownOutput).slice(0, MAX_ERRORS)
  return { r2, mean: meanAbsoluteError, each: targets, targets: some(data.targets), predictions: some(predictions) }
}

/** The misclassified samples, those with the highest certainty first. */
function findMistakes(data: Dataset, { cols, data: outputs }: Matrix): Mistake[] {
  const misclassified: { i: number; label: number; prediction: number; certainty: number }[] = []
  data.labels().forEach((label, i) => {
    const row = outputs.subarray(i * cols, (i + 1) * cols)
    const certainty = Math.max(...row)
    const prediction = row.indexOf(certainty)
    if (prediction !== label) misclassified.push({ i, label, prediction, certainty })
  })
  misclassified.sort((a, b) => b.certainty - a.certainty)
  return misclassified
    .slice(0, MAX_MISTAKES)
    .map(({ i, ...mistake }) => ({ pixels: data.inputs.row(i).slice(), ...mistake }))
}
