// needs: numbers
// provides: inverse_power
// Library: e^-z for z of either sign on software adapters, whose exp is infinity where the power is too large, and 0 where it is
// too small. The bound takes a third of the time of exp there.
fn inverse_power(z: Values) -> Values {
  return exp(-z);
}
