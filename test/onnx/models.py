"""MLPs as other programs write them as ONNX: `/usr/bin/python3 test/onnx/models.py > test/onnx/models.json`.

Needs torch (1.13) and onnx (1.12). Those of PyTorch are written by torch.onnx.export; the graphs of skl2onnx, tf2onnx and
others are made by onnx.helper, operator by operator, as those programs write them.
"""

import base64
import io
import json
import sys
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(1)
random = np.random.RandomState(1)
models = {}


def keep(name, data, **more):
    models[name] = {"file": base64.b64encode(data).decode(), **more}


def export(name, model, inputs=torch.randn(2, 4), opset=13, **more):
    file = io.BytesIO()
    model.eval()
    torch.onnx.export(model, inputs, file, input_names=["x"], output_names=["y"], opset_version=opset,
                      dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
    keep(name, file.getvalue(), **more)


activations = {
    "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU(), "leakyRelu": nn.LeakyReLU(), "elu": nn.ELU(),
    "gelu": nn.GELU(), "silu": nn.SiLU(), "softplus": nn.Softplus(), "mish": nn.Mish(),
}
for name, activation in activations.items():
    net = nn.Sequential(nn.Linear(4, 5), activation, nn.Dropout(0.3), nn.Linear(5, 3), nn.Softmax(dim=-1))
    export(f"PyTorch {name}", net, activations=[name, "softmax"])


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([1.0, -2.0, 300.0, 0.5]))
        self.register_buffer("std", torch.tensor([0.5, 4.0, 50.0, 2.0]))
        self.fc1, self.fc2 = nn.Linear(4, 6), nn.Linear(6, 2, bias=False)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1((x - self.mean) / self.std))) * 10 + 3


export("PyTorch scaled", Scaled(), activations=["relu", "linear"])
export("PyTorch images", nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), inputs=torch.randn(2, 2, 2), activations=["linear"])
export("PyTorch convolution", nn.Sequential(nn.Conv1d(1, 2, 2), nn.Flatten(), nn.Linear(6, 2)), inputs=torch.randn(2, 1, 4))
export("PyTorch LogSoftmax", nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1)))
export("PyTorch slope 0.2", nn.Sequential(nn.Linear(4, 3), nn.LeakyReLU(0.2), nn.Linear(3, 2)))


def normal(*shape):
    return random.normal(size=shape)


def save(name, nodes, constants, outputs, shape=("n", 4), kind=TensorProto.FLOAT, ml=False, how=None, **more):
    def tensor(key, value):
        value = np.asarray(value)
        if how == "typed" and value.dtype == np.float32:
            return helper.make_tensor(key, TensorProto.FLOAT, value.shape, value.ravel().tolist())
        return numpy_helper.from_array(value, key)

    graph = helper.make_graph(
        [helper.make_node(op, i, o, name=f"{op}_{k}", domain="ai.onnx.ml" if op in ("Scaler", "ZipMap", "ArrayFeatureExtractor") else "", **attributes)
         for k, (op, i, o, attributes) in enumerate(nodes)],
        "graph",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(*output) for output in outputs],
        [tensor(key, value) for key, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 13)] + ([helper.make_opsetid("ai.onnx.ml", 1)] if ml else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    keep(name, model.SerializeToString(), **more)


f4 = lambda array: np.asarray(array, "f4")
floats = TensorProto.FLOAT
weights = {"W0": f4(normal(4, 5)), "b0": f4(normal(1, 5)), "W1": f4(normal(5, 3)), "b1": f4(normal(1, 3))}
head = [
    ("Cast", ["x"], ["cast"], {"to": 1}),
    ("MatMul", ["cast", "W0"], ["mul"], {}),
    ("Add", ["mul", "b0"], ["add"], {}),
    ("Relu", ["add"], ["next"], {}),
    ("MatMul", ["next", "W1"], ["mul1"], {}),
    ("Add", ["mul1", "b1"], ["add1"], {}),
]
save(
    "skl2onnx classifier",
    [("Scaler", ["x"], ["variable"], {"offset": [1.0, -2.0, 3.0, 0.0], "scale": [0.5, 2.0, 0.1, 1.0]}),
     ("Cast", ["variable"], ["cast"], {"to": 1}), *head[1:],
     ("Softmax", ["add1"], ["p"], {"axis": 1}),
     ("ArgMax", ["p"], ["argmax"], {"axis": 1}),
     ("ArrayFeatureExtractor", ["classes", "argmax"], ["extracted"], {}),
     ("Reshape", ["extracted", "shape"], ["label"], {}),
     ("ZipMap", ["p"], ["probabilities"], {"classlabels_int64s": [3, 5, 9]})],
    {**weights, "classes": np.array([3, 5, 9]), "shape": np.array([-1])},
    [("label", TensorProto.INT64, ["n"]), ("p", floats, ["n", 3])],
    ml=True, activations=["relu", "softmax"], output="p",
)
save(
    "skl2onnx two classes",
    [*head[:4], ("MatMul", ["next", "V1"], ["mul1"], {}), ("Add", ["mul1", "c1"], ["add1"], {}), ("Sigmoid", ["add1"], ["share"], {}),
     ("Sub", ["unity", "share"], ["rest"], {}), ("Concat", ["rest", "share"], ["probabilities"], {"axis": 1})],
    {**{k: weights[k] for k in ("W0", "b0")}, "V1": f4(normal(5, 1)), "c1": f4(normal(1, 1)), "unity": f4(1.0)},
    [("probabilities", floats, ["n", 2])], activations=["relu", "sigmoid"], output="share",
)
save(
    "tf2onnx gelu",
    [("MatMul", ["x", "W0"], ["m"], {}), ("Add", ["m", "b0"], ["z"], {}),
     ("Mul", ["half", "z"], ["hz"], {}), ("Mul", ["z", "root"], ["zr"], {}), ("Erf", ["zr"], ["e"], {}), ("Add", ["one", "e"], ["s"], {}),
     ("Mul", ["hz", "s"], ["g"], {}), ("Identity", ["g"], ["g1"], {}), *[(op, ["g1" if i == "next" else i for i in ins], outs, a) for op, ins, outs, a in head[4:]],
     ("Softmax", ["add1"], ["p"], {"axis": -1})],
    {**weights, "half": f4(0.5), "root": f4(0.7071068), "one": f4(1)}, [("p", floats, ["n", 3])], activations=["gelu", "softmax"], how="typed",
)
save(
    "softplus and softmax in parts",
    [("Gemm", ["x", "W", "b"], ["z"], {"alpha": 0.5, "beta": 2.0, "transB": 1}), ("Exp", ["z"], ["e"], {}), ("Add", ["e", "one"], ["s"], {}), ("Log", ["s"], ["next"], {}),
     *head[4:], ("ReduceMax", ["add1"], ["most"], {"axes": [1]}), ("Sub", ["add1", "most"], ["d"], {}), ("Exp", ["d"], ["ed"], {}),
     ("ReduceSum", ["ed", "axes"], ["sum"], {}), ("Div", ["ed", "sum"], ["p"], {})],
    {"W": f4(normal(5, 4)), "b": f4(normal(5)), "one": f4(1), "axes": np.array([1]), **{k: weights[k] for k in ("W1", "b1")}},
    [("p", floats, ["n", 3])], activations=["softplus", "softmax"],
)
save(
    "a column that is turned, and one that is left out",
    [("Mul", ["x", "factor"], ["f"], {}), ("Add", ["f", "term"], ["t"], {}), *[(op, ["t" if i == "cast" else i for i in ins], outs, a) for op, ins, outs, a in head[1:]]],
    {**weights, "factor": f4([-1, 0, 2, 0.5]), "term": f4([1, 1, 1, 1])}, [("add1", floats, ["n", 3])], activations=["relu", "linear"],
)
save("float16", [("MatMul", ["x", "W"], ["y"], {})], {"W": normal(4, 3).astype("f2")}, [("y", TensorProto.FLOAT16, ["n", 3])],
     kind=TensorProto.FLOAT16, activations=["linear"], run=False)
save("float64", [("MatMul", ["x", "W"], ["m"], {}), ("Max", ["m", "zero"], ["y"], {})], {"W": normal(4, 3), "zero": np.array(0.0)},
     [("y", TensorProto.DOUBLE, ["n", 3])], kind=TensorProto.DOUBLE, activations=["relu"], run=False)

model = onnx.load_from_string(base64.b64decode(models["float64"]["file"]))
tensor = model.graph.initializer[0]
tensor.ClearField("raw_data")
tensor.data_location = TensorProto.EXTERNAL
entry = tensor.external_data.add()
entry.key, entry.value = "location", "weights.bin"
keep("external data", model.SerializeToString())
save("attention", [("MatMul", ["x", "x"], ["y"], {})], {}, [("y", floats, ["n", 4])])

json.dump({"torch": torch.__version__, "onnx": onnx.__version__, "models": models}, sys.stdout)
