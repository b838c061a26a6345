// needs: numbers, activation/softplus
// provides: loss
// Loss binaryCrossEntropy; formulas in src/loss/.
fn loss_term(a: Values, y: Values, logit: Values) -> Values {
  return softplus(logit) - y * logit;
}

fn loss_slope(a: Values, y: Values) -> Values {
  return a - y;
}
