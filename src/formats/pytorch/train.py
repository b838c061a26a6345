# The program that toPyTorch writes. TypeScript replaces the lines between `# settings` and `# end of settings`, and leaves out
# the blocks `# if NAME` … `# end if` whose name does not apply; see program.ts.
"""Continues the training of a multi-layer perceptron of webgpu-mlp in PyTorch, with the same loss and optimizer.

    python3 train.py --epochs 10 --out trained.safetensors
    torchrun --nproc_per_node=2 train.py --epochs 10 --out trained.safetensors

Each process computes its share of each minibatch; the step is that of the whole minibatch. Samples are visited in the order
of webgpu-mlp. `webgpu-mlp import trained.safetensors --out model.json` reads the result.
Needs PyTorch 1.12 or later and NumPy. The package safetensors is used where it is installed.
"""

import argparse
import collections
import json
import os
import struct

import numpy
import torch
import torch.distributed
from torch import nn
# if functional
from torch.nn import functional
# end if

# settings
# end of settings

FOLDER = os.path.dirname(os.path.abspath(__file__))


def at(name):
    return os.path.join(FOLDER, name)


def read_header(path):
    """The header of a safetensors file, and where its tensors begin."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), 8 + length


try:
    from safetensors.torch import load_file, save_file
except ImportError:
    # The format is a header in JSON and the bytes of the tensors one after another; all tensors here are float32.
    def load_file(path):
        header, start = read_header(path)
        values = numpy.fromfile(path, dtype="<f4", offset=start)
        tensors = {}
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                part = values[begin // 4 : end // 4].astype(numpy.float32)
                tensors[name] = torch.from_numpy(part).reshape(entry["shape"])
        return tensors

    def save_file(tensors, path, metadata):
        header, offset = {"__metadata__": metadata}, 0
        for name, tensor in tensors.items():
            end = offset + 4 * tensor.numel()
            header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, end]}
            offset = end
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for tensor in tensors.values():
                file.write(tensor.numpy().astype("<f4").tobytes())


def make_model():
    """All layers up to the weighted inputs of the last one; the loss applies its activation."""
    modules = collections.OrderedDict()
    last = len(SIZES) - 2
    for layer in range(last + 1):
        modules[str(2 * layer)] = nn.Linear(SIZES[layer], SIZES[layer + 1])
        if layer < last:
            modules[str(2 * layer + 1)] = HIDDEN[layer]
            # if dropout
            modules[f"{2 * layer + 1}_dropout"] = nn.Dropout(DROPOUT[layer])
            # end if
    model = nn.Sequential(modules)
    model.load_state_dict(load_file(at("model.safetensors")))
    return model


def sample_losses(z, y):
    """The loss of each sample. z: weighted inputs of the last layer, y: targets, both samples x outputs."""
    # if output
    a = OUTPUT(z)
    # end if
    # loss


# if state
def restore(optimizer, model):
    """Gives the optimizer the state that it had in webgpu-mlp."""
    tensors = load_file(at("optimizer.safetensors"))
    states = {}
    for i, (name, _) in enumerate(model.named_parameters()):
        states[i] = {slot: tensors[f"{slot}.{name}"] for slot in SLOTS}
        states[i]["step"] = torch.tensor(float(STEP))
        # if nadam
        states[i]["mu_product"] = torch.tensor(MU_PRODUCT)
        # end if
    optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})


# end if
# if shuffle
def random_bits(seed, epoch):
    """The 32-bit numbers of webgpu-mlp for the order of an epoch: sfc32, seeded by splitmix32."""
    mask = 0xFFFFFFFF
    state = (seed ^ (3 * 0x85EBCA6B)) & mask
    mixed = []
    for _ in range(3):
        state = (state + 0x9E3779B9) & mask
        t = ((state ^ (state >> 16)) * 0x21F0AAAD) & mask
        t = ((t ^ (t >> 15)) * 0x735A2D97) & mask
        mixed.append(t ^ (t >> 15))
    a, b, c, counter = mixed[0], mixed[1] ^ epoch, mixed[2] ^ seed, 1
    made = 0
    while True:
        t = (a + b + counter) & mask
        counter = (counter + 1) & mask
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & mask
        c = (((c << 21) | (c >> 11)) + t) & mask
        made += 1
        if made > 15:
            yield t


def order_of(samples, epoch):
    """The order in which webgpu-mlp visits the samples in an epoch, counted from 1."""
    order = list(range(samples))
    bits = random_bits(SEED, epoch)
    for i in range(samples - 1, 0, -1):
        limit = 2**32 - 2**32 % (i + 1)
        value = next(bits)
        while value >= limit:
            value = next(bits)
        j = value % (i + 1)
        order[i], order[j] = order[j], order[i]
    return numpy.array(order)


# else
def order_of(samples, epoch):
    return numpy.arange(samples)


# end if
# if plateau
class Plateau:
    """Reduces the learning rate when the loss of an epoch no longer falls."""

    def __init__(self):
        self.best, self.bad, self.cooldown, self.scale = PLATEAU_STATE

    def rate(self, rate):
        return rate if self.scale == 1 else max(rate * self.scale, min(rate, PLATEAU["minimum"]))

    def watch(self, loss):
        if loss < self.best * (1 - PLATEAU["threshold"]):
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
        if self.bad > PLATEAU["patience"]:
            self.scale *= PLATEAU["factor"]
            self.cooldown, self.bad = PLATEAU["cooldown"], 0


# end if
def start_processes():
    """The number of this process, how many there are, and the device of this one."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    rank, local = int(os.environ.get("RANK", "0")), int(os.environ.get("LOCAL_RANK", "0"))
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda", local) if has_gpu else torch.device("cpu")
    if world > 1:
        if has_gpu:
            torch.cuda.set_device(device)
        torch.distributed.init_process_group("nccl" if has_gpu else "gloo")
    return rank, world, device


def total_of(value, world):
    if world > 1:
        torch.distributed.all_reduce(value)
    return value.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="epochs to train (default: %(default)s)")
    parser.add_argument("--each-step", action="store_true", help="also print the loss of each minibatch before its step")
    parser.add_argument("--out", help="the safetensors file for the trained network")
    options = parser.parse_args()

    rank, world, device = start_processes()
    inputs = numpy.load(at("inputs.npy"), mmap_mode="r")
    targets = numpy.load(at("targets.npy"), mmap_mode="r")
    # if weights
    weights = numpy.load(at("weights.npy"), mmap_mode="r")
    # end if
    samples = len(inputs)

    model = make_model().to(device).train()
    parallel = nn.parallel.DistributedDataParallel(model) if world > 1 else model
    # if penalty
    matrices = [parameter for parameter in model.parameters() if parameter.dim() == 2]
    # end if
    # optimizer
    # if state
    restore(optimizer, model)
    # end if
    # if plateau
    plateau = Plateau()
    # end if

    step = STEP
    for epoch in range(EPOCH + 1, EPOCH + options.epochs + 1):
        rate = RATES[min(epoch - EPOCH, len(RATES)) - 1]
        # if plateau
        rate = plateau.rate(rate)
        # end if
        for group in optimizer.param_groups:
            group["lr"] = rate
        order = order_of(samples, epoch)
        epoch_loss = torch.zeros((), dtype=torch.float64, device=device)
        for start in range(0, samples, BATCH):
            minibatch = order[start : start + BATCH]
            own = minibatch[rank::world]
            x, y = (torch.from_numpy(numpy.array(part[own])).to(device) for part in (inputs, targets))
            losses = sample_losses(parallel(x), y)
            # if weights
            losses = losses * torch.from_numpy(numpy.array(weights[own])).to(device)
            # end if
            loss = losses.detach().double().sum()
            epoch_loss += loss
            optimizer.zero_grad()
            # The processes average their gradients, so that this is the gradient of the mean over the whole minibatch.
            (losses.sum() * (world / len(minibatch))).backward()
            # if penalty
            for matrix in matrices:
                matrix.grad.add_(L1 * torch.sign(matrix.detach()) + 2 * L2 * matrix.detach())
            # end if
            # if clip
            nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
            # end if
            # if decoupled
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.mul_(1 - rate * WEIGHT_DECAY)
            # end if
            optimizer.step()
            step += 1
            if options.each_step:
                mean = total_of(loss.clone(), world) / len(minibatch)
                if rank == 0:
                    print(f"step {step} loss {mean:.9g}", flush=True)
        mean = total_of(epoch_loss, world) / samples
        # if plateau
        plateau.watch(mean)
        # end if
        if rank == 0:
            print(f"epoch {epoch} loss {mean:.9g}", flush=True)

    if options.out and rank == 0:
        metadata = read_header(at("model.safetensors"))[0]["__metadata__"]
        save_file({name: value.cpu().contiguous() for name, value in model.state_dict().items()}, options.out, metadata)
    if world > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
