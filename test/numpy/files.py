"""Files as NumPy writes them, with the values that they hold: `python3 test/numpy/files.py > test/numpy/files.json`."""

import base64
import gzip
import io
import json
import zipfile

import numpy as np


def saved(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return base64.b64encode(file.getvalue()).decode()


def zipped(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return base64.b64encode(file.getvalue()).decode()


def zipped64(save, **named):
    """An archive with the records of zip64, which Python writes for sizes of 2 GiB and more: the limit is lowered."""
    limit = zipfile.ZIP64_LIMIT
    zipfile.ZIP64_LIMIT = 100
    try:
        return zipped(save, **named)
    finally:
        zipfile.ZIP64_LIMIT = limit


def gzipped(text):
    return base64.b64encode(gzip.compress(base64.b64decode(text), mtime=0)).decode()


def entry(array):
    return {"file": saved(array), "shape": list(array.shape), "values": array.ravel().tolist()}


grid = np.arange(6).reshape(2, 3) - 2
arrays = {
    f"{order}{kind}": (grid * 1.25 if kind.startswith("f") else np.abs(grid) if kind.startswith("u") else grid).astype(order + kind)
    for order in "<>"
    for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
}
arrays["float16 at its ends"] = np.array([65504, 6e-8, 6.1e-5, -0.0, 0.333], "f2")
arrays["truth values"] = np.array([True, False])
arrays["Fortran order"] = np.asfortranarray(np.arange(24, dtype="f8").reshape(2, 3, 4))
arrays["texts"] = np.array(["reed", "", "größe 😀", "a b"])
arrays["big-endian texts"] = np.array(["reed", "sedge"]).astype(">U7")
arrays["bytes"] = np.array([b"reed", "größe".encode(), b"x"])
arrays["texts in Fortran order"] = np.asfortranarray(np.array([["a", "b", "c"], ["d", "e", "f"]]))
arrays["no values"] = np.zeros((0, 3), "f4")
arrays["one number"] = np.array(3.5)

random = np.random.default_rng(1)
x = random.normal(size=(12, 3))
y = np.arange(12) % 3
times = 1.6e9 + np.arange(12).reshape(12, 1) * 0.5
text = np.array(["low", "mid", "high"])[y]
many = np.tile(x, (50, 1))

json.dump(
    {
        "numpy": np.__version__,
        "arrays": {
            name: entry(array)
            if array.dtype.kind != "S"
            else {"file": saved(array), "shape": list(array.shape), "values": [one.decode() for one in array.ravel()]}
            for name, array in arrays.items()
        },
        "objects": saved(np.array(["a", 1], dtype=object), allow_pickle=True),
        "complex": saved(np.array([1j])),
        "times": saved(np.array(["2024-01-01"], dtype="M8[D]")),
        "archives": {
            "stored": zipped(np.savez, x=x, y=y),
            "deflated": zipped(np.savez_compressed, X=many, y=np.tile(text, 50)),
            "keras": zipped(
                np.savez_compressed,
                x_train=(np.abs(x) * 100).astype("u1").reshape(12, 3, 1),
                y_train=y.astype("u1").reshape(12, 1) + 3,
                x_test=(np.abs(x[:4]) * 100).astype("u1").reshape(4, 3, 1),
                y_test=y[:4].astype("u1").reshape(4, 1) + 3,
            ),
            "zip64": zipped64(np.savez, x=x, y=y),
            "zip64 deflated": zipped64(np.savez_compressed, x=x, y=y),
            "gzipped": gzipped(zipped(np.savez, x=x, y=y)),
            "positional": zipped(np.savez, x, y),
            "regression": zipped(np.savez, data=times, target=times[:, 0] / 1e9),
            "other names": zipped(np.savez, a=x, b=y),
            "objects": zipped(np.savez, x=x, y=np.array(["a", 1] * 6, dtype=object)),
        },
        "x": x.tolist(),
        "labels": y.tolist(),
    },
    __import__("sys").stdout,
    ensure_ascii=False,
)
