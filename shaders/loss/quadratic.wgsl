// needs: numbers
// provides: loss
// Loss quadratic; formulas in src/loss/.
fn loss_term(a: Values, y: Values, logit: Values) -> Values {
  let error = a - y;
  return 0.5 * error * error;
}

fn loss_slope(a: Values, y: Values) -> Values {
  return a - y;
}
