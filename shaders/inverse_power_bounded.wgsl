// needs: numbers, exponential
// provides: inverse_power
// Library: e^-z for z of either sign, at most e^87; see exponential.wgsl.
fn inverse_power(z: Values) -> Values {
  return exp(-select(z, Values(-LARGEST_EXPONENT), z < Values(-LARGEST_EXPONENT)));
}
