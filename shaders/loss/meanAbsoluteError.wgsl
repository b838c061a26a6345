// needs: numbers
// provides: loss
// Loss meanAbsoluteError; formulas in src/loss/.
fn loss_term(a: Values, y: Values, logit: Values) -> Values {
  return abs(a - y);
}

fn loss_slope(a: Values, y: Values) -> Values {
  return sign(a - y);
}
