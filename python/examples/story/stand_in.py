"""Stands in for `shardify.convert` and `shardify.tf.dataset` until the module has them; then this file goes."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tempfile
import types
from typing import Any

import numpy as np


def convert(inputs: Any, out: Any, *, labels: Any = None, size: Any = None, **options: Any) -> types.SimpleNamespace:
    """Through the command."""
    with tempfile.TemporaryDirectory(dir=pathlib.Path(out).parent) as folder:
        if isinstance(inputs, np.ndarray):
            np.save(f"{folder}/x.npy", inputs)
            np.save(f"{folder}/y.npy", labels)
            inputs, labels = f"{folder}/x.npy", f"{folder}/y.npy"
        if size:
            options["size"] = f"{size[0]}x{size[1]}"
        command = [os.environ.get("SHARDIFY_BIN", "shardify"), "convert", inputs, out, "--json", "--quiet"]
        command += ["--labels", labels] if labels else []
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return types.SimpleNamespace(**json.loads(done.stdout))


def dataset(folder: str, split: str = "train", *, batch_size: int) -> Any:
    """With `tf.data` alone."""
    import tensorflow as tf

    manifest = json.loads((pathlib.Path(folder) / "shardify.json").read_text("utf-8"))
    image = next(field for field in manifest["schema"] if field["key"] in ("x", "image"))
    features = {image["key"]: tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}

    def parse(record: Any) -> Any:
        example = tf.io.parse_single_example(record, features)
        if image["role"] == "image":
            value = tf.io.decode_jpeg(example[image["key"]], channels=3)
        else:
            value = tf.io.decode_raw(example[image["key"]], tf.uint8)
        return tf.reshape(value, image["shape"]), example["label"]

    (shards,) = [entry["shards"] for entry in manifest["splits"] if entry["name"] == split]
    records = tf.data.TFRecordDataset([f"{folder}/{shard['name']}" for shard in shards], num_parallel_reads=2)
    records = records.apply(tf.data.experimental.assert_cardinality(sum(shard["records"] for shard in shards)))
    return records.map(parse, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size).prefetch(tf.data.AUTOTUNE)
