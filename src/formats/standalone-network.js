// What the module of a network exports; the rest is in standalone.js. A network has sizes, activations, columns, scaling,
// targetScaling and parameters.

/**
 * The outputs of the network, in the units of the data.
 * @param rows one row, or a list of rows, in the units of the data. A row is a list with a value per column, or an object
 *   with a value per name in `features`. Values are numbers, words where a column holds categories, true or false; null,
 *   undefined, NaN and '' are missing. Categories are encoded, missing values filled and columns scaled here.
 * @returns the outputs of that row, or a list of the outputs of each row
 */
export function predict(rows) {
  return answerRows('predict', rows, (row, name) => outputsOf(network, row, name))
}

/**
 * The class of the largest output; with one output, of the side of the boundary on which it is.
 * @param rows as for predict
 * @returns { class, probability } of that row, or a list of them
 */
export function classify(rows) {
  checkClassifies()
  return answerRows('classify', rows, (row, name) => {
    // In float32, outputs that saturate are equal, and the first of them is the answer.
    const outputs = outputsOf(network, row, name).map(Math.fround)
    return classOf(outputs, labelOf(outputs))
  })
}
