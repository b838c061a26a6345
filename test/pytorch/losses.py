"""Trains small networks with PyTorch, in double precision, for test/pytorch.test.ts.

    python3 test/pytorch/losses.py > test/pytorch/losses.json

Needs torch (1.13 was used) and numpy, and does not use this library: options have the library's names here, and are
passed to torch.optim, torch.optim.lr_scheduler and clip_grad_norm_ under PyTorch's. An option that a case leaves out is
left out on both sides, so the defaults are compared too. Each case trains for ten epochs of the samples in the order given.
"""

import json
import warnings

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
warnings.simplefilter("ignore")  # SequentialLR calls step() in a way that PyTorch warns of
random = np.random.RandomState(1)

SAMPLES, INPUTS, EPOCHS = 22, 4, 10


def short(values):
    """Numbers of three decimals, rounded to float32: the inputs of the library."""
    return np.round(values, 3).astype(np.float32).astype(np.float64)


# Data: the same inputs with five kinds of targets.

inputs = short(random.normal(size=(SAMPLES, INPUTS)))
labels = random.randint(0, 3, SAMPLES)
# In 64ths, so that their sum is 1 in float32, too, which crossEntropy assumes.
shares = random.multinomial(64, [0.2, 0.3, 0.5], SAMPLES) / 64
targets = {
    "classes": np.eye(3)[labels],
    "shares": shares,
    "flags": random.randint(0, 2, (SAMPLES, 3)).astype(float),
    "flag": random.randint(0, 2, (SAMPLES, 1)).astype(float),
    "quantities": short(1.5 * random.normal(size=(SAMPLES, 3))),
}
sample_weights = short(random.choice([0, 0.25, 0.7, 1, 3], SAMPLES))


# Networks: sizes and initial parameters; each case has its activations.


def draw_network(sizes):
    layers = list(zip(sizes, sizes[1:]))
    weights = [short(random.normal(size=(n, m)) / np.sqrt(m)) for m, n in layers]
    return {"sizes": sizes, "weights": weights, "biases": [short(0.3 * random.normal(size=n)) for _, n in layers]}


# A GPU can keep all but "wide" in registers; compiling that takes time, so most cases use the small network.
sizes = {"small": [4, 5, 3], "deep": [4, 6, 5, 3], "wide": [4, 16, 3], "one output": [4, 6, 1], "no hidden layer": [4, 3]}
networks = {name: draw_network(of) for name, of in sizes.items()}

activations = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leakyRelu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "mish": F.mish,
    "softmax": lambda z: F.softmax(z, dim=1),
}

# Of each sample, from a and z of the output layer; binaryCrossEntropy and quadratic are sums over the outputs.
losses = {
    "quadratic": lambda a, z, y: 0.5 * F.mse_loss(a, y, reduction="none").sum(1),
    "meanSquaredError": lambda a, z, y: F.mse_loss(a, y, reduction="none").mean(1),
    "meanAbsoluteError": lambda a, z, y: F.l1_loss(a, y, reduction="none").mean(1),
    "huber": lambda a, z, y: F.huber_loss(a, y, reduction="none").mean(1),
    "binaryCrossEntropy": lambda a, z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1),
    "crossEntropy": lambda a, z, y: F.cross_entropy(z, y, reduction="none"),
}


# Dropout. PyTorch selects units with a different generator, so this is a second implementation of the library's hash:
#   key = mix(seed ^ (layer + 1) G), of a row mix(mix(key + step G) + row H), of a unit mix(row + unit G)
# all modulo 2^32, with layers, rows and units counted from 0 and steps from 1; hashes below share * 2^32 are dropped.

G, H = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)


def mix(x):
    """The finalizer of MurmurHash3."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def kept(share, seed, layer, step, rows, units):
    uint = lambda *values: np.array(values, dtype=np.uint32)
    key = mix(uint(seed) ^ (uint(layer + 1) * G))
    of_row = mix(mix(key + uint(step) * G) + np.arange(rows, dtype=np.uint32) * H)
    of_unit = mix(of_row[:, None] + np.arange(units, dtype=np.uint32) * G)
    return torch.from_numpy((of_unit.astype(float) >= round(share * 2**32)).astype(float))


# Optimizers and schedules: PyTorch's, under PyTorch's names instead of the library's.

class NAdam(torch.optim.NAdam):
    """torch.optim.NAdam with the option decoupled_weight_decay, which PyTorch has from 2.1 on.

    The loop of 1.13 over single tensors has a factor too many in the product of the momenta (corrected in 2.0); its
    foreach form is right.
    """

    def __init__(self, parameters, decoupled_weight_decay=False, weight_decay=0, **options):
        super().__init__(parameters, weight_decay=0 if decoupled_weight_decay else weight_decay, foreach=True, **options)
        self.decay = weight_decay if decoupled_weight_decay else 0

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.mul_(1 - group["lr"] * self.decay)
        super().step()


optimizers = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": NAdam,
}
optimizer_names = {
    "learningRate": "lr",
    "weightDecay": "weight_decay",
    "epsilon": "eps",
    "learningRateDecay": "lr_decay",
    "initialAccumulator": "initial_accumulator_value",
    "momentumDecay": "momentum_decay",
    "decoupledWeightDecay": "decoupled_weight_decay",
}
scheduler = torch.optim.lr_scheduler
schedules = {
    "step": (scheduler.StepLR, {"every": "step_size", "factor": "gamma"}),
    "exponential": (scheduler.ExponentialLR, {"factor": "gamma"}),
    "cosine": (scheduler.CosineAnnealingLR, {"epochs": "T_max", "minimum": "eta_min"}),
    "warmup": (scheduler.LinearLR, {"epochs": "total_iters", "start": "start_factor"}),
    "reduceOnPlateau": (scheduler.ReduceLROnPlateau, {"minimum": "min_lr"}),
}


def rename(options, names):
    return {names.get(key, key): value for key, value in options.items()}


def first_rate(rate):
    """The rate that a schedule starts from."""
    while isinstance(rate, dict):
        rate = rate["then"] if "then" in rate else rate["learningRate"]
    return rate


def build_optimizer(parameters, given):
    options = {key: value for key, value in given.items() if key not in ("name", "clipNorm")}
    if "learningRate" in options:
        options["learningRate"] = first_rate(options["learningRate"])
    return optimizers[given["name"]](parameters, **rename(options, optimizer_names))


def build_schedule(optimizer, given):
    make, names = schedules[given["name"]]
    options = {key: value for key, value in given.items() if key not in ("name", "learningRate", "then")}
    first = make(optimizer, **rename(options, names))
    if not isinstance(given.get("then"), dict):
        return first
    then = build_schedule(optimizer, given["then"])
    return scheduler.SequentialLR(optimizer, [first, then], milestones=[given["epochs"]])


# Training.


def weights_of(case):
    """The weight of each sample, in float32; 'balanced' as scikit-learn has it."""
    weights = np.array(case.get("weights", np.ones(SAMPLES)))
    if "classWeights" in case:
        classes = targets[case["targets"]].argmax(1)
        of_class = case["classWeights"]
        if of_class == "balanced":
            of_class = SAMPLES / (3 * np.bincount(classes))
        weights = weights * np.array(of_class)[classes]
    return torch.from_numpy(weights.astype(np.float32).astype(np.float64))


def train(case):
    options = case["options"]
    start = networks[case["network"]]
    weights = [torch.tensor(w, requires_grad=True) for w in start["weights"]]
    biases = [torch.tensor(b, requires_grad=True) for b in start["biases"]]
    # Layer by layer, weights and then biases, as the library lays them out.
    parameters = [p for layer in zip(weights, biases) for p in layer]
    given = options["optimizer"]
    optimizer = build_optimizer(parameters, given)
    rate = given.get("learningRate")
    schedule = build_schedule(optimizer, rate) if isinstance(rate, dict) else None
    dropout = options.get("dropout", 0)
    if not isinstance(dropout, list):
        dropout = [dropout] * (len(weights) - 1)
    x, y, counts = torch.from_numpy(inputs), torch.from_numpy(targets[case["targets"]]), weights_of(case)

    step, epoch_losses, rates = 0, [], []
    for _ in range(EPOCHS):
        total = 0
        rates.append(optimizer.param_groups[0]["lr"])
        for rows in torch.arange(SAMPLES).split(options["batchSize"]):
            step += 1
            a = x[rows]
            for layer, (w, b, name) in enumerate(zip(weights, biases, case["activations"])):
                z = F.linear(a, w, b)
                a = activations[name](z)
                if layer < len(dropout) and dropout[layer] > 0:
                    share = dropout[layer]
                    a = a * kept(share, options["seed"], layer, step, *a.shape) / (1 - share)
            loss = counts[rows] * losses[options["loss"]](a, z, y[rows])
            # The penalty is on weights, not on biases, and not in the reported loss.
            penalty = sum(options.get("l1", 0) * w.abs().sum() + options.get("l2", 0) * (w**2).sum() for w in weights)
            optimizer.zero_grad()
            (loss.mean() + penalty).backward()
            if "clipNorm" in given:
                torch.nn.utils.clip_grad_norm_(parameters, given["clipNorm"])
            optimizer.step()
            total += loss.sum().item()
        epoch_losses.append(total / SAMPLES)
        if isinstance(schedule, scheduler.ReduceLROnPlateau):
            schedule.step(epoch_losses[-1])
        elif schedule:
            schedule.step()
    return {"losses": epoch_losses, "rates": rates, "parameters": torch.cat([p.detach().flatten() for p in parameters])}


# The cases.

cases = []


def add(name, loss, optimizer, activations="tanh softmax", targets="classes", network="", data={}, **options):
    """A case; the default network is the one with the required number of layers."""
    activations = activations.split()
    options = {"loss": loss, "optimizer": optimizer, "batchSize": 8, "seed": 5, **options}
    network = network or {2: "small", 3: "deep"}[len(activations)]
    case = {"name": name, "network": network, "activations": activations, "targets": targets}
    cases.append({**case, **data, "options": options})


def using(optimizer, learningRate=None, **options):
    rate = {} if learningRate is None else {"learningRate": learningRate}
    return {"name": optimizer, **rate, **options}


def scheduled(schedule, learningRate, **options):
    return {"name": schedule, "learningRate": learningRate, **options}


CE, DEEP = "crossEntropy", "tanh tanh softmax"
centered = using("rmsprop", 0.003, alpha=0.9, centered=True, momentum=0.5, epsilon=1e-6, weightDecay=0.02)
decaying = using("adagrad", 0.1, learningRateDecay=0.1, initialAccumulator=0.1, epsilon=1e-6, weightDecay=0.02)
adam = using("adam", 0.02, betas=[0.8, 0.99], epsilon=1e-4, weightDecay=0.02)
for name, optimizer in {
    "sgd": using("sgd", 0.5),
    "sgd, momentum, weight decay": using("sgd", 0.1, momentum=0.9, weightDecay=0.02),
    "sgd, nesterov": using("sgd", 0.1, momentum=0.8, nesterov=True, weightDecay=0.01),
    "rmsprop, defaults": using("rmsprop"),
    "rmsprop, centered, momentum": centered,
    "adagrad, defaults": using("adagrad"),
    "adagrad, decay": decaying,
    "adam, defaults": using("adam"),
    "adam, betas, weight decay": adam,
    "adamw, defaults": using("adamw"),
    "adamw, much decay": using("adamw", 0.02, weightDecay=0.3),
    "nadam, defaults": using("nadam"),
    "nadam, betas, weight decay": using("nadam", 0.02, betas=[0.8, 0.99], momentumDecay=0.05, weightDecay=0.02),
    "nadam, decoupled weight decay": using("nadam", 0.02, weightDecay=0.3, decoupledWeightDecay=True),
}.items():
    add(name, CE, optimizer)
add("wide, adam", CE, using("adam", 0.02), "relu softmax", network="wide")

plain = using("sgd", 0.2)
for loss in ["quadratic", "meanSquaredError", "meanAbsoluteError", "huber"]:
    add(f"{loss} on linear", loss, plain, "tanh linear", "quantities")
add("meanAbsoluteError on softmax", "meanAbsoluteError", plain, "tanh softmax", "shares")
add("binaryCrossEntropy", "binaryCrossEntropy", plain, "tanh sigmoid", "flags")
add("binaryCrossEntropy, shares", "binaryCrossEntropy", plain, "tanh sigmoid", "shares")
add("binaryCrossEntropy, one output", "binaryCrossEntropy", plain, "tanh sigmoid", "flag", "one output")
add("crossEntropy, shares", CE, plain, targets="shares")
add("crossEntropy, no hidden layer", CE, plain, "softmax", network="no hidden layer")

for activation in ["linear", "sigmoid", "tanh", "relu", "leakyRelu", "elu", "gelu", "silu", "softplus", "mish"]:
    add(f"{activation} in all layers", "quadratic", plain, f"{activation} {activation}", "shares")

cosine = scheduled("cosine", 0.5, epochs=EPOCHS)
warmup = {"name": "warmup", "epochs": 3, "then": scheduled("cosine", 0.5, epochs=7, minimum=0.05)}
plateau = scheduled("reduceOnPlateau", 4, factor=0.5, patience=0, threshold=0.05, cooldown=1, minimum=0.3)
for name, rate in {
    "step": scheduled("step", 0.5, every=3, factor=0.5),
    "step, defaults": scheduled("step", 0.5, every=4),
    "exponential": scheduled("exponential", 0.5, factor=0.8),
    "cosine": cosine,
    "cosine, minimum": scheduled("cosine", 0.5, epochs=10, minimum=0.1),
    "warmup, then cosine": warmup,
    "warmup, then step": {"name": "warmup", "epochs": 4, "start": 0.1, "then": scheduled("step", 0.8, every=2)},
    "warmup, then a number": {"name": "warmup", "epochs": 4, "then": 0.5},
    "reduceOnPlateau": plateau,
    "reduceOnPlateau, patience": scheduled("reduceOnPlateau", 3, patience=1),
}.items():
    add(f"schedule: {name}", CE, using("sgd", rate))
add("schedule: cosine, adam", CE, {**adam, "learningRate": scheduled("cosine", 0.03, epochs=EPOCHS)})
add("schedule: step, adagrad with decay", CE, {**decaying, "learningRate": scheduled("step", 0.2, every=4)})
add("schedule: exponential, adamw", CE, using("adamw", scheduled("exponential", 0.03, factor=0.8), weightDecay=0.2))

add("clipNorm", CE, using("sgd", 0.5, clipNorm=0.3))
add("clipNorm, momentum, weight decay", CE, using("sgd", 0.3, momentum=0.9, weightDecay=0.1, clipNorm=0.1))
add("clipNorm, penalties in the gradients", CE, using("sgd", 0.5, clipNorm=0.3), l1=0.02, l2=0.05)

add("l1", CE, plain, l1=0.01)
add("l2", CE, plain, l2=0.05)
add("l1 and l2", CE, plain, l1=0.01, l2=0.02)

some, both = {"weights": sample_weights}, {"weights": sample_weights, "classWeights": [0.5, 2, 1.25]}
add("weights", CE, plain, data=some)
add("weights, quadratic", "quadratic", plain, "tanh linear", "quantities", data=some)
add("weights, huber", "huber", plain, "tanh linear", "quantities", data=some)
add("weights, binaryCrossEntropy", "binaryCrossEntropy", plain, "tanh sigmoid", "flags", data=some)
add("class weights", CE, plain, data={"classWeights": [0.5, 2, 1.25]})
add("class weights, balanced", CE, plain, data={"classWeights": "balanced"})
add("weights and class weights", CE, plain, data=both)

add("dropout", CE, plain, dropout=0.3)
add("dropout, one share a layer", CE, plain, DEEP, dropout=[0.2, 0.5], seed=4294967295)

add(
    "all: adam, cosine, clipNorm, l1, l2, dropout, weights",
    CE,
    {**adam, "learningRate": scheduled("cosine", 0.03, epochs=EPOCHS), "clipNorm": 0.2},
    "silu silu softmax",
    l1=0.002,
    l2=0.01,
    dropout=[0, 0.3],
    data=some,
)
add(
    "all: nesterov, plateau, l1, dropout, class weights",
    CE,
    using("sgd", {**plateau, "learningRate": 0.6, "minimum": 0.2}, momentum=0.9, nesterov=True, weightDecay=0.01),
    l1=0.002,
    dropout=[0.3],
    data={"classWeights": "balanced"},
)
add(
    "all: rmsprop, warmup, clipNorm, weights",
    "binaryCrossEntropy",
    {**centered, "learningRate": {**warmup, "then": scheduled("exponential", 0.01, factor=0.9)}, "clipNorm": 0.3},
    "gelu sigmoid",
    "flags",
    l1=0.001,
    l2=0.002,
    data=some,
)
add(
    "all: adamw, step, clipNorm, l1, l2, dropout, both weights, wide",
    CE,
    using("adamw", scheduled("step", 0.03, every=3, factor=0.5), weightDecay=0.1, clipNorm=0.5),
    "softplus softmax",
    network="wide",
    l1=0.001,
    l2=0.01,
    dropout=0.25,
    data=both,
)


def text(value, digits=12):
    """JSON on one line."""
    if isinstance(value, (np.ndarray, torch.Tensor)):
        value = value.tolist()
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(item, digits)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(item, digits) for item in value) + "]"
    return json.dumps(value) if isinstance(value, (str, bool)) else f"{value:.{digits}g}"


# Seven digits are those of float32.
head = {"inputs": inputs, "targets": targets, "networks": networks}
print("{" + ",\n".join(f'"{key}":{text(value, 7)}' for key, value in head.items()) + ',\n"cases":[')
print(",\n".join(text({**case, **train(case)}) for case in cases) + "\n]}")
