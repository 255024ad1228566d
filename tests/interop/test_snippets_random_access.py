"""The code that `shardify snippet` prints for PyTorch and Grain is run as it stands, and reads what is there.

PyTorch's cases run in an environment without TensorFlow, Grain's beside it.
"""

import collections
import subprocess
import sys

import numpy as np
import pytest
from array_rows import DTYPES, rows_of
from conftest import CLASSES, IMAGES, class_of, image_files, shardify

READERS = [pytest.param("torch", marks=pytest.mark.torch), "grain"]
IMAGE_OPTIONS = [
    "", "--keys slim", "--color gray", "--size 32x24", "--format raw", "--format raw --size 32x24", "--shards 3",
]  # fmt: skip

# A script of its own, as PyTorch's workers want one. A pair is told by its label, a dict by its file name or array.
TELL = """
import numpy as np
for batch in train:
    if isinstance(batch, dict):
        values = batch["filename"] if "filename" in batch else batch["x"]
    else:
        inputs, values = batch
        assert len(inputs) == len(values)
    for value in values:
        print(value if isinstance(value, str) else np.asarray(value).tobytes().hex())
"""


def told(path, reader):
    """What the code yields, one line a record, however often each comes."""
    code = shardify("snippet", path, "--for", reader).stdout + TELL
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, code + done.stderr[-3000:]
    return collections.Counter(done.stdout.splitlines())


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("options", IMAGE_OPTIONS)
def test_images(convert, reader, options):
    out = convert(IMAGES, *options.split())
    first = out.manifest["label_offset"]
    labels = [first + CLASSES.index(class_of(name)) for name in image_files()]
    assert told(out.path, reader) == collections.Counter(np.int64(label).tobytes().hex() for label in labels)


@pytest.mark.parametrize("reader", READERS)
def test_images_without_labels(convert, reader):
    out = convert(IMAGES / "temple")
    assert told(out.path, reader) == collections.Counter(list(image_files(IMAGES / "temple")))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays(convert, tmp_path, reader, dtype):
    expected = rows_of(dtype, (2, 3))
    np.save(tmp_path / "x.npy", expected)
    out = convert(tmp_path / "x.npy")
    assert told(out.path, reader) == collections.Counter(row.tobytes().hex() for row in expected)
