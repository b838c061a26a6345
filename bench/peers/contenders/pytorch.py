"""PyTorch on `cpu`, on `cuda`, or with `cuda-graphs`, which records an epoch once and replays it as one launch.

Products use float32, as in this library: TF32 is disabled, which some builds and environments enable.
"""

import sys

from protocol import answer, serve

try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    answer({"ready": False, "reason": f"PyTorch is not installed ({error})"})
    sys.exit()

torch.set_float32_matmul_precision("highest")
mode = sys.argv[1] if len(sys.argv) > 1 else "cpu"
device = torch.device("cpu" if mode == "cpu" else "cuda")

# softmax is only used with crossEntropy, which expects its logarithm.
functions = {
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "linear": lambda z: z,
    "softmax": lambda z: F.log_softmax(z, dim=1),
}
losses = {
    "quadratic": lambda a, t: 0.5 * torch.square(a - t).sum() / len(t),
    "meanSquaredError": F.mse_loss,
    "crossEntropy": lambda log_a, t: -(t * log_a).sum() / len(t),
}


class Model:
    """A network with its optimizer."""

    def __init__(self, workload, layers):
        self.layers = [tuple(torch.from_numpy(p).to(device).requires_grad_() for p in layer) for layer in layers]
        self.parameters = [p for layer in self.layers for p in layer]
        self.kinds = [functions[workload["hidden"]]] * (len(layers) - 1) + [functions[workload["output"]]]
        self.loss = losses[workload["loss"]]
        rate = workload["learningRate"]
        if workload["optimizer"] == "sgd":
            self.optimizer = torch.optim.SGD(self.parameters, lr=rate)
        else:
            self.optimizer = torch.optim.Adam(self.parameters, lr=rate, capturable=mode == "cuda-graphs")

    def step(self, a, t):
        for (w, b), f in zip(self.layers, self.kinds):
            a = f(F.linear(a, w, b))
        value = self.loss(a, t)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        self.optimizer.step()
        return value.detach()

    def restore(self, values):
        """Restores parameters and resets the optimizer state, in place because recorded launches use these tensors."""
        with torch.no_grad():
            for parameter, value in zip(self.parameters, values):
                parameter.copy_(value)
            for state in self.optimizer.state.values():
                for value in state.values():
                    if torch.is_tensor(value):
                        value.zero_()


class Recorded:
    """A number of steps, recorded as one CUDA graph, over rows that are copied into fixed tensors first."""

    def __init__(self, model, x, y, batch, steps):
        self.x, self.y = x[: batch * steps].clone(), y[: batch * steps].clone()
        if len(self.x) < batch * steps:  # a proof can use more rows than samples exist
            self.x, self.y = (v.repeat(steps, 1)[: batch * steps].clone() for v in (x, y))
        start = [p.detach().clone() for p in model.parameters]
        rows = [slice(i * batch, (i + 1) * batch) for i in range(steps)]
        # CUDA graphs require warm-up steps on a side stream before recording.
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for r in rows[:3]:
                model.step(self.x[r], self.y[r])
        torch.cuda.current_stream().wait_stream(aside)
        model.optimizer.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.losses = torch.stack([model.step(self.x[r], self.y[r]) for r in rows])
        model.restore(start)

    def run(self, x, y, order):
        torch.index_select(x, 0, order, out=self.x)
        torch.index_select(y, 0, order, out=self.y)
        self.graph.replay()
        return self.losses


def make_peer(workload, x, y, layers):
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("no CUDA device")
    x, y = torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)
    model = Model(workload, layers)
    peer = recorded_peer if mode == "cuda-graphs" else eager_peer
    synchronize = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    return f"{torch.__version__}, {name}", *peer(model, x, y, workload["batchSize"], workload["samples"]), synchronize


def recorded_peer(model, x, y, batch, samples):
    per_epoch = samples // batch

    def prove(order, steps):
        order = torch.from_numpy(order).to(device)
        # The variable keeps the recording alive until the losses have been read.
        recording = Recorded(model, x, y, batch, steps)
        return recording.run(x, y, order).tolist()

    recorded = []

    def advance():
        if not recorded:
            recorded.append(Recorded(model, x, y, batch, per_epoch))
        recorded[0].run(x, y, torch.randperm(samples, device=device)[: per_epoch * batch])
        return per_epoch

    return prove, advance


def eager_peer(model, x, y, batch, samples):
    def minibatches(order):
        shuffled_x, shuffled_y = x[order], y[order]
        for start in range(0, len(order) - batch + 1, batch):
            yield shuffled_x[start : start + batch], shuffled_y[start : start + batch]

    def epochs():
        while True:
            yield from minibatches(torch.randperm(samples, device=device))

    endless = epochs()

    def prove(order, steps):
        order = torch.from_numpy(order).to(device)
        return [float(model.step(a, t)) for a, t in minibatches(order)][:steps]

    def advance():
        model.step(*next(endless))
        return 1

    return prove, advance


serve(make_peer)
