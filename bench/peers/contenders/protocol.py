"""The common parts of the Python contenders: the protocol of protocol.js, one JSON object per line."""

import json
import sys
import time

import numpy as np


def read_task(request):
    """The workload, x, y and [(weights, biases)] as float32 arrays, and the order of the proof."""
    workload = request["workload"]
    sizes = workload["sizes"]
    x = np.fromfile(request["x"], np.float32).reshape(-1, sizes[0])
    y = np.fromfile(request["y"], np.float32).reshape(-1, sizes[-1])
    order = np.fromfile(request["order"], np.uint32).astype(np.int64)
    numbers = np.fromfile(request["parameters"], np.float32)
    layers, offset = [], 0
    for inputs, outputs in zip(sizes, sizes[1:]):
        weights = numbers[offset : offset + inputs * outputs].reshape(outputs, inputs)
        offset += inputs * outputs
        layers.append((weights.copy(), numbers[offset : offset + outputs].copy()))
        offset += outputs
    return workload, x, y, layers, order


def answer(message):
    print(json.dumps(message), flush=True)


def serve(make_peer):
    """Responds to the parent until the input ends.

    make_peer takes (workload, x, y, layers) and returns a version, prove(order, steps) -> losses, advance() -> number
    of steps executed or queued, and synchronize(), which waits for the device.
    """
    try:
        request = json.loads(sys.stdin.readline())
        workload, x, y, layers, order = read_task(request)
        version, prove, advance, synchronize = make_peer(workload, x, y, layers)
        answer({"ready": True, "version": version, "losses": prove(order, request["steps"])})
        for line in sys.stdin:
            answer({"stepsPerSecond": train(json.loads(line)["seconds"], advance, synchronize)})
    except Exception as error:
        answer({"ready": False, "reason": f"{type(error).__name__}: {error}"})


def train(seconds, advance, synchronize):
    """Trains for about the given time, with at most 32 calls of advance() queued on the device. Returns steps per second."""
    began = time.perf_counter()
    steps, calls = 0, 0
    while time.perf_counter() - began < seconds:
        steps += advance()
        calls += 1
        if calls % 32 == 0:
            synchronize()
    synchronize()
    return steps / (time.perf_counter() - began)
