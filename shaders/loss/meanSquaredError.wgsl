// needs: numbers
// provides: loss
// Loss meanSquaredError; formulas in src/loss/.
fn loss_term(a: Values, y: Values, logit: Values) -> Values {
  let error = a - y;
  return error * error;
}

fn loss_slope(a: Values, y: Values) -> Values {
  return 2.0 * (a - y);
}
