"""Writes pipeline.json: scikit-learn pipelines with an MLP at the end, their fitted numbers, and their predictions.

python3 test/sklearn/pipeline.py    (needs scikit-learn and pandas)
"""
import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

numbers, words = ["age", "time"], ["tree", "city"]
random = np.random.default_rng(15)


def make_rows(count, trees, cities):
    rows = pd.DataFrame({
        "age": random.normal(40, 12, count).round(1),
        "time": 1_700_000_000 + random.integers(0, 600, count) + 0.25,
        "tree": random.choice(trees, count),
        "city": random.choice(cities, count),
    })
    rows.loc[random.random(count) < 0.15, "age"] = np.nan
    rows["tree"] = rows["tree"].astype(object)
    rows.loc[random.random(count) < 0.15, "tree"] = None
    return rows


train = make_rows(80, ["ash", "oak", "yew"], ["Bonn", "Köln"])
# With categories that the training rows do not have.
test = make_rows(15, ["ash", "oak", "elm"], ["Bonn", "Rom"])
score = (train["age"].fillna(40) - 40) / 12 + (train["time"] - 1_700_000_300) / 200 + (train["tree"] == "oak") * 1.5


def make_columns():
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("words", make_pipeline(
            SimpleImputer(missing_values=None, strategy="most_frequent"),
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        ), words),
    ])


def describe(name, pipeline, model, predictions, target_scaling=None):
    columns = pipeline[0]
    imputer, scaler = columns.named_transformers_["numbers"]
    word_imputer, encoder = columns.named_transformers_["words"]
    return {
        "name": name,
        "hidden": {"identity": "linear", "logistic": "sigmoid"}.get(model.activation, model.activation),
        "output": {"identity": "linear", "logistic": "sigmoid"}.get(model.out_activation_, model.out_activation_),
        "weights": [weights.T.tolist() for weights in model.coefs_],
        "biases": [biases.tolist() for biases in model.intercepts_],
        "classes": getattr(model, "classes_", np.array([])).tolist(),
        "numberFills": imputer.statistics_.tolist(),
        "means": scaler.mean_.tolist(),
        "scales": scaler.scale_.tolist(),
        "wordFills": word_imputer.statistics_.tolist(),
        "categories": [categories.tolist() for categories in encoder.categories_],
        "targetScaling": target_scaling,
        "predictions": np.atleast_2d(predictions.T).T.tolist(),
    }


def classifier(name, labels, **options):
    pipeline = make_pipeline(make_columns(), MLPClassifier(hidden_layer_sizes=(5,), max_iter=200, random_state=1, **options))
    pipeline.fit(train, labels)
    return describe(name, pipeline, pipeline[-1], pipeline.predict_proba(test))


def regressor(name, targets, **options):
    model = TransformedTargetRegressor(MLPRegressor(hidden_layer_sizes=(6, 4), max_iter=200, random_state=2, **options), transformer=StandardScaler())
    pipeline = make_pipeline(make_columns(), model)
    pipeline.fit(train, targets)
    scaler = model.transformer_
    scaling = {"means": scaler.mean_.tolist(), "scales": scaler.scale_.tolist()}
    return describe(name, pipeline, model.regressor_, pipeline.predict(test), scaling)


cases = [
    classifier("three classes", pd.cut(score, [-99, -0.5, 1, 99], labels=["low", "middle", "high"]).astype(str), activation="tanh"),
    classifier("two classes", np.where(score > 0.3, "yes", "no"), activation="logistic"),
    regressor("one target", 250_000 + 80_000 * score, activation="relu"),
    regressor("two targets", np.stack([1e6 + 3e4 * score, 0.002 * score], axis=1), activation="tanh"),
]
rows = test.astype(object).where(test.notna(), None).to_numpy().tolist()
content = {"scikit-learn": sklearn.__version__, "columns": numbers + words, "rows": rows, "cases": cases}
text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items()) + "\n}\n"
pathlib.Path(__file__).with_name("pipeline.json").write_text(text, encoding="utf-8")
