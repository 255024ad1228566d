"""What `export` writes: arrays as TensorFlow reads the records, images as TFDS yields them."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from readers import example

from conftest import FOREIGN, IMAGES, Output, image_files, shardify, shardify_json

SETS = json.loads((FOREIGN / "expected.json").read_text("utf-8"))


def arrays(folder):
    """Every array below a folder by its relative path; `np.load` allows no pickles."""
    return {path.relative_to(folder).as_posix(): np.load(path) for path in sorted(folder.rglob("*.npy"))}


@pytest.mark.parametrize("options", [(), ("--no-shuffle",), ("--shards", "3", "--seed", "9"), ("--compression", "gzip")], ids=" ".join)
def test_arrays_come_back_as_numpy_saved_them(tmp_path, options):
    generator = np.random.default_rng(3)
    saved = {
        "x": generator.integers(0, 255, (50, 4, 3), np.uint8),
        "half": generator.standard_normal((50, 2)).astype(np.float16),
        "single": generator.standard_normal(50).astype(np.float32),
        "double": generator.standard_normal((50, 1)),
        "wide": generator.integers(0, 2**64 - 1, (50,), np.uint64),
        "mask": generator.integers(0, 2, (50, 5)).astype(bool),
        "label": generator.integers(0, 4, 50),
    }
    for name, array in saved.items():
        np.save(tmp_path / f"{name}.npy", array)
    more = [item for name in saved if name not in ("x", "label") for item in ("--array", f"{name}={tmp_path / name}.npy")]
    shards, out = tmp_path / "shards", tmp_path / "out"
    shardify("convert", tmp_path / "x.npy", shards, "--labels", tmp_path / "label.npy", "-q", *more, *options)
    shardify("export", shards, out)
    found = arrays(out)
    assert found.keys() == {f"{name}.npy" for name in saved}
    for name, array in saved.items():
        assert found[f"{name}.npy"].dtype == array.dtype
        assert np.array_equal(found[f"{name}.npy"], array), name
        assert (out / f"{name}.npy").read_bytes() == (tmp_path / f"{name}.npy").read_bytes(), name


def test_numbers_of_foreign_shards_are_those_that_tensorflow_reads(tmp_path):
    name = "img2dataset/data"
    shards = [str(FOREIGN / name / shard) for entry in SETS[name]["splits"] for shard in entry["shards"]]
    rows = [example(record.numpy()) for record in tf.data.TFRecordDataset(shards)]
    keys = [feature["key"] for feature in SETS[name]["features"] if feature["kind"] == "int64"]
    shardify("export", FOREIGN / name, tmp_path / "out", *[item for key in keys for item in ("--feature", key)])
    found = arrays(tmp_path / "out")
    assert found.keys() == {f"{key}.npy" for key in keys}
    for key in keys:
        assert found[f"{key}.npy"].tolist() == [row[key][0] for row in rows]


def test_images_are_the_bytes_that_tfds_yields(tmp_path):
    folder = FOREIGN / "tfds/tiny_pictures/1.0.0"
    shardify("export", folder, tmp_path / "out")
    builder = tfds.builder_from_directory(str(folder))
    names = builder.info.features["label"].names
    wanted = []
    for split in builder.info.splits:
        read = builder.as_dataset(split=split, decoders={"image": tfds.decode.SkipDecoding()})
        wanted += [(split, names[int(row["label"])], row["image"].numpy()) for row in read]
    found = [(*path.relative_to(tmp_path / "out").parts[:2], path.read_bytes()) for path in (tmp_path / "out").rglob("*.*")]
    assert sorted(found) == sorted(wanted)


def test_a_folder_of_images_comes_back(convert, tmp_path):
    made = convert(IMAGES, "--split", "train=0.7,test=0.3")
    report = shardify_json("export", made.path, tmp_path / "out")
    found = image_files(tmp_path / "out")
    assert report["files"] == len(found)
    for split in made.splits:
        for row in tfds.builder_from_directory(str(made.path)).as_dataset(split=split, decoders={"image": tfds.decode.SkipDecoding()}):
            name = f"{split}/{row['filename'].numpy().decode()}"
            path = found.pop(name, None) or found.pop(f"{name}.png")
            assert path.read_bytes() == row["image"].numpy()
    assert not found
    assert Output(made.path).manifest["skipped"] == 0
