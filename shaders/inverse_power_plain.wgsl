// needs: numbers
// provides: inverse_power
// Library: e^-z for z of either sign on software adapters, whose exp is infinity where the power is too large, and 0 where it is
// too small. On SwiftShader the bound is more than
// 20 instructions, exp itself 36.
fn inverse_power(z: Values) -> Values {
  return exp(-z);
}
