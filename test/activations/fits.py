"""The polynomials of src/backend/host/wasm/formulas/, fitted by Remez's exchange algorithm.

    python3 test/activations/fits.py

Needs mpmath, and nothing of this library. For each fit it prints the coefficients, from the constant term on, rounded to
float32, and the largest error before and after the rounding.
"""

import struct

from mpmath import cos, erfc, exp, findroot, linspace, log, lu_solve, matrix, mp, mpf, pi, sqrt, tanh, log1p

mp.dps = 40


def float32(value):
    return mpf(struct.unpack("f", struct.pack("f", float(value)))[0])


def largest(error, low, high, count=4000):
    return max(abs(error(x)) for x in linspace(low, high, count))


def remez(function, basis, weight, low, high, rounds=12):
    """The coefficients of `basis` that make the largest |weight · (function − sum)| on [low, high] least."""
    size = len(basis) + 1
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf("0.51")) / size) for i in range(size)]
    for _ in range(rounds):
        rows = matrix([[b(x) for b in basis] + [(-1) ** i / weight(x)] for i, x in enumerate(nodes)])
        solution = lu_solve(rows, matrix([function(x) for x in nodes]))
        coefficients = [solution[i] for i in range(len(basis))]

        def error(x):
            return weight(x) * (function(x) - sum(c * b(x) for c, b in zip(coefficients, basis)))

        # The new nodes: where the error is extreme between two changes of its sign.
        grid = linspace(low, high, 2000)
        errors = [error(x) for x in grid]
        nodes, run = [], [0]
        for i in range(1, len(grid)):
            if (errors[i] > 0) == (errors[run[-1]] > 0):
                run.append(i)
            else:
                nodes.append(grid[max(run, key=lambda k: abs(errors[k]))])
                run = [i]
        nodes.append(grid[max(run, key=lambda k: abs(errors[k]))])
        while len(nodes) > size:
            nodes.pop(0 if abs(error(nodes[0])) < abs(error(nodes[-1])) else -1)
        if len(nodes) < size:
            raise ValueError(f"{len(nodes)} extremes, want {size}")
    return coefficients, error


def fit(name, function, basis, weight, low, high):
    coefficients, error = remez(function, basis, weight, mpf(low), mpf(high))
    rounded = [float32(c) for c in coefficients]

    def after(x):
        return weight(x) * (function(x) - sum(c * b(x) for c, b in zip(rounded, basis)))

    print(name, [mp.nstr(c, 10) for c in rounded])
    print("  largest error: 2^%s, rounded 2^%s" % tuple(mp.nstr(log(largest(e, low, high), 2), 5) for e in (error, after)))


def powers(first, last, step=1):
    return [lambda x, k=k: x**k for k in range(first, last + 1, step)]


HALF = log(2) / 2 * mpf("1.0001")

# (e^r − 1) / r: relative error of e^r
for degree in (5, 6):
    fit(f"(e^r - 1) / r, degree {degree}", lambda r: (exp(r) - 1) / r, powers(0, degree - 1), lambda r: abs(r) * exp(-r), -HALF, HALF)
    fit(f"(e^r - 1 - r) / r^2, degree {degree}", lambda r: (exp(r) - 1 - r) / r**2, powers(0, degree - 2), lambda r: r**2 * exp(-r), -HALF, HALF)


# r coth(r / 2) = 2 + c1 r² + c2 r⁴, so that e^r = (R + r) / (R − r): relative error of e^r
def cotangent(r):
    return r / tanh(r / 2) - 2


tiny = mpf(10) ** -6
for degree in (1, 2):
    fit(f"r coth(r/2) - 2, degree {degree} in r^2", lambda r: cotangent(r) / r**2, powers(0, 2 * degree - 2, 2), lambda r: r**2 * 2 * r / (cotangent(r) + 2) ** 2, tiny, HALF)
# h coth h = 1 + c1 h² + c2 h⁴, h = r / 2: relative error of tanh h
for degree in (1, 2):
    fit(f"h coth h - 1, degree {degree} in h^2", lambda h: (h / tanh(h) - 1) / h**2, powers(0, 2 * degree - 2, 2), lambda h: h * tanh(h), tiny, HALF / 2)


# artanh s = s + s q P(q), q = s²: relative error
def artanh(s):
    return log1p(2 * s / (1 - s)) / 2


def part(q):
    s = sqrt(q)
    return (artanh(s) / s - 1) / q


small = mpf(10) ** -6
for top, degrees in ((mpf(1) / 9, (3, 4, 5)), (mpf("0.02945"), (1, 2, 3))):
    for degree in degrees:
        fit(f"artanh, degree {degree} in q up to {mp.nstr(top, 4)}", part, powers(0, degree), lambda q: q / (1 + q * part(q)), small, top)


# Φ(−x) e^(x²/2) / t, t = 1 / (1 + x / SCALE), for 0 ≤ x ≤ 13.5
for scale in (2 * sqrt(2),):
    def tail(t, scale=scale):
        x = scale * (1 / t - 1)
        return erfc(x / sqrt(2)) / 2 * exp(x * x / 2) / t

    for degree in (7, 8, 9):
        fit(f"tail / t, scale {mp.nstr(scale, 6)}, degree {degree}", tail, powers(0, degree), lambda t: 1 / tail(t), 1 / (1 + mpf("13.5") / scale), mpf(1))
