"""Verbs from Python, with every option, on data that TensorFlow wrote or reads."""

import collections
import json

import numpy as np
import pytest
import shardify as wheel
import tensorflow as tf
from readers import builder, example, listed_payloads, payloads
from wheel_rows import feature, flip, foreign, numbers, record  # noqa: F401

from conftest import CLASSES, IMAGES, Output, image_files


# --- inspect


def test_inspect_knows_classes_images_and_splits(convert):
    source = convert(IMAGES, "--split", "train=0.8,test=0.2", "--max-shard", "60kB")
    report = wheel.inspect(source.path, threads=1)
    assert (report.records, report.ok, list(report.splits)) == (30, True, ["train", "test"])
    assert report.class_names == CLASSES
    per_class = collections.Counter(CLASSES.index(name.split("/")[0]) for name in image_files())
    assert {one.label: one.records for one in report.classes} == per_class
    image = report.features["image"]
    assert (image.kind, image.role, image.missing, image.images.unreadable) == ("bytes", "image", 0, 0)
    decoded = [tf.io.decode_image(example(payload)["image"][0]).shape for payload in listed_payloads(source)]
    for name, sizes in zip(("height", "width", "channels"), zip(*decoded)):
        assert getattr(image.images, name) == (min(sizes), max(sizes))
    label = report.features["label"]
    assert (label.range, label.values, label.role, label.details["classes"]) == ((0, 3), (1, 1), "class_label", 4)
    train = report.splits["train"]
    assert train.shards == len(source.shards("train")) > 1
    sizes = sorted(shard.stat().st_size for shard in source.shards("train"))
    assert (train.bytes, train.shard_bytes.least, train.shard_bytes.largest) == (sum(sizes), sizes[0], sizes[-1])
    text = str(report)
    for part in ("30 records", "train", "test", "images (jpeg", *CLASSES):
        assert part in text, text


def test_inspect_shows_records(foreign):
    shard = foreign / "rows-train.tfrecord-00001-of-00002"
    (shown,) = wheel.inspect(shard, record=7).shown
    assert (shown.record, shown.shard, shown.bytes, shown.fault) == (7, str(shard), len(record(27)), None)
    assert {one.key: one.text for one in shown.features}["number"] == "27"
    values = {one.key: one.value for one in shown.features}
    assert values == {"label": 0, "number": 27, "score": 6.75, "source": None}
    shown = wheel.inspect([foreign], records=3).shown
    assert [{one.key: one.text for one in of.features}["source"] for of in shown] == ['"web"', '"scan"', '"web"']
    assert '"scan"' in str(wheel.inspect(foreign, records=2))


def test_inspect_shows_lists_of_numbers(tmp_path):
    lists = {
        "none": tf.train.Feature(int64_list=tf.train.Int64List(value=[])),
        "some": tf.train.Feature(int64_list=tf.train.Int64List(value=[3, -(2**63)])),
        "odd": tf.train.Feature(float_list=tf.train.FloatList(value=[float("inf"), 0.1, 1e-30])),
        "many": tf.train.Feature(float_list=tf.train.FloatList(value=range(9))),
    }
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(tf.train.Example(features=tf.train.Features(feature=lists)).SerializeToString())
    (shown,) = wheel.inspect(tmp_path, records=1).shown
    values = {one.key: one.value for one in shown.features}
    assert values["none"] == [] and values["some"] == [3, -(2**63)] and values["many"] is None
    assert np.array_equal(np.float32(values["odd"]), np.float32([float("inf"), 0.1, 1e-30]))


def test_inspect_of_foreign_records_and_of_several_data_sets(foreign, convert):
    report = wheel.inspect(foreign)
    assert report.dataset.described_by == "records"
    found = report.features
    assert (found["number"].range, found["score"].range, found["score"].nan) == ((0, 59), (0.0, 14.75), 0)
    assert (found["note"].missing, found["note"].records, found["note"].length) == (48, 12, (11, 11))
    both = wheel.inspect([foreign, convert(IMAGES).path])
    assert [one.records for one in both.datasets] == [60, 30] and both.records == 90
    with pytest.raises(ValueError, match="2 data sets"):
        both.splits  # noqa: B018


def test_inspect_goes_on_after_damage(foreign):
    flip(foreign / "rows-train.tfrecord-00000-of-00002", record(3))
    (foreign / "rows-train.tfrecord-00002-of-00003").symlink_to(foreign / "nowhere")
    report = wheel.inspect(foreign)
    assert (report.dataset.damaged, report.records, report.ok) == (1, 59, False)
    (error,) = report.unreadable
    assert isinstance(error, wheel.Error) and error.path.endswith("00002-of-00003")


# --- index


def offsets(count, first=0):
    """Where records lie, by their lengths."""
    at, lines = 0, []
    for number in range(first, first + count):
        length = len(record(number)) + 16
        lines.append(f"{at} {length}\n")
        at += length
    return "".join(lines)


def test_index_writes_what_readers_look_for(foreign):
    report = wheel.index(foreign, check=True, tfindex=True, manifest=True, tfds=True, threads=2)
    assert (report.ok, report.records, len(report.shards)) == (True, 60, 3)
    assert report.bytes == sum(shard.bytes for shard in report.shards)
    shard = next(one for one in report.shards if one.path.endswith("train.tfrecord-00001-of-00002"))
    assert [file.outcome for file in shard.indexes] == ["written", "written"]
    for file in shard.indexes:
        with open(file.path, encoding="utf-8") as lines:
            assert lines.read() == offsets(20, 20)
    assert any(file.path.endswith(".tfindex") for file in shard.indexes)
    written = {file.path.rsplit("/", 1)[1] for file in report.files}
    assert {"shardify.json", "dataset_info.json", "features.json"} <= written
    splits = builder(Output(foreign)).info.splits
    assert {name: split.num_examples for name, split in splits.items()} == {"train": 40, "test": 20}
    again = wheel.index(foreign, tfindex=True)
    assert {file.outcome for shard in again.shards for file in shard.indexes} == {"up-to-date"}


def test_index_replaces_only_when_asked(foreign):
    (first, *_) = wheel.index(foreign).shards
    index = first.indexes[0].path
    with open(index, "w", encoding="utf-8") as file:
        file.write("0 1\n")
    report = wheel.index(foreign)
    (error,) = report.failures
    assert not report.ok and isinstance(error, wheel.OutputError) and error.path == index
    assert "overwrite=True" in error.hint
    assert len(report.shards) == 2
    report = wheel.index(foreign, overwrite=True)
    assert report.ok and "replaced" in {file.outcome for shard in report.shards for file in shard.indexes}


def test_index_reports_damage_and_goes_on(foreign):
    shard = foreign / "rows-train.tfrecord-00000-of-00002"
    flip(shard, record(3))
    # Headers alone are read, and they are well.
    assert wheel.index(foreign).ok
    report = wheel.index(foreign, check=True)
    (error,) = report.failures
    assert isinstance(error, wheel.DamageError)
    assert (error.path, error.byte) == (str(shard), sum(len(record(number)) + 16 for number in range(3)))
    assert len(report.shards) == 2
    with pytest.raises(wheel.DamageError):
        raise error


# --- repair


def test_repair_saves_every_intact_record(foreign, tmp_path):
    shard = foreign / "rows-train.tfrecord-00000-of-00002"
    flip(shard, record(3))
    plan = wheel.repair(foreign, tmp_path / "out", dry_run=True)
    assert isinstance(plan, wheel.RepairPlan) and not (tmp_path / "out").exists()
    assert (plan.records, plan.lost_records) == (59, 1)
    damaged = [it for split in plan.splits for it in split.shards if it.damaged]
    assert [(it.path, it.records) for it in damaged] == [(str(shard), 19)]
    report = wheel.repair(foreign, tmp_path / "out", threads=1)
    assert (report.outcome, report.out, report.records, report.lost_records) == ("done", str(tmp_path / "out"), 59, 1)
    (lost,) = report.lost
    offset = sum(len(record(number)) + 16 for number in range(3))
    assert (lost.shard, lost.record, lost.offset, lost.bytes) == (str(shard), 3, offset, len(record(3)) + 16)
    assert lost.kind == "data-crc" and plan.lost == report.lost
    with open(report.lost_file, encoding="utf-8") as lines:
        assert [json.loads(line)["offset"] for line in lines] == [offset]
    assert numbers(tmp_path / "out", "train") == [it for it in range(40) if it != 3]


def test_repair_of_what_is_whole_and_its_options(foreign, tmp_path):
    report = wheel.repair(foreign, tmp_path / "out", name="clean", max_shard=1000, compression="gzip")
    assert (report.name, report.compression, report.lost, report.lost_file) == ("clean", "gzip", [], None)
    out = Output(tmp_path / "out")
    assert payloads(out, "train", "GZIP") == [record(number) for number in range(40)]
    assert {it.name: it.shards for it in report.splits} == {it: len(out.shards(it)) for it in ("train", "test")}
    assert len(out.shards("train")) > 2 and out.shards("train")[0].name.startswith("clean-")
    again = {"name": "clean", "max_shard": 1000, "compression": "gzip"}
    assert wheel.repair(foreign, tmp_path / "out", **again, existing="resume").outcome == "nothing-to-do"
    assert wheel.repair(foreign, tmp_path / "out", existing="overwrite").outcome == "done"
    assert payloads(out, "test") == [record(number) for number in range(40, 60)]


# --- export


def test_export_gives_the_images_back(convert, tmp_path):
    source = convert(IMAGES, "--split", "train=0.8,test=0.2")
    report = wheel.export(source.path, tmp_path / "all", threads=1)
    assert report.splits == {"train": 24, "test": 6} and report.arrays == []
    written = image_files(tmp_path / "all")
    assert report.files == len(written) == 30
    assert report.bytes == sum(path.stat().st_size for path in written.values())
    report = wheel.export(source.path, tmp_path / "test", split="test")
    assert report.splits == {"test": 6}
    originals, back = image_files(), image_files(tmp_path / "test")
    # Some were encoded again when they were converted.
    assert sum(path.read_bytes() == originals[name].read_bytes() for name, path in back.items()) >= 3


def test_export_by_keys(tmp_path):
    rows = [
        {"pixels": path.read_bytes(), "kind": name.split("/")[0].encode(), "called": f"picture{at}".encode()}
        for at, (name, path) in enumerate(image_files().items())
    ]
    shard = tmp_path / "a.tfrecord"
    with tf.io.TFRecordWriter(str(shard)) as writer:
        for row in rows:
            of = tf.train.Features(feature={key: feature(value) for key, value in row.items()})
            writer.write(tf.train.Example(features=of).SerializeToString())
    report = wheel.export(shard, tmp_path / "out", image_key="pixels", label_key="kind", name_key="called")
    assert report.files == 30
    for row in rows:
        (file,) = (tmp_path / "out" / row["kind"].decode()).glob(f"{row['called'].decode()}.*")
        assert file.read_bytes() == row["pixels"]


def test_export_keeps_names_that_others_cannot_hold(tmp_path):
    shard, picture = tmp_path / "a.tfrecord", next(iter(image_files().values())).read_bytes()
    of = tf.train.Features(feature={"image": feature(picture), "filename": feature(b"a:b.jpg")})
    with tf.io.TFRecordWriter(str(shard)) as writer:
        writer.write(tf.train.Example(features=of).SerializeToString())
    report = wheel.export(shard, tmp_path / "renamed")
    assert report.renamed == 1 and (tmp_path / "renamed/renamed.jsonl").exists()
    report = wheel.export(shard, tmp_path / "kept", keep_names=True)
    assert report.renamed == 0 and (tmp_path / "kept/a:b.jpg").read_bytes() == picture


def test_export_makes_arrays(foreign, tmp_path):
    report = wheel.export(foreign, tmp_path / "out", feature=["number", "score"])
    train = {it.file: (it.dtype, it.shape) for it in report.arrays}
    assert train["train/number.npy"] == ("int64", (40,)) and train["test/score.npy"] == ("float32", (20,))
    assert np.load(tmp_path / "out/train/number.npy").tolist() == list(range(40))
    one = wheel.export(foreign, tmp_path / "out", feature="number", overwrite=True)
    assert [it.file for it in one.arrays] == ["train/number.npy", "test/number.npy"]


def test_export_passes_over_damage(foreign, tmp_path):
    flip(foreign / "rows-train.tfrecord-00000-of-00002", record(3))
    report = wheel.export(foreign, tmp_path / "out", feature="number")
    assert (report.skipped, report.splits) == (1, {"train": 39, "test": 20})
    assert any("1 damaged place" in warning for warning in report.warnings)
