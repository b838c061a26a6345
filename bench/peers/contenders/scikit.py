"""scikit-learn's MLPClassifier and MLPRegressor: responds to each line of JSON with one, until the input ends.

{"sets": folder} writes the data sets of scikit-learn to a folder; any other request trains and scores one network.
"""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from protocol import answer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.neural_network import MLPClassifier, MLPRegressor

# The number of epochs is fixed, so the warning that training has not converged is irrelevant.
warnings.filterwarnings("ignore", "Stochastic Optimizer: Maximum iterations")

sets = {
    "digits": load_digits,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "diabetes": lambda: load_diabetes(scaled=False),
}


def write_sets(folder):
    """Writes each data set as two files of float32: the inputs, and one target per sample."""
    shapes = {}
    for name, load in sets.items():
        data = load()
        data.data.astype(np.float32).tofile(f"{folder}/{name} x")
        data.target.astype(np.float32).tofile(f"{folder}/{name} y")
        shapes[name] = data.data.shape
    return shapes


def read_part(part, task):
    x = np.fromfile(part["x"], np.float32).reshape(-1, task["sizes"][0]).astype(task["precision"])
    y = np.fromfile(part["y"], np.float32)
    return x, y.astype(np.int64) if task["classes"] else y.astype(task["precision"])


def make_model(task):
    kind = MLPClassifier if task["classes"] else MLPRegressor
    return kind(
        hidden_layer_sizes=task["sizes"][1:-1],
        activation=task["activation"],
        batch_size=task["batchSize"],
        max_iter=task["epochs"],
        random_state=task["seed"],
        shuffle=task["shuffle"],
        alpha=task["alpha"],
        learning_rate="constant",
        # Disables early stopping.
        tol=0,
        n_iter_no_change=task["epochs"] + 1,
        **task["solver"],
    )


def start_from(model, path, sizes):
    """Sets the initial parameters of the model from a file: weights (out x in) and biases of each layer, as float32."""
    numbers = np.fromfile(path, np.float32)
    at = 0

    def next_numbers(count):
        nonlocal at
        at += count
        return numbers[at - count : at]

    def init_coef(inputs, outputs, dtype=np.float64):
        weights = next_numbers(inputs * outputs).reshape(outputs, inputs)
        return weights.T.astype(dtype, order="C"), next_numbers(outputs).astype(dtype)

    model._init_coef = init_coef


def leave_out_penalty(model):
    """Excludes the penalty from the reported losses, as in this library, without changing the gradients."""
    backprop = model._backprop

    def without(x, *rest):
        penalty = 0.5 * model.alpha * sum(np.square(weights).sum() for weights in model.coefs_) / len(x)
        loss, *gradients = backprop(x, *rest)
        return loss - penalty, *gradients

    model._backprop = without


def train(task):
    x, y = read_part(task["train"], task)
    model = make_model(task)
    if "start" in task:
        start_from(model, task["start"], task["sizes"])
    if task["alpha"] > 0:
        leave_out_penalty(model)
    began = time.perf_counter()
    model.fit(x, y)
    seconds = time.perf_counter() - began
    return {"losses": model.loss_curve_, "seconds": seconds, "score": model.score(*read_part(task["test"], task))}


for line in sys.stdin:
    try:
        request = json.loads(line)
        if "sets" in request:
            answer({"version": sklearn.__version__, "numpy": np.__version__, "shapes": write_sets(request["sets"])})
        else:
            answer(train(request))
    except Exception as error:
        answer({"ready": False, "reason": f"{type(error).__name__}: {error}"})
