import { confusionMatrix, type Dataset, type Matrix, regressionReport } from '../../src/index.ts'
import type { Examination, Mistake } from '../protocol.ts'
import type { Prepared } from './material.ts'

/** More mistakes, and more points in a plot of errors, than this one would not look at. */
const MOST_MISTAKES = 24
const MOST_ERRORS = 400

/** Which samples are looked at: those held out, or where there are none, the training data. */
export const examined = ({ train, test }: Prepared): Dataset => test ?? train

/** What answers come to, as the page shows it. */
export function examine(prepared: Prepared, answers: Matrix, boundary: number): Examination {
  const data = examined(prepared)
  return {
    on: prepared.test ? 'held-out' : 'training',
    samples: data.length,
    confusion: prepared.kind === 'quantities' ? undefined : confusionMatrix(answers, data, { boundary }),
    error: prepared.kind === 'quantities' ? errorOf(prepared, data, answers) : undefined,
    mistakes: prepared.kind === 'images' ? mistakesOf(data, answers) : [],
  }
}

/** R² and the mean distance from the truth, in the units of the data; R² is the same in any. */
function errorOf({ unit }: Prepared, data: Dataset, answers: Matrix): Examination['error'] {
  const raw = (values: Float32Array) =>
    values.slice(0, MOST_ERRORS).map((value) => (unit ? value * unit.deviation + unit.mean : value))
  const { r2, meanAbsoluteError } = regressionReport(answers, data)
  const mean = meanAbsoluteError * (unit?.deviation ?? 1)
  return { r2, mean, truths: raw(data.targets.data), answers: raw(answers.data) }
}

/** The samples that were answered wrongly, those first where the network was the surest. */
function mistakesOf(data: Dataset, { cols, data: answers }: Matrix): Mistake[] {
  const wrong: { i: number; truth: number; answer: number; sure: number }[] = []
  data.labels().forEach((truth, i) => {
    const row = answers.subarray(i * cols, (i + 1) * cols)
    const sure = Math.max(...row)
    const answer = row.indexOf(sure)
    if (answer !== truth) wrong.push({ i, truth, answer, sure })
  })
  wrong.sort((a, b) => b.sure - a.sure)
  return wrong
    .slice(0, MOST_MISTAKES)
    .map(({ i, truth, answer }) => ({ pixels: data.inputs.row(i).slice(), truth, answer }))
}
