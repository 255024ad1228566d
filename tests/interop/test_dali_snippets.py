"""The code that `shardify snippet --for dali` prints is run as it stands, in an environment without TensorFlow."""

import collections

import numpy as np
import pytest

from conftest import IMAGES, shardify

pytestmark = pytest.mark.dali

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()


def batches(path):
    """What the code reads: tuples of arrays, one a record."""
    code = shardify("snippet", path, "--for", "dali").stdout
    scope = {}
    exec(code, scope)  # noqa: S102
    found = []
    for _ in range(scope["batches"]):
        outputs = scope["train"].run()
        found += zip(*([np.array(output.at(row)) for row in range(len(output))] for output in outputs), strict=True)
    return found[: scope["train"].epoch_size("reader")]


@pytest.mark.parametrize(
    ("options", "channels"),
    [
        ("", 3),
        ("--keys slim", 3),
        ("--color gray", 1),
        ("--size 32x24", 3),
        ("--format raw --color rgb", 3),
        ("--format raw --color rgb --size 32x24", 3),
        ("--shards 3", 3),
    ],
)
def test_images(convert, options, channels):
    out = convert(IMAGES, *options.split())
    found = batches(out.path)
    assert len(found) == 30
    assert collections.Counter(label.item() for _, label in found).total() == 30
    assert {image.ndim for image, _ in found} == {3}
    assert {image.shape[2] for image, _ in found} == {channels}
    if "--size" in options:
        assert {image.shape[:2] for image, _ in found} == {(24, 32)}


def test_images_without_labels(convert):
    assert len(batches(convert(IMAGES / "temple").path)) == 6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), (5,)])
def test_arrays(convert, tmp_path, dtype, shape):
    expected = np.arange(12 * 6).reshape(12, 6)[:, : int(np.prod(shape))].reshape(12, *shape)
    expected = (expected % 2 if dtype == "bool" else expected).astype(dtype)
    if dtype == "uint64":
        expected += np.uint64(1 << 63)
    np.save(tmp_path / "x.npy", expected)
    found = [row for (row,) in batches(convert(tmp_path / "x.npy").path)]
    assert {row.dtype for row in found} == {expected.dtype}
    assert {row.shape for row in found} == {shape or (1,)}
    assert sorted(row.tobytes() for row in found) == sorted(row.tobytes() for row in expected)
