"""A model learns from the shards, the way a user would write it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from readers import builder
from sklearn.datasets import load_digits

SPEC = {"x": tf.io.FixedLenFeature([64], tf.float32), "label": tf.io.FixedLenFeature([], tf.int64)}


@pytest.mark.filterwarnings("ignore::UserWarning")  # Keras on its own use of tf.data
def test_a_small_model_learns_handwritten_digits(convert, tmp_path):
    digits = load_digits()
    np.save(tmp_path / "x.npy", (digits.data / 16).astype("float32"))
    np.save(tmp_path / "y.npy", digits.target)
    out = convert(
        tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--split", "train=0.8,test=0.2", "--stratify",
        "--max-shard", "100KB", "--name", "digits",
    )  # fmt: skip
    assert len(out.shards("train")) > 2

    def pair(record):
        record = tf.io.parse_single_example(record, SPEC)
        return record["x"], record["label"]

    files = tf.data.Dataset.list_files(f"{out.path}/digits-train.tfrecord-*", seed=1)
    train = tf.data.TFRecordDataset(files).map(pair).shuffle(2000, seed=1).batch(32).prefetch(2)
    test = builder(out).as_dataset("test", as_supervised=True, batch_size=64)

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, epochs=12, verbose=0)
    _, accuracy = model.evaluate(test, verbose=0)
    assert accuracy > 0.9
