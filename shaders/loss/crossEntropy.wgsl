// needs: numbers
// provides: loss
// Loss crossEntropy; formulas in src/loss/.
fn loss_term(a: Values, y: Values, logit: Values) -> Values {
  return select(-y * logit, Values(), y == Values());
}

fn loss_slope(a: Values, y: Values) -> Values {
  return a - y;
}
