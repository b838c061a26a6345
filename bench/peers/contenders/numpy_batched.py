"""numpy with float32 and whole minibatches as matrices, so that OpenBLAS products dominate the time."""

import numpy as np
from protocol import serve


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# Each activation with its derivative as a function of its output; softmax is only used with crossEntropy.
functions = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
    "linear": (lambda z: z, lambda a: np.float32(1)),
    "softmax": (softmax, None),
}
losses = {
    "quadratic": lambda a, t: 0.5 * np.square(a - t).sum() / len(t),
    "meanSquaredError": lambda a, t: np.square(a - t).mean(),
    "crossEntropy": lambda a, t: -(t * np.log(a)).sum() / len(t),
}


def make_peer(workload, x, y, layers):
    if workload["optimizer"] != "sgd":
        raise ValueError(f"this benchmark does not implement the optimizer {workload['optimizer']} for numpy")
    batch, samples = workload["batchSize"], workload["samples"]
    rate = np.float32(workload["learningRate"])
    loss = losses[workload["loss"]]
    scale = np.float32((2 / y.shape[1] if workload["loss"] == "meanSquaredError" else 1) / batch)
    paired = workload["loss"] == "crossEntropy"
    kinds = [functions[workload["hidden"]]] * (len(layers) - 1) + [functions[workload["output"]]]

    def step(rows):
        a, t = x[rows], y[rows]
        activations = [a]
        for (w, b), (f, _) in zip(layers, kinds):
            a = f(a @ w.T + b)
            activations.append(a)
        value = loss(a, t)
        delta = (a - t) * scale
        if not paired:
            delta = delta * kinds[-1][1](a)
        for l in range(len(layers) - 1, -1, -1):
            w, b = layers[l]
            slope = delta.T @ activations[l]
            bias_slope = delta.sum(axis=0)
            if l > 0:
                delta = (delta @ w) * kinds[l - 1][1](activations[l])
            w -= rate * slope
            b -= rate * bias_slope
        return value

    rng = np.random.default_rng(1)

    def epochs():
        while True:
            order = rng.permutation(samples)
            for start in range(0, samples - batch + 1, batch):
                yield order[start : start + batch]

    minibatches = epochs()

    def prove(order, steps):
        return [float(step(order[i * batch : (i + 1) * batch])) for i in range(steps)]

    def advance():
        step(next(minibatches))
        return 1

    return np.__version__, prove, advance, lambda: None


serve(make_peer)
