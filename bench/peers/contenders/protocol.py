"""What the Python contenders have in common: the protocol of protocol.js, one JSON object a line."""

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
    """Answers the parent until its input ends.

    make_peer takes (workload, x, y, layers) and returns a version, prove(order, steps) -> losses, advance() -> steps
    done or queued, and settle(), which waits until the device has done them.
    """
    try:
        request = json.loads(sys.stdin.readline())
        workload, x, y, layers, order = read_task(request)
        version, prove, advance, settle = make_peer(workload, x, y, layers)
        answer({"ready": True, "version": version, "losses": prove(order, request["steps"])})
        for line in sys.stdin:
            answer({"stepsPerSecond": train(json.loads(line)["seconds"], advance, settle)})
    except Exception as error:
        answer({"ready": False, "reason": f"{type(error).__name__}: {error}"})


def train(seconds, advance, settle):
    """Goes on for about so long, with at most 32 lots queued ahead of the device."""
    began = time.perf_counter()
    steps, lots = 0, 0
    while time.perf_counter() - began < seconds:
        steps += advance()
        lots += 1
        if lots % 32 == 0:
            settle()
    settle()
    return steps / (time.perf_counter() - began)
