// What the module of an ensemble exports; the rest is in standalone.js. Each of `networks` has sizes, activations, columns,
// scaling, targetScaling and parameters.

/**
 * The mean of the outputs of the networks, in the units of the data.
 * @param rows one row, or a list of rows, in the units of the data. A row is a list with a value per column, or an object
 *   with a value per name in `features`. Values are numbers, words where a column holds categories, true or false; null,
 *   undefined, NaN and '' are missing. Categories are encoded, missing values filled and columns scaled here.
 * @returns the means for that row, or a list of the means for each row
 */
export function predict(rows) {
  return answerRows('predict', rows, (row, name) => spreadOf(outputsOfAll(row, name)).mean)
}

/**
 * The mean of the outputs with their standard deviation over the networks, which is large where they disagree.
 * @param rows as for predict
 * @returns { mean, deviation } of that row, each with a value per output, or a list of them
 */
export function predictWithSpread(rows) {
  return answerRows('predictWithSpread', rows, (row, name) => spreadOf(outputsOfAll(row, name)))
}

/**
 * The class that the mean names: that of the largest output; with one output, of the side of the boundary on which it is.
 * @param rows as for predict
 * @returns { class, probability, deviation, agreement } of that row, or a list of them: the standard deviation of the
 *   probability, and the share of the networks that predict this class
 */
export function classify(rows) {
  checkClassifies()
  return answerRows('classify', rows, (row, name) => {
    // In float32, outputs that saturate are equal, and the first of them is the answer.
    const all = outputsOfAll(row, name).map((outputs) => outputs.map(Math.fround))
    const { mean, deviation } = spreadOf(all)
    const rounded = mean.map(Math.fround)
    const label = labelOf(rounded)
    return {
      ...classOf(rounded, label),
      deviation: rounded.length > 1 ? deviation[label] : deviation[0] * (boundary === 0 ? 0.5 : 1),
      agreement: all.filter((outputs) => labelOf(outputs) === label).length / all.length,
    }
  })
}

const outputsOfAll = (row, name) => networks.map((network) => outputsOf(network, row, name))

function spreadOf(all) {
  const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const mean = all[0].map((_, j) => meanOf(all.map((outputs) => outputs[j])))
  const deviation = mean.map((center, j) => Math.sqrt(meanOf(all.map((outputs) => (outputs[j] - center) ** 2))))
  return { mean, deviation }
}
