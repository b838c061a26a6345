"""A network in numpy that loops over the samples of a minibatch, with matrix-vector products.

Reads a workload as JSON from its first argument. For each line of standard input, a number of seconds, it trains for
about that time and prints steps per second.
"""

import json
import sys
import time

import numpy as np

workload = json.loads(sys.argv[1])
sizes, batch, samples = workload["sizes"], workload["batchSize"], workload["samples"]
rng = np.random.default_rng(1)
weights = [rng.standard_normal((n, m)) / np.sqrt(m) for m, n in zip(sizes, sizes[1:])]
biases = [np.zeros((n, 1)) for n in sizes[1:]]
inputs = rng.random((samples, sizes[0], 1))
targets = np.zeros((samples, sizes[-1], 1))
targets[np.arange(samples), rng.integers(sizes[-1], size=samples), 0] = 1.0


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0.0)


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


functions = {
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
    "relu": (relu, lambda z, a: (z > 0).astype(float)),
    "linear": (lambda z: z, lambda z, a: 1.0),
    "softmax": (softmax, None),
}
layer_functions = [functions[workload["hidden"]]] * (len(sizes) - 2) + [functions[workload["output"]]]
scale = 2.0 / sizes[-1] if workload["loss"] == "meanSquaredError" else 1.0
paired = workload["loss"] == "crossEntropy"


def backpropagate(x, y):
    z_values, a_values = [], [x]
    for w, b, (f, _) in zip(weights, biases, layer_functions):
        z = w @ a_values[-1] + b
        z_values.append(z)
        a_values.append(f(z))
    delta = scale * (a_values[-1] - y)
    if not paired:
        delta = delta * layer_functions[-1][1](z_values[-1], a_values[-1])
    deltas = [delta]
    for l in range(len(weights) - 1, 0, -1):
        delta = (weights[l].T @ delta) * layer_functions[l - 1][1](z_values[l - 1], a_values[l])
        deltas.insert(0, delta)
    return [(d @ a.T, d) for d, a in zip(deltas, a_values)]


def step(order):
    weight_sums = [np.zeros_like(w) for w in weights]
    bias_sums = [np.zeros_like(b) for b in biases]
    for i in order:
        for l, (dw, db) in enumerate(backpropagate(inputs[i], targets[i])):
            weight_sums[l] += dw
            bias_sums[l] += db
    for l in range(len(weights)):
        weights[l] -= workload["learningRate"] / len(order) * weight_sums[l]
        biases[l] -= workload["learningRate"] / len(order) * bias_sums[l]


for line in sys.stdin:
    seconds = float(line)
    began = time.perf_counter()
    steps = 0
    while time.perf_counter() - began < seconds:
        order = rng.permutation(samples)
        for start in range(0, samples, batch):
            step(order[start : start + batch])
            steps += 1
            if time.perf_counter() - began >= seconds:
                break
    print(steps / (time.perf_counter() - began), flush=True)
