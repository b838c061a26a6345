// needs: numbers
// provides: loss
// Loss huber; formulas in src/loss/.
fn loss_term(a: Values, y: Values, logit: Values) -> Values {
  let error = a - y;
  return select(abs(error) - 0.5, 0.5 * error * error, abs(error) <= Values(1.0));
}

fn loss_slope(a: Values, y: Values) -> Values {
  return clamp(a - y, Values(-1.0), Values(1.0));
}
