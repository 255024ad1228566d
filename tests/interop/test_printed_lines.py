"""The lines that `convert` prints for pasting into Python do read what it wrote."""

import textwrap

import numpy as np
import pytest

from conftest import IMAGES, shardify


def lines_for_python(stdout):
    _, _, after = stdout.partition("Python:\n")
    block = after.strip("\n").split("\n\n")[0]
    assert "import tensorflow" in block, stdout
    return textwrap.dedent(block)


def run(*args):
    """Converts, then does as the user is told; the number of records of the split `train`."""
    done = shardify("convert", *args)
    scope = {}
    exec(lines_for_python(done.stdout), scope)  # noqa: S102
    return sum(1 for _ in scope["train"])


@pytest.mark.parametrize(
    "options",
    ["", "--compression gzip", "--keys slim", "--keys slim --compression gzip", "--format raw", "--format raw --compression gzip",
     "--format raw --size 32x32 --color gray", "--color gray"],
)  # fmt: skip
def test_for_images(tmp_path, images, options):
    assert run(IMAGES, tmp_path / "it's out", *options.split()) == len(images)


@pytest.mark.parametrize("options", ["", "--compression gzip"])
def test_for_images_without_labels(tmp_path, options):
    assert run(IMAGES / "temple", tmp_path / "out", *options.split()) == 6


@pytest.mark.parametrize("options", ["", "--compression gzip"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"])
def test_for_arrays(tmp_path, dtype, options):
    np.save(tmp_path / "x.npy", np.ones((7, 2, 3), dtype))
    np.save(tmp_path / "one.npy", np.ones(7, dtype))
    np.save(tmp_path / "y.npy", np.arange(7))
    labels = ["--labels", tmp_path / "y.npy", "--array", f"one={tmp_path / 'one.npy'}"]
    assert run(tmp_path / "x.npy", tmp_path / "out", *labels, *options.split()) == 7


def test_for_an_array_under_another_name(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((7, 2), "float32"))
    np.save(tmp_path / "y.npy", np.arange(7))
    assert run(tmp_path / "x.npy", tmp_path / "out", "--labels", tmp_path / "y.npy", "--feature", "pixels") == 7
