"""NVIDIA DALI on the CPU, with shardify's index files. Runs in an environment without TensorFlow."""

import collections
import hashlib

import numpy as np
import pytest

from conftest import CLASSES, IMAGES, REENCODED, class_of, image_files

pytestmark = pytest.mark.dali


def read(out, features, split="train", decode=()):
    """Every record of a split as dicts of arrays; the features named in `decode` are decoded to pixels."""
    from nvidia.dali import fn, pipeline_def

    shards = out.shards(split)

    @pipeline_def(batch_size=1, num_threads=1, device_id=None)
    def pipeline():
        record = fn.readers.tfrecord(
            path=[str(shard) for shard in shards],
            index_path=[str(out.index(shard)) for shard in shards],
            features=features,
            name="reader",
        )
        return tuple(fn.decoders.image(record[key], device="cpu") if key in decode else record[key] for key in features)

    running = pipeline()
    running.build()
    count = running.epoch_size("reader")
    return [
        {key: np.array(value.at(0)) for key, value in zip(features, running.run(), strict=True)} for _ in range(count)
    ]


def scalar(kind):
    import nvidia.dali.tfrecord as tfrec

    empty = {"bytes": (tfrec.string, ""), "int": (tfrec.int64, 0), "float": (tfrec.float32, 0.0)}
    return tfrec.FixedLenFeature([] if kind == "bytes" else [1], *empty[kind])


def test_it_yields_every_record_with_its_label_and_bytes(convert):
    images = image_files()
    out = convert(IMAGES, "--max-shard", "50KB")
    assert len(out.shards()) > 2
    records = read(out, {"image": scalar("bytes"), "label": scalar("int"), "filename": scalar("bytes")})
    found = {record["filename"].tobytes().decode(): record for record in records}
    assert len(records) == len(images)
    assert found.keys() == images.keys()
    for name, record in found.items():
        assert CLASSES[record["label"].item()] == class_of(name)
        if name not in REENCODED:
            assert record["image"].tobytes() == images[name].read_bytes()


def test_it_yields_what_the_tfrecord_package_yields(convert):
    from tfrecord.reader import tfrecord_loader

    out = convert(IMAGES, "--shards", "3")
    found = collections.Counter(
        (record["label"].item(), hashlib.sha256(record["image"].tobytes()).hexdigest())
        for record in read(out, {"image": scalar("bytes"), "label": scalar("int")})
    )
    expected = collections.Counter(
        (record["label"].item(), hashlib.sha256(bytes(record["image"])).hexdigest())
        for shard in out.shards()
        for record in tfrecord_loader(str(shard), str(out.index(shard)), None, shard=(0, 1))
    )
    assert found == expected


def test_its_decoder_sees_the_recorded_size(convert):
    """It turns images by their EXIF tag, TensorFlow does not: only upright pixels without the tag suit both."""
    out = convert(IMAGES)
    features = {
        "image": scalar("bytes"), "filename": scalar("bytes"), "image/height": scalar("int"), "image/width": scalar("int"),
    }  # fmt: skip
    for record in read(out, features, decode={"image"}):
        size = record["image/height"].item(), record["image/width"].item()
        assert record["image"].shape == (*size, 3), record["filename"].tobytes()


def test_it_reads_float_rows_and_labels(convert, tmp_path):
    import nvidia.dali.tfrecord as tfrec

    x = np.random.default_rng(4).normal(size=(50, 6)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", np.arange(50))
    out = convert(tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"))
    records = read(out, {"x": tfrec.FixedLenFeature([6], tfrec.float32, 0.0), "label": scalar("int")})
    assert sorted(record["label"].item() for record in records) == list(range(50))
    for record in records:
        assert np.array_equal(record["x"].ravel(), x[record["label"].item()])
