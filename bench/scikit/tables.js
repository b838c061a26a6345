// Tables of the comparison with scikit-learn.
import { mean, spread } from '../measure.js'
import { number, ratio } from '../table.js'

/**
 * The difference of a result from scikit-learn, with its uncertainty: the standard error of the mean over the seeds, for
 * each of which both libraries used the same split of the data.
 */
export function differenceOf(result, theirs) {
  const differences = result.scores.map((score, i) => score - theirs.scores[i])
  const difference = mean(differences)
  return {
    difference,
    uncertainty: spread(differences) / Math.sqrt(differences.length),
    reached: Math.abs(difference) <= result.goal,
    ratio: theirs.seconds / result.seconds,
  }
}

/** @returns {import('../table.js').Table} */
export function proofTable(proofs, backends, epochs) {
  const columns = ['float64', ...backends]
  const failures = proofs.flatMap(({ problem, failed }) => failed.map((label) => `${problem}, ${label}: the losses are incorrect`)) // prettier-ignore
  return {
    title: `Same initial parameters and order: largest relative difference of the losses of ${epochs} epochs from scikit-learn in float64`,
    columns: ['', 'samples', ...columns],
    rows: proofs.map(({ problem, samples, differences }) => [
      problem,
      number(samples),
      ...columns.map((name) => differences[name].toExponential(1)),
    ]),
    notes: failures,
  }
}

/** @returns {import('../table.js').Table} */
export function scoreTable(results, notes) {
  return {
    title: 'Different initializations and orders',
    columns: ['', 'library', 'epochs', 'seeds', 'test score', 'difference', 'goal', 'training loss', 'seconds', 'speedup'], // prettier-ignore
    rows: results.map(rowOf),
    notes: [
      'Score: accuracy in %, or R²; mean of the seeds ± their standard deviation. Difference from scikit-learn: mean ± standard error. Goal: within 1 point, or 0.01. Seconds: median of the seeds, training only.',
      ...notes,
    ],
  }
}

function rowOf(result) {
  const { problem, label, measure, epochs, seeds, score, spread: deviation, difference, uncertainty, reached } = result
  const show = (value) => (measure === 'R²' ? value.toFixed(4) : (100 * value).toFixed(2))
  const sign = difference > 0 ? '+' : ''
  return [
    difference === undefined ? problem : '',
    label,
    number(epochs),
    number(seeds),
    `${measure === 'R²' ? 'R² ' : ''}${show(score)} ± ${show(deviation)}`,
    difference === undefined ? '' : `${sign}${show(difference)} ± ${show(uncertainty)}`,
    reached === undefined ? '' : reached ? 'yes' : 'no',
    result.loss.toPrecision(3),
    number(result.seconds),
    ratio(result.ratio),
  ]
}
