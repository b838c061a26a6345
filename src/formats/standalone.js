// The part of an exported module that is the same for every model; toJavaScript writes the constants above it: features,
// classes, columnCount, task, boundary, truthWords, and functions, with f(z) of each activation; and before those, what
// standalone-network.js or standalone-ensemble.js exports. Formulas as in model/activation.ts. Plain JavaScript, for any
// browser or runtime.

function answerRows(call, rows, answer) {
  const isMany = isList(rows) && (rows.length === 0 || isRow(rows[0]))
  if (isMany) return Array.from(rows, (row, i) => answer(row, `${call}: row ${i}`))
  if (!isRow(rows)) throw new TypeError(`${call}: expected a row of ${columnCount} values, or a list of rows`)
  return answer(rows, `${call}: the row`)
}

/** The outputs of a network for a row, in the units of the data. */
function outputsOf(network, row, name) {
  const { sizes, activations, parameters, targetScaling } = network
  let values = inputsOf(network, row, name)
  let at = 0
  activations.forEach((activation, l) => {
    const [inputs, outputs] = [sizes[l], sizes[l + 1]]
    const biases = at + outputs * inputs
    const sums = Array.from({ length: outputs }, (_, i) => {
      let sum = parameters[biases + i]
      for (let j = 0; j < inputs; j++) sum += parameters[at + i * inputs + j] * values[j]
      return sum
    })
    values = activation === 'softmax' ? softmax(sums) : sums.map((z) => functions[activation](z, helpers))
    at = biases + outputs
  })
  return targetScaling ? values.map((y, i) => y * targetScaling.scale[i] + targetScaling.offset[i]) : values
}

/** The inputs of a row: encoded, scaled in float64, then rounded to float32 once, as in training. */
function inputsOf({ columns, scaling }, row, name) {
  const cells = isList(row) ? Array.from(row) : cellsOf(row, name)
  if (cells.length !== columnCount) throw new TypeError(`${name}: expected ${columnCount} values, got ${cells.length}`)
  return cells
    .flatMap((cell, j) => encodeCell(cell, columns ? columns[j] : { kind: 'number' }, j, name))
    .map((value, i) => {
      const input = Math.fround(scaling ? (value - scaling.offset[i]) / scaling.scale[i] : value)
      if (Number.isFinite(input)) return input
      throw new TypeError(`${name}: input ${i} is ${value}, too large for float32`)
    })
}

/** The values of an object in the order of the columns. */
function cellsOf(row, name) {
  if (!isRow(row)) throw new TypeError(`${name}: expected ${columnCount} values, got ${show(row)}`)
  if (!features) throw new TypeError(`${name}: expected a list of ${columnCount} values; the columns have no names`)
  return features.map((feature) => {
    if (Object.hasOwn(row, feature)) return row[feature]
    throw new TypeError(`${name}: has no ${show(feature)}; the columns are ${features.map(show).join(', ')}`)
  })
}

/** The inputs, not scaled, that a value becomes: one per category, else one. */
function encodeCell(cell, { kind, categories, fill }, j, name) {
  const refuse = (expected) => {
    const column = features ? ` (${show(features[j])})` : ''
    throw new TypeError(`${name}: value ${j}${column} is ${show(cell)}, expected ${expected}`)
  }
  const isMissing = cell === null || cell === undefined || cell === '' || Number.isNaN(cell)
  if (isMissing && fill === undefined) refuse(kind === 'number' ? 'a finite number' : 'a value')
  const value = isMissing ? fill : cell
  if (kind === 'category') {
    if (typeof value !== 'string' && typeof value !== 'number') refuse('one of its categories')
    // A category that is unknown gives zeros.
    return categories.map((category) => (category === String(value) ? 1 : 0))
  }
  if (isMissing) return fill
  if (kind === 'boolean') {
    const truth = typeof value === 'string' ? truthWords[value.toLowerCase()] : value
    return truth === true || truth === 1 ? 1 : truth === false || truth === 0 ? 0 : refuse('true or false')
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse('a finite number')
}

/** The index of the class that outputs name: of the largest, or with one output, the side of the boundary. */
function labelOf(outputs) {
  if (outputs.length === 1) return Number(outputs[0] > boundary)
  return outputs.indexOf(outputs.reduce((a, b) => Math.max(a, b)))
}

/** The name of a class, with its probability. */
function classOf(outputs, label) {
  // The range of a single tanh, whose boundary is 0, is -1 to 1.
  const share = boundary === 0 ? (outputs[0] + 1) / 2 : outputs[0]
  const probability = outputs.length > 1 ? outputs[label] : label === 1 ? share : 1 - share
  return { class: classes ? classes[label] : String(label), probability }
}

function checkClassifies() {
  if (task !== 'regression' && task !== 'multilabel') return
  throw new TypeError(
    `classify: the network predicts ${task === 'regression' ? 'numbers' : 'several labels'}; use predict`,
  )
}

const isList = (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
const isRow = (value) => typeof value === 'object' && value !== null
const show = (value) => (typeof value === 'string' ? JSON.stringify(value) : isRow(value) ? 'an object' : String(value))

/** Layer by layer: weights (out × in, row-major), then biases; little-endian float32 in base64. */
function decode(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
}

function softmax(sums) {
  const largest = sums.reduce((a, b) => Math.max(a, b))
  const powers = sums.map((z) => Math.exp(z - largest))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}

function sigmoid(z) {
  const e = Math.exp(-Math.abs(z))
  return z < 0 ? e / (1 + e) : 1 / (1 + e)
}

/** The error function: a series below 3, a continued fraction above it (Abramowitz and Stegun 7.1.6 and 7.1.14). */
function erf(x) {
  const magnitude = Math.abs(x)
  if (!(magnitude < 6)) return Math.sign(x)
  const square = x * x
  if (magnitude < 3) {
    let [term, sum] = [x, x]
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * square) / (2 * n + 1)
      sum += term
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum
  }
  let fraction = 0
  for (let k = 40; k >= 1; k--) fraction = k / 2 / (magnitude + fraction)
  return Math.sign(x) * (1 - Math.exp(-square) / (Math.sqrt(Math.PI) * (magnitude + fraction)))
}

/** z tanh(softplus z), as a quotient of powers of e^-|z|. */
function mish(z) {
  const e = Math.exp(-Math.abs(z))
  const numerator = z < 0 ? e * (e + 2) : 1 + 2 * e
  return (z * numerator) / (numerator + (z < 0 ? 2 : 2 * e * e))
}

/** The arguments of the formulas in addition to z. */
const helpers = { sigmoid, erf, mish }
