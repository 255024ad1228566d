"""NumPy arrays: every dtype, byte order, memory order and shape comes back bit for bit through TensorFlow and TFDS."""

import numpy as np
import pytest
import tensorflow as tf
from array_rows import DTYPES, FLOAT_BITS, rows_of, swapped, values
from readers import assert_same_bits, builder, columns, example, payloads, rows


def assert_rows(out, name, expected, split="train"):
    """`name` holds the rows of `expected` in order, for TFDS and for plain tf.data."""
    through_tfds = [row[name] for row in rows(out, split)]
    through_tf = columns(out, split)[name]
    assert len(through_tfds) == len(through_tf) == len(expected)
    for tfds_row, tf_row, row in zip(through_tfds, through_tf, expected, strict=True):
        assert_same_bits(tfds_row, row)
        assert_same_bits(tf_row, row)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_come_back_bit_for_bit(convert, tmp_path, dtype, endian, order):
    expected = rows_of(dtype, (2, 3))
    stored = swapped(expected) if endian == "big" else expected
    np.save(tmp_path / "x.npy", np.array(stored, order=order, copy=True))
    out = convert(tmp_path / "x.npy", "--no-shuffle")
    assert_rows(out, "x", expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_every_rank_come_back_as_columns(convert, tmp_path, dtype):
    shapes = {"x": (), "vector": (3,), "one": (1,), "cube": (1, 2, 3)}
    expected = {name: rows_of(dtype, shape) for name, shape in shapes.items()}
    for name, array in expected.items():
        np.save(tmp_path / f"{name}.npy", array)
    further = [option for name in shapes if name != "x" for option in ("--array", f"{name}={tmp_path / name}.npy")]
    out = convert(tmp_path / "x.npy", "--no-shuffle", *further)
    for name, array in expected.items():
        assert_rows(out, name, array)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_header_version(convert, tmp_path, version):
    array = rows_of("float32", (4,))
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)
    assert_rows(convert(tmp_path / "x.npy", "--no-shuffle"), "x", array)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32", "uint64"])
def test_integer_labels_are_classes(convert, tmp_path, dtype):
    x, y = rows_of("float32", (3,), 9), np.arange(9).astype(dtype) % 3
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    out = convert(tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--no-shuffle")
    label = builder(out).info.features["label"]
    assert (label.num_classes, label.dtype) == (3, np.int64)
    pairs = list(builder(out).as_dataset("train", as_supervised=True, shuffle_files=False))
    assert [int(target) for _, target in pairs] == y.tolist()
    for (row, _), expected in zip(pairs, x, strict=True):
        assert_same_bits(row.numpy(), expected)


def test_float_labels_are_targets_of_a_regression(convert, tmp_path):
    x, y = rows_of("float32", (3,)), np.linspace(-1, 1, 6, dtype="float32")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    out = convert(tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--no-shuffle")
    pairs = list(builder(out).as_dataset("train", as_supervised=True, shuffle_files=False))
    assert_same_bits(np.array([target.numpy() for _, target in pairs]), y)


def test_shuffled_rows_keep_their_labels_and_columns(convert, tmp_path):
    count = 500
    x = np.random.default_rng(1).normal(size=(count, 5)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", np.arange(count) % 7)
    np.save(tmp_path / "row.npy", np.arange(count))
    out = convert(
        tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--array", f"row={tmp_path / 'row.npy'}",
        "--max-shard", "10KB", "--seed", "3",
    )  # fmt: skip
    assert len(out.shards()) > 2
    found = rows(out)
    order = [int(record["row"]) for record in found]
    assert sorted(order) == list(range(count))
    assert order != sorted(order)
    for record in found:
        assert record["label"] == record["row"] % 7
        assert_same_bits(record["x"], x[record["row"]])


def test_sharded_rows_stay_in_order_on_request(convert, tmp_path):
    x = np.arange(3000, dtype="int64").reshape(1000, 3)
    np.save(tmp_path / "x.npy", x)
    out = convert(tmp_path / "x.npy", "--no-shuffle", "--max-shard", "5KB")
    assert len(out.shards()) > 5
    assert_same_bits(np.array(columns(out)["x"]), x)


def test_archive_of_train_and_test_becomes_splits(convert, tmp_path):
    arrays = {
        "x_train": rows_of("uint8", (4, 4), 8),
        "y_train": np.arange(8) % 2,
        "x_test": rows_of("uint8", (4, 4), 3)[::-1],
        "y_test": np.array([1, 0, 1]),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / f"{save.__name__}.npz", **arrays)
        out = convert(tmp_path / f"{save.__name__}.npz", "--no-shuffle")
        assert sorted(out.splits) == ["test", "train"]
        for split in out.splits:
            assert_rows(out, "x", arrays[f"x_{split}"], split)
            assert [int(row["label"]) for row in rows(out, split)] == arrays[f"y_{split}"].tolist()


@pytest.mark.parametrize("shape", [(9, 7, 3), (9, 7, 1), (9, 7)])
def test_uint8_images_become_png(convert, tmp_path, shape):
    pixels = np.random.default_rng(2).integers(0, 256, (5, *shape), dtype=np.uint8)
    np.save(tmp_path / "x.npy", pixels)
    np.save(tmp_path / "y.npy", np.arange(5))
    out = convert(tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--format", "png", "--no-shuffle")
    pairs = list(builder(out).as_dataset("train", as_supervised=True, shuffle_files=False))
    key = out.info["supervisedKeys"]["tuple"]["items"][0]["featureKey"]
    assert [int(label) for _, label in pairs] == list(range(5))
    for (image, _), expected, payload in zip(pairs, pixels, payloads(out), strict=True):
        assert np.array_equal(image.numpy().reshape(shape), expected)
        stored = example(payload)[key][0]
        assert stored.startswith(b"\x89PNG")
        assert np.array_equal(tf.io.decode_png(stored).numpy().reshape(shape), expected)
