// The part of an exported module that is the same for every network; toJavaScript writes the constants above it: sizes,
// activations, scaling, encoded, and functions, with f(z) of each activation. Formulas as in model/activation.ts. Plain JavaScript, for any browser or runtime.

const parameters = decodeParameters()

/**
 * What the network answers.
 * @param rows one row of inputs, a list of numbers; or many rows, a list of such lists. Not scaled: that happens here.
 * @returns the outputs of that row, or a list of the outputs of each row
 */
export function predict(rows) {
  if (!isList(rows)) throw new TypeError(`predict: expected a row of ${sizes[0]} numbers, or a list of rows`)
  if (rows.length > 0 && !isList(rows[0])) return predictRow(rows, 'the row')
  return Array.from(rows, (row, i) => predictRow(row, `row ${i}`))
}

function predictRow(row, name) {
  if (!isList(row) || row.length !== sizes[0]) {
    const got = isList(row) ? row.length : String(row)
    throw new TypeError(`predict: ${name}: expected ${sizes[0]} numbers, got ${got}`)
  }
  const bad = Array.from(row).findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new TypeError(`predict: ${name}: value ${bad} is ${String(row[bad])}, expected a finite number`)
  let values = Array.from(row, (x, j) => (scaling ? (x - scaling.offset[j]) / scaling.scale[j] : x))
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
  return values
}

const isList = (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

/** Layer by layer: weights (out × in, row-major), then biases; little-endian float32 in base64. */
function decodeParameters() {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
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
