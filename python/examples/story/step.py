"""One step of the story, in a process of its own, so that its peak memory and its errors are its own.

Started as `python -m story.step STEP RESULT.json ARGUMENTS`, with the arguments as a JSON object.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .data import COLOURS, ROW_BYTES, Data

# Before TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The model is too small for a GPU to matter, and its driver would be counted as memory.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ["KERAS_BACKEND"] = "tensorflow"


def make(data: Data) -> dict[str, Any]:
    """Makes the pictures."""
    from . import pictures

    started = time.perf_counter()
    pictures.make(data)
    sizes = [path.stat().st_size for path in data.images.glob("*/*.jpg")]
    return {"seconds": time.perf_counter() - started, "files": len(sizes), "file_bytes": sum(sizes)}


def embed(data: Data) -> dict[str, Any]:
    """Puts the array into a graph in two ways, and tells what TensorFlow says."""
    import tensorflow as tf

    if data.array_bytes >= 2**31:
        x = np.load(data.x)
    else:  # zeros, which take no memory before they are touched
        x = np.zeros((2**31 // ROW_BYTES + 1, 224, 224, 3), np.uint8)
    y = np.zeros(len(x), np.int64)

    def as_dataset() -> None:
        with tf.Graph().as_default():
            tf.data.Dataset.from_tensor_slices((x, y))

    @tf.function
    def as_constant() -> tf.Tensor:
        return tf.constant(x)[0]

    started = time.perf_counter()
    errors = {
        "tf.data.Dataset.from_tensor_slices((x, y)), in a tf.Graph": _error_of(as_dataset),
        "tf.constant(x), in a tf.function": _error_of(as_constant),
    }
    return {"seconds": time.perf_counter() - started, "x_bytes": x.nbytes, "errors": errors}


def _error_of(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except Exception as error:  # whatever it is, it is what the reader wants to see
        name = type(error).__name__
        # A tf.function puts the lines of the program before the message, and the name of the error again.
        return f"{name}: {str(error).strip().splitlines()[-1].strip().removeprefix(f'{name}: ')}"
    return None


def convert(data: Data, source: str, out: str, **options: Any) -> dict[str, Any]:
    """Makes shards of the array in memory, of its file, or of the image files."""
    from shardify import convert

    if source == "memory":
        inputs, labels = np.load(data.x), np.load(data.y)
    elif source == "npy":
        inputs, labels = data.x, data.y
    else:
        inputs, labels = data.images, None
    if "size" in options:
        options["size"] = tuple(options["size"])  # of which JSON makes a list
    started = time.perf_counter()
    report = convert(inputs, out, labels=labels, **options)
    return {"seconds": time.perf_counter() - started, "records": report.records, "bytes": report.bytes}


def train(data: Data, way: str, shards: str | None = None) -> dict[str, Any]:
    """Trains an epoch. The clock starts when TensorFlow is loaded and the model is built."""
    import keras

    from . import ways

    keras.utils.set_random_seed(0)
    model = ways.model(len(COLOURS))
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    model.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=[accuracy])
    batches: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(time.perf_counter()))

    started = time.perf_counter()
    given: tuple[Any, ...]  # keeps arrays in memory while the model trains, as a program does that has names for them
    if way == "shards":
        given = (shards,)
    elif way == "sequence":
        given = data.paths_and_labels()
    else:
        given = (np.load(data.x), np.load(data.y))
    model.fit(**getattr(ways, way)(*given), epochs=1, verbose=0, callbacks=[clock])

    samples = int(accuracy.count)  # that went through the model
    return {
        "samples": samples,
        "first_batch_seconds": batches[0] - started,
        "epoch_seconds": batches[-1] - started,
        "samples_per_second": (samples - ways.BATCH) / (batches[-1] - batches[0]) if len(batches) > 1 else None,
        "accuracy": float(accuracy.result()),
    }


def peak_bytes() -> int:
    """The most memory that this process has held at once."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    steps: dict[str, Callable[..., dict[str, Any]]] = {"make": make, "embed": embed, "convert": convert, "train": train}
    name, result_file, text = sys.argv[1:]
    arguments = json.loads(text)
    data = Data(pathlib.Path(arguments.pop("folder")), arguments.pop("rows"), arguments.pop("files"))
    result = steps[name](data, **arguments)
    pathlib.Path(result_file).write_text(json.dumps({**result, "peak_bytes": peak_bytes()}), "utf-8")
