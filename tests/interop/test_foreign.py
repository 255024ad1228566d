"""Data sets that other programs wrote: every verb takes them, and readers find the same records afterwards.

`fixtures/foreign/expected.json` says what TensorFlow reads from each of them.
"""

import collections
import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from readers import builder, example, listed_payloads, rows

from conftest import FOREIGN, Output, shardify, shardify_json
from test_tfrecord_package import PROGRAM

SETS = json.loads((FOREIGN / "expected.json").read_text("utf-8"))
METADATA = ("dataset_info.json", "features.json", "label.labels.txt")

every_set = pytest.mark.parametrize("name", sorted(SETS))


def inputs(name, folder=None):
    """What a user names: the folder, or the files where nothing in their names says that they are TFRecords."""
    folder = folder or FOREIGN / name
    return sorted(folder.glob("*.tar")) if name == "ray/data" else [folder]


def sha256s(payloads):
    return collections.Counter(hashlib.sha256(payload).hexdigest() for payload in payloads)


def expected_sha256s(name, split=None):
    """The records of one split, or of all."""
    entries = [entry for entry in SETS[name]["splits"] if split in (None, entry["name"])]
    shards = SETS[name]["shards"]
    return collections.Counter(sha for entry in entries for shard in entry["shards"] for sha in shards[shard]["payloads"])


def named_splits(name):
    """The splits that the names of the files tell, with their counts; empty if they tell none."""
    return {entry["name"]: entry["records"] for entry in SETS[name]["splits"] if entry["name"] is not None}


def originals(name, split=None):
    """The records as TensorFlow reads them from the data set itself, as {key: list of values}."""
    entries = [entry for entry in SETS[name]["splits"] if split in (None, entry["name"])]
    files = [str(FOREIGN / name / shard) for entry in entries for shard in entry["shards"]]
    return [example(record.numpy()) for record in tf.data.TFRecordDataset(files)]


def flat(row, prefix=""):
    """A row of TFDS with nested features under `outer/inner`."""
    found = {}
    for key, value in row.items():
        found |= flat(value, f"{prefix}{key}/") if isinstance(value, dict) else {prefix + key: value}
    return found


def comparable(value):
    """A value of TFDS or of an Example in a form that is equal for equal values."""
    if isinstance(value, bytes):
        return (value,)
    return tuple(value if isinstance(value, list) else np.asarray(value).ravel().tolist())


def picture(row, key, original):
    """Whether the row holds the image of the original: its bytes, or their pixels."""
    (encoded,) = original[key]
    if isinstance(row[key], bytes):
        return row[key] == encoded
    return np.array_equal(row[key], tf.io.decode_image(encoded, channels=row[key].shape[-1]).numpy())


def assert_rows(found, name, split=None):
    """The rows are those records, in any order: the same values under every key that TFDS has, and the same pictures."""
    facts = SETS[name]
    found, wanted = [flat(row) for row in found], originals(name, split)
    assert len(found) == len(wanted)
    keys = sorted(found[0].keys() - {facts["image"]})
    assert {facts["image"], facts["label"], facts["text"]} - {None} <= found[0].keys()

    def same(row, original):
        values = all(comparable(row[key]) == comparable(original[key]) for key in keys)
        return values and picture(row, facts["image"], original)

    for row in found:
        position = next((i for i, original in enumerate(wanted) if same(row, original)), None)
        assert position is not None, f"no such record: {[(key, row[key]) for key in keys]}"
        del wanted[position]


@pytest.fixture
def copy(tmp_path):
    """`copy(NAME)` copies a data set without the metadata and indexes that came with it, and returns the Output."""

    def make(name, *, whole=False):
        out = tmp_path / "copy"
        shutil.copytree(FOREIGN / name, out)
        for path in [*map(out.joinpath, METADATA), *out.glob("*.tfindex")]:
            if not whole:
                path.unlink(missing_ok=True)
        return Output(out)

    return make


def own_index(shard, path):
    """The index that the tool of the package `tfrecord` makes; NVIDIA's has the same bytes."""
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    subprocess.run([sys.executable, PROGRAM, "index", shard, path], env=environment, check=True, timeout=120)
    return path.read_bytes()


def test_the_builder_of_tfds_itself_loads_what_it_wrote():
    name = "tfds/tiny_pictures/1.0.0"
    for split in ("train", "test"):
        assert_rows(rows(Output(FOREIGN / name), split), name, split)


@every_set
def test_validate_finds_nothing(name):
    report = shardify_json("validate", *inputs(name))
    assert report["findings"] == []
    assert (report["errors"], report["warnings"], report["by_kind"]) == (0, 0, {})
    assert (report["shards"], report["records"]) == (len(SETS[name]["shards"]), SETS[name]["records"])
    assert report["bytes"] == sum((FOREIGN / name / shard).stat().st_size for shard in SETS[name]["shards"])


@every_set
def test_inspect_counts_and_names_the_features(name):
    report, facts = shardify_json("inspect", *inputs(name)), SETS[name]
    assert (report["records"], report["shards"]) == (facts["records"], len(facts["shards"]))
    kinds = {feature["key"]: feature["kind"] for feature in report["features"]}
    assert kinds == {feature["key"]: feature["kind"] for feature in facts["features"]}
    splits = {entry["name"]: (entry["records"], entry["shards"]) for entry in report["splits"]}
    wanted = {entry["name"]: (entry["records"], len(entry["shards"])) for entry in facts["splits"]}
    if named_splits(name):
        assert splits == wanted
    else:  # whatever it is called
        assert list(splits.values()) == list(wanted.values())


@every_set
def test_inspect_prints_records(name):
    text = shardify("inspect", *inputs(name), "--records", "2").stdout
    assert [feature["key"] for feature in SETS[name]["features"] if feature["key"] not in text] == []


@every_set
def test_index_writes_what_the_tool_of_the_tfrecord_package_writes(copy, tmp_path, name):
    out = copy(name)
    before = out.files()
    shardify("index", *inputs(name, out.path))
    for shard in SETS[name]["shards"]:
        (index,) = out.path.rglob(f"{shard}.idx")
        assert index.read_bytes() == own_index(out.path / shard, tmp_path / "own.idx")
    after = out.files()
    assert {path: after.get(path) for path in before} == before


def test_tfindex_is_the_file_that_the_tfrecord_package_looks_for(copy):
    out = copy("tfrecord_package/data")
    shardify("index", out.path, "--tfindex")
    assert (out.path / "data.tfindex").read_bytes() == (FOREIGN / "tfrecord_package/data/data.tfindex").read_bytes()


@every_set
def test_index_makes_a_folder_loadable_with_tfds(copy, name):
    out = copy(name)
    before = out.files()
    shardify("index", *inputs(name, out.path), "--tfds")
    found = builder(out).info.splits
    if named_splits(name):
        assert {split: found[split].num_examples for split in found} == named_splits(name)
        for split in found:
            assert_rows(rows(out, split), name, split)
    else:
        (split,) = found
        assert_rows(rows(out, split), name)
    after = out.files()
    assert {path: after.get(path) for path in before} == before


def test_index_describes_features_of_every_shape(tmp_path):
    """Lists of bytes, of open and of fixed length, and features that are missing now and then."""

    def ints(*values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def strings(*values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    def floats(*values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    features = [
        {"tags": strings(b"a", b"\xff"), "pair": strings(b"x", b"y"), "n": ints(1), "v": floats(1, 2), "some": ints(7), "open": floats(1)},
        {"tags": strings(), "pair": strings(b"", b"z"), "n": ints(-5), "v": floats(3, 4), "open": floats(), "late": strings(b"here")},
        {"tags": strings(b"b"), "pair": strings(b"p", b"q"), "n": ints(1 << 40), "v": floats(5, 6), "none": tf.train.Feature(), "open": floats(1, 2)},
    ]
    out = Output(tmp_path / "kinds")
    out.path.mkdir()
    with tf.io.TFRecordWriter(str(out.path / "data.tfrecord")) as writer:
        for one in features:
            writer.write(tf.train.Example(features=tf.train.Features(feature=one)).SerializeToString())
    shardify("index", out.path, "--tfds")
    found = [{key: np.asarray(value).tolist() for key, value in row.items()} for row in rows(out)]
    assert found == [
        {"tags": [b"a", b"\xff"], "pair": [b"x", b"y"], "n": 1, "v": [1, 2], "some": [7], "open": [1], "late": []},
        {"tags": [], "pair": [b"", b"z"], "n": -5, "v": [3, 4], "some": [], "open": [], "late": [b"here"]},
        {"tags": [b"b"], "pair": [b"p", b"q"], "n": 1 << 40, "v": [5, 6], "some": [], "open": [1, 2], "late": []},
    ]


def test_index_writes_no_metadata_that_tfds_could_not_load(copy):
    """TFDS finds shards by a template in which a shard's number has five digits at least."""
    out = copy("img2dataset/data")
    for shard in out.path.glob("*.tfrecord"):
        shard.rename(shard.with_name(f"{int(shard.stem)}.tfrecord"))
    done = shardify("index", out.path, "--tfds", code=2)
    assert "reshard" in done.stderr, "the next step is to write them anew"
    assert not (out.path / "dataset_info.json").exists()


def test_index_leaves_the_metadata_of_tfds_alone(copy):
    out = copy("tfds/tiny_pictures/1.0.0", whole=True)
    before = out.files()
    shardify("index", out.path, "--tfds", code=(0, 1, 2))
    after = out.files()
    assert {path: after.get(path) for path in before} == before


@every_set
def test_index_writes_a_manifest_that_validate_holds_against_the_shards(copy, name):
    out = copy(name)
    shardify("index", *inputs(name, out.path), "--manifest")
    listed = {shard["name"]: shard["records"] for split in out.manifest["splits"] for shard in split["shards"]}
    assert listed == {shard: len(facts["payloads"]) for shard, facts in SETS[name]["shards"].items()}
    assert shardify_json("validate", out.path)["errors"] == 0
    first = out.path / sorted(listed)[0]
    first.write_bytes(first.read_bytes() * 2)  # whole records, but twice as many
    assert shardify_json("validate", out.path, code=1)["by_kind"].keys() >= {"file-size"}


@every_set
@pytest.mark.parametrize("options", [(), ("--no-shuffle", "--max-shard", "4KB"), ("--compression", "gzip")], ids=" ".join)
def test_reshard_keeps_every_payload(copy, tmp_path, name, options):
    source, out = copy(name, whole=True), Output(tmp_path / "out")
    before = source.files()
    shardify("reshard", *inputs(name, source.path), out.path, *options)
    assert source.files() == before
    assert sha256s(listed_payloads(out)) == expected_sha256s(name)
    for split in named_splits(name):
        assert sha256s(listed_payloads(out, split)) == expected_sha256s(name, split)
    assert shardify_json("validate", out.path)["findings"] == []
    if "gzip" not in options:  # which TFDS cannot read
        for split in builder(out).info.splits:
            assert_rows(rows(out, split), name, split if named_splits(name) else None)


@every_set
def test_reshard_without_a_shuffle_keeps_the_order(tmp_path, name):
    out = Output(tmp_path / "out")
    shardify("reshard", *inputs(name), out.path, "--no-shuffle")
    for entry in SETS[name]["splits"]:
        wanted = [sha for shard in entry["shards"] for sha in SETS[name]["shards"][shard]["payloads"]]
        assert [hashlib.sha256(payload).hexdigest() for payload in listed_payloads(out, entry["name"])] == wanted


@every_set
def test_reshard_gives_the_same_bytes_at_any_number_of_threads(tmp_path, name):
    found = []
    for threads in ("1", "2"):
        out = Output(tmp_path / threads)
        shardify("reshard", *inputs(name), out.path, "--seed", "7", "--threads", threads)
        found.append(out.files())
    assert found[0] == found[1]


def test_reshard_of_what_tfds_wrote_keeps_its_class_names(tmp_path):
    out = Output(tmp_path / "out")
    shardify("reshard", FOREIGN / "tfds/tiny_pictures/1.0.0", out.path)
    info = tfds.builder_from_directory(str(out.path)).info
    assert info.features["label"].names == ["flower", "sign", "temple"]
    assert info.supervised_keys == ("image", "label")
