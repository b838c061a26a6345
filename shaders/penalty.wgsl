// needs: numbers, hyperparameters
// Library: the gradient of the penalty L1 Σ|w| + L2 Σw² on the weights; biases have none.
override PENALISED: bool;   // whether there is any penalty

fn penalty(weight: Values) -> Values {
  return l1() * sign(weight) + l2() * (2.0 * weight);
}
