"""The code that `shardify snippet` prints is run as it stands, and reads what is there.

Those for PyTorch and Grain are in test_snippets_random_access.py, those for DALI in test_dali_snippets.py.
"""

import collections

import numpy as np
import pytest
import shardify as package
import tensorflow as tf
from array_rows import DTYPES, rows_of
from conftest import FOREIGN, IMAGES, shardify, shardify_json
from readers import assert_same_bits, builder, example, listed_payloads

READERS = ["tf", "tfds"]
IMAGE_OPTIONS = [
    "", "--keys slim", "--color gray", "--size 32x24", "--format raw", "--format raw --size 32x24", "--shards 3",
]  # fmt: skip


def run(code, variable="train"):
    scope = {}
    exec(code, scope)  # noqa: S102
    return scope[variable]


def snippet(path, reader, *options):
    return shardify("snippet", path, "--for", reader, *options).stdout


def as_set(pairs):
    arrays = ((int(label), np.asarray(value)) for value, label in pairs)
    return collections.Counter((label, value.shape, value.tobytes()) for label, value in arrays)


@pytest.mark.parametrize("options", IMAGE_OPTIONS)
def test_images(convert, options):
    out = convert(IMAGES, *options.split())
    expected = as_set(builder(out).as_dataset("train", as_supervised=True))
    assert expected.total() == 30
    for reader in READERS:
        assert as_set(run(snippet(out.path, reader))) == expected, reader


def test_images_of_gzip_shards_and_of_several_splits(convert):
    out = convert(IMAGES, "--compression", "gzip", "--split", "a-b=0.5,test=0.5", "--shards", "2")
    for split, variable in [("a-b", "ds"), ("test", "test")]:
        files = [example(it)["filename"][0] for it in listed_payloads(out, split)]
        found = run(snippet(out.path, "tf", "--split", split), variable)
        assert len(found) == len(list(found)) == len(files)
    assert shardify_json("snippet", out.path)["split"] == "a-b"


def test_images_without_labels(convert):
    out = convert(IMAGES / "temple")
    for reader in READERS:
        assert {record["filename"].numpy() for record in run(snippet(out.path, reader))} == {
            example(it)["filename"][0] for it in listed_payloads(out)
        }


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays(convert, tmp_path, dtype, compression):
    shapes = {"x": (2, 3), "one": (), "vector": (1,)}
    expected = {name: rows_of(dtype, shape) for name, shape in shapes.items()}
    for name, array in expected.items():
        np.save(tmp_path / f"{name}.npy", array)
    further = [option for name in shapes if name != "x" for option in ("--array", f"{name}={tmp_path / name}.npy")]
    out = convert(tmp_path / "x.npy", "--no-shuffle", "--compression", compression, *further)
    for reader in READERS if compression == "none" else ["tf"]:
        found = list(run(snippet(out.path, reader)).as_numpy_iterator())
        for name, array in expected.items():
            assert_same_bits(np.stack([record[name] for record in found]), array)


def test_shards_that_say_nothing_of_themselves():
    slim = FOREIGN / "tensorflow" / "slim"
    found = list(run(snippet(slim, "tf")))
    assert len(found) == sum(1 for _ in tf.data.TFRecordDataset(sorted(map(str, slim.glob("train-0*")))))
    assert {image.dtype for image, _ in found} == {tf.uint8}
    for reader, hint in [("tfds", "--tfds"), ("dali", "shardify index")]:
        assert hint in shardify("snippet", slim, "--for", reader, code=2).stderr


def test_what_tfds_wrote():
    folder = next(iter(FOREIGN.rglob("dataset_info.json"))).parent
    split = shardify_json("snippet", folder)["split"]
    expected = list(run(snippet(folder, "tfds"), split))
    found = list(run(snippet(folder, "tf"), split))
    assert len(found) == len(expected) > 0
    if isinstance(found[0], dict):
        assert found[0].keys() == expected[0].keys()


@pytest.mark.parametrize("reader", ["tfds", "dali", "torch", "grain"])
def test_what_cannot_be_read_is_said_with_a_way_out(convert, reader):
    out = convert(IMAGES, "--compression", "gzip")
    stderr = shardify("snippet", out.path, "--for", reader, code=2).stderr
    assert "compressed (gzip), which" in stderr
    assert "--for tf" in stderr
    assert f"shardify reshard {out.path} OUT" in stderr


def test_what_is_not_there(convert, tmp_path):
    out = convert(IMAGES)
    assert "its splits are train" in shardify("snippet", out.path, "--split", "val", code=2).stderr
    shardify("snippet", tmp_path / "nothing", code=2)


def test_the_package_gives_what_the_command_prints(convert):
    out = convert(IMAGES, "--shards", "2")
    for reader in ["tf", "tfds", "dali", "torch", "grain"]:
        assert package.snippet(out.path, reader) == shardify("snippet", out.path, "--for", reader).stdout
    assert package.snippet(out.path, split="train") == shardify("snippet", out.path).stdout
    with pytest.raises(package.OptionsError, match="'flax' is none of|\"flax\" is none of"):
        package.snippet(out.path, "flax")
    with pytest.raises(package.OptionsError, match="its splits are train"):
        package.snippet(out.path, split="val")
