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


class Normalized(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn0, self.fc1, self.bn1 = nn.BatchNorm1d(4), nn.Linear(4, 6), nn.BatchNorm1d(6)
        self.fc2, self.bn2, self.fc3 = nn.Linear(6, 5), nn.BatchNorm1d(5, eps=1e-3), nn.Linear(5, 3)
        for bn in (self.bn0, self.bn1, self.bn2):
            nn.init.normal_(bn.weight)
            nn.init.normal_(bn.bias)
            bn.running_mean.normal_()
            bn.running_var.uniform_(0.2, 3)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(self.bn0(x))))
        return torch.softmax(self.fc3(nn.functional.dropout(self.bn2(torch.tanh(self.fc2(x))), 0.2, self.training)), 1)


export("PyTorch batch normalization", Normalized(), activations=["relu", "tanh", "softmax"])
export("PyTorch gelu by tanh", nn.Sequential(nn.Linear(4, 5), nn.GELU(approximate="tanh"), nn.Linear(5, 3)))


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

# BatchNormalization before and after the activation, with Dropout and Identity, and constants that are nodes.
statistics = {f"{n}{k}": f4(v) for k, size in ((0, 5), (1, 5)) for n, v in
              (("scale", normal(size)), ("shift", normal(size)), ("mean", normal(size)), ("var", random.uniform(0.3, 2, size)))}
batch = lambda k, x, y: ("BatchNormalization", [x, f"scale{k}", f"shift{k}", f"mean{k}", f"var{k}"], [y], {"epsilon": 0.01})
save(
    "batch normalization on both sides",
    [("MatMul", ["x", "W0"], ["m"], {}), ("Add", ["b0", "m"], ["a"], {}), batch(0, "a", "n"), ("Relu", ["n"], ["r"], {}), batch(1, "r", "n1"),
     ("Dropout", ["n1"], ["d"], {}), ("Identity", ["d"], ["next"], {}), ("MatMul", ["next", "W1"], ["mul1"], {}),
     ("Constant", [], ["c"], {"value_floats": [1.0, 2.0, 3.0]}), ("Add", ["c", "mul1"], ["add1"], {}), ("Sigmoid", ["add1"], ["p"], {})],
    {**weights, **statistics}, [("p", floats, ["n", 3])], activations=["relu", "sigmoid"],
)
save(
    "a scaling between layers",
    [("Reshape", ["x", "rows"], ["flat"], {}), ("Gemm", ["flat", "G0", "g0"], ["z"], {"alpha": 2.0, "beta": 0.5, "transB": 0}),
     ("Constant", [], ["two"], {"value_float": 2.0}), ("Mul", ["two", "z"], ["z2"], {}), ("Tanh", ["z2"], ["t"], {}),
     ("Sub", ["one", "t"], ["s"], {}), ("Div", ["s", "by"], ["next"], {}), *head[4:]],
    {**weights, "G0": f4(normal(4, 5)), "g0": f4(normal(5)), "one": f4(1), "by": f4([1, 2, -3, 4, 5]), "rows": np.array([-1, 4])},
    [("add1", floats, ["n", 3])], activations=["tanh", "linear"],
)
save(
    "batch normalization of the outputs",
    [("MatMul", ["x", "W0"], ["m"], {}), batch(0, "m", "y")], {"W0": weights["W0"], **{k: v for k, v in statistics.items() if k.endswith("0")}},
    [("y", floats, ["n", 5])], activations=["linear"],
)
save("batch normalization in training",
     [("MatMul", ["x", "W0"], ["m"], {}), ("BatchNormalization", ["m", "scale0", "shift0", "mean0", "var0"], ["y", "mean1", "var1"], {"training_mode": 1})],
     {"W0": weights["W0"], **{k: v for k, v in statistics.items() if k.endswith("0")}}, [("y", floats, ["n", 5])])
save("batch normalization of another size",
     [("MatMul", ["x", "W0"], ["m"], {}), batch(0, "m", "y")],
     {"W0": weights["W0"], **{f"{k}0": f4(normal(3)) for k in ("scale", "shift", "mean", "var")}}, [("y", floats, ["n", 5])])
save("batch normalization with a negative variance",
     [("MatMul", ["x", "W0"], ["m"], {}), batch(0, "m", "y")],
     {"W0": weights["W0"], **{k: v for k, v in statistics.items() if k.endswith("0")}, "var0": f4([1, 1, -2, 1, 1])}, [("y", floats, ["n", 5])])
save("Gelu by tanh", [("MatMul", ["x", "W0"], ["m"], {}), ("Gelu", ["m"], ["y"], {"approximate": "tanh"})],
     {"W0": weights["W0"]}, [("y", floats, ["n", 5])])
save("samples in columns", [("Gemm", ["x", "W"], ["y"], {"transA": 1})], {"W": f4(normal(4, 5))}, [("y", floats, ["n", 5])])
save("layer normalization", [("MatMul", ["x", "W0"], ["m"], {}), ("LayerNormalization", ["m", "scale0"], ["y"], {})],
     {"W0": weights["W0"], "scale0": statistics["scale0"]}, [("y", floats, ["n", 5])])

# What skl2onnx writes for classes that are texts, without ZipMap, and for MLPRegressor.
save(
    "skl2onnx texts",
    [*head, ("Softmax", ["add1"], ["probabilities"], {"axis": 1}), ("ArgMax", ["probabilities"], ["argmax"], {"axis": 1}),
     ("ArrayFeatureExtractor", ["classes", "argmax"], ["extracted"], {}), ("Reshape", ["extracted", "shape"], ["label"], {})],
    {**weights, "classes": np.array(["oak", "elm", "ash"], object), "shape": np.array([-1])},
    [("label", TensorProto.STRING, ["n"]), ("probabilities", floats, ["n", 3])], ml=True, activations=["relu", "softmax"], output="probabilities", run=False,
)
save(
    "skl2onnx regressor",
    [*head[:4], ("MatMul", ["next", "V1"], ["mul1"], {}), ("Add", ["mul1", "c1"], ["add1"], {}), ("Reshape", ["add1", "column"], ["variable"], {})],
    {**{k: weights[k] for k in ("W0", "b0")}, "V1": f4(normal(5, 1)), "c1": f4(normal(1)), "column": np.array([-1, 1])},
    [("variable", floats, ["n", 1])], activations=["relu", "linear"],
)
save("skl2onnx pipeline with words",
     [("OneHotEncoder", ["x"], ["hot"], {"cats_strings": ["a", "b", "c", "d"]}), *[(op, ["hot" if i == "cast" else i for i in ins], outs, a) for op, ins, outs, a in head[1:]]],
     weights, [("add1", floats, ["n", 3])])

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
