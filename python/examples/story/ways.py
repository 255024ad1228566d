"""The ways to hand pictures and labels to Keras, as one writes them. Each returns what `model.fit` is given.

The first three are those of the field; the last reads the shards that shardify made of the same data.
"""

from __future__ import annotations

import math
import os
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from shardify.tf import dataset

BATCH = 32


def arrays(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Arrays in memory."""
    return {"x": x, "y": y, "batch_size": BATCH}


def slices(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """The same arrays as a `tf.data.Dataset`."""
    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH).prefetch(tf.data.AUTOTUNE)}


class Pictures(keras.utils.PyDataset):  # keras.utils.Sequence is its older name
    """Batches of image files, decoded and resized when they are asked for."""

    def __init__(self, paths: list[str], labels: list[int], **options: Any) -> None:
        super().__init__(**options)
        self.paths, self.labels = paths, np.array(labels)

    def __len__(self) -> int:
        return math.ceil(len(self.paths) / BATCH)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        batch = slice(index * BATCH, (index + 1) * BATCH)
        images = [Image.open(path).convert("RGB").resize((224, 224)) for path in self.paths[batch]]
        return np.stack([np.asarray(image) for image in images]), self.labels[batch]


def sequence(paths: list[str], labels: list[int]) -> dict[str, Any]:
    """Image files. Pillow decodes without holding the interpreter, so threads help; Keras starts one by default."""
    return {"x": Pictures(paths, labels, workers=os.cpu_count() or 1)}


def shards(folder: str) -> dict[str, Any]:
    """What `shardify.convert` wrote, in random order already."""
    return {"x": dataset(folder, batch_size=BATCH)}


def model(classes: int) -> keras.Model:
    """So small that the input is what takes time."""
    return keras.Sequential(
        [
            keras.Input((224, 224, 3)),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            keras.layers.Conv2D(16, 8, strides=8, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
