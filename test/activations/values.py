"""Values and slopes of every activation at 100 places, most of them extreme, for test/activations.test.ts.

    python3 test/activations/values.py > test/activations/values.json

Needs mpmath, and nothing of this library: the formulas are PyTorch's definitions, worked out with 60 digits.
"""

import json
import struct

from mpmath import mp, mpf, erfc, exp, log1p, sqrt, pi, tanh, cosh, expm1

mp.dps = 60

MAGNITUDES = [
    1.4e-45, 1e-40, 1.1754942e-38, 1.1754944e-38, 1e-37, 1e-30, 1e-20, 1e-10, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.24, 0.26,
    0.5, 0.75, 1, 1.28, 1.5, 2, 2.9, 4, 5.5, 7, 8.5, 9.5, 10, 12, 12.9, 13.1, 14, 17, 20, 40, 60, 79, 80.5, 86, 88, 89,
    104, 500, 1e4, 1e8, 1e20, 1e30, 1e37, 1e38, 3.4028235e38,
]
places = [struct.unpack("f", struct.pack("f", sign * m))[0] for sign in (-1, 1) for m in MAGNITUDES]
assert len(set(places)) == 100


def sigmoid(z):
    return 1 / (1 + exp(-z)) if z > 0 else exp(z) / (1 + exp(z))


def phi(z):
    return exp(-z * z / 2) / sqrt(2 * pi)


def Phi(z):
    return erfc(-z / sqrt(2)) / 2


def softplus(z):
    return (z + log1p(exp(-z))) if z > 0 else log1p(exp(z))


FUNCTIONS = {
    "linear": (lambda z: z, lambda z: mpf(1)),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": (tanh, lambda z: 4 * sigmoid(2 * z) * sigmoid(-2 * z)),
    "relu": (lambda z: max(z, mpf(0)), lambda z: mpf(z > 0)),
    "leakyRelu": (lambda z: z if z > 0 else z / 100, lambda z: mpf(1) if z > 0 else mpf(1) / 100),
    "elu": (lambda z: z if z > 0 else expm1(z), lambda z: mpf(1) if z > 0 else exp(z)),
    "gelu": (lambda z: z * Phi(z), lambda z: Phi(z) + z * phi(z)),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    "softplus": (softplus, sigmoid),
    "mish": (
        lambda z: z * tanh(softplus(z)),
        lambda z: tanh(softplus(z)) + z * sigmoid(z) / cosh(softplus(z)) ** 2,
    ),
}

result = {"places": places}
for name, (value, slope) in FUNCTIONS.items():
    result[name] = {"values": [], "slopes": []}
    for z in places:
        result[name]["values"].append(float(value(mpf(z))))
        result[name]["slopes"].append(float(slope(mpf(z))))
lines = [f'  "places": {json.dumps(result.pop("places"))}']
for name, of in result.items():
    lines.append(f'  "{name}": {{\n    "values": {json.dumps(of["values"])},\n    "slopes": {json.dumps(of["slopes"])}\n  }}')
print("{\n" + ",\n".join(lines) + "\n}")
