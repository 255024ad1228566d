"""Damaged shards: what validate says of them, and that TensorFlow reads every intact record of what repair makes of them.

`fixtures/broken/tfrecord/expected.json` says what is to be found; its README explains the keys.
"""

import json
import re
import shutil

import pytest
import tensorflow as tf
from readers import listed_payloads
from test_foreign import own_index

from conftest import BROKEN, FOREIGN, Output, shardify, shardify_json

EXPECTED = json.loads((BROKEN / "expected.json").read_text("utf-8"))
FILES = EXPECTED["files"]
WHOLE = sorted(name for name in FILES if name.startswith("whole"))

# Findings in the records of a shard whose bytes are as they were written: there is nothing to repair.
CONTENTS = {"bad-example", "duplicate-record", "mixed-records", "feature-kind", "missing-feature"}

every_file = pytest.mark.parametrize("name", sorted(FILES))


def intact(name):
    """The payloads that must be saved, in order."""
    spans = EXPECTED["bases"][FILES[name]["base"]]
    data = (BROKEN / FILES[name]["base"]).read_bytes()
    kept = [spans[record] for record in FILES[name]["intact"]]
    return [data[offset + 12 : offset + length - 4] for offset, length in kept]


def agrees(found, wanted):
    word = wanted.get("word", "")
    return word in found["message"].lower() and all(found[key] == wanted[key] for key in wanted.keys() - {"word"})


def kinds(name):
    return {finding["kind"] for finding in FILES[name]["findings"]}


@pytest.fixture
def shard(tmp_path):
    """`shard(NAME)` is a copy of that file in a folder of its own."""

    def make(name):
        folder = tmp_path / "in"
        folder.mkdir()
        shutil.copy(BROKEN / name, folder)
        return folder / name

    return make


@every_file
def test_validate_finds_the_damage_and_nothing_else(shard, name):
    case, path = FILES[name], shard(name)
    report = shardify_json("validate", path, code=1 if case["findings"] else 0)
    left = list(report["findings"])
    for wanted in case["findings"]:
        same = [finding for finding in left if agrees(finding, wanted)]
        assert same, f"{wanted} is not among {report['findings']}"
        left.remove(same[0])
    assert left == []

    findings = report["findings"]
    assert all(finding["shard"].endswith(name) and finding["message"] and finding["remedy"] for finding in findings)
    for severity in ("error", "warning"):
        assert report[f"{severity}s"] == sum(finding["severity"] == severity for finding in findings)
    assert sum(report["by_kind"].values()) == len(findings)
    assert report["shards"] == 1
    assert path.read_bytes() == (BROKEN / name).read_bytes()
    assert list(path.parent.iterdir()) == [path]


@every_file
def test_validate_gives_the_same_report_at_any_number_of_threads(name):
    one, two = (shardify_json("validate", BROKEN / name, "--threads", n, code=(0, 1)) for n in ("1", "2"))
    assert one["findings"] == two["findings"]


@every_file
def test_tensorflow_reads_every_intact_record_of_what_repair_writes(shard, tmp_path, name):
    path, out, wanted = shard(name), Output(tmp_path / "out"), intact(name)
    damaged = kinds(name) - CONTENTS - {"unannounced-compression"}
    if not wanted:
        shardify("repair", path, out.path, code=(1, 2))
        assert not list(tmp_path.glob("out/**/*tfrecord*")), "there is no record to write"
    else:
        shardify("repair", path, out.path, code=1 if damaged else (0, 1) if kinds(name) else 0)
        assert listed_payloads(out) == wanted
        again = shardify_json("validate", out.path, code=(0, 1))
        assert again["by_kind"].keys() <= CONTENTS
        assert again["records"] == len(wanted)
    assert path.read_bytes() == (BROKEN / name).read_bytes()


@every_file
def test_a_dry_run_of_repair_writes_nothing(shard, tmp_path, name):
    path = shard(name)
    shardify("repair", path, tmp_path / "out", "--dry-run", code=(0, 1, 2))
    assert not (tmp_path / "out").exists()
    assert list(path.parent.iterdir()) == [path]


def test_repair_of_many_shards_keeps_their_order(tmp_path):
    """A folder with shards of one schema; every file but the damaged ones comes through whole."""
    folder, out = tmp_path / "in", Output(tmp_path / "out")
    folder.mkdir()
    sources = ["whole-30.tfrecord", "two-apart.tfrecord", "hole.tfrecord"]
    for number, name in enumerate(sources):
        shutil.copy(BROKEN / name, folder / f"data-train.tfrecord-{number:05}-of-00003")
    shardify("repair", folder, out.path, code=1)
    assert listed_payloads(out) == [payload for name in sources for payload in intact(name)]


@pytest.mark.parametrize("name", WHOLE)
def test_index_is_the_one_that_the_tool_of_the_tfrecord_package_makes(shard, tmp_path, name):
    path = shard(name)
    shardify("index", path)
    (index,) = path.parent.rglob(f"{name}.idx")
    assert index.read_bytes() == own_index(path, tmp_path / "own.idx")
    spans = EXPECTED["bases"][name]
    assert index.read_text() == "".join(f"{offset} {length}\n" for offset, length in spans)


# Without a walk from header to header to the last byte of the file there is no index.
HEADERS = {"length-crc", "record-too-large", "truncated-header", "truncated-record", "zero-tail"}


@pytest.mark.parametrize("name", sorted(name for name in FILES if kinds(name) & HEADERS and not FILES[name]["compression"]))
def test_index_never_describes_a_shard_that_its_headers_do_not(shard, name):
    """The tools of NVIDIA and of the package `tfrecord` write a last line with a length that is not there."""
    path = shard(name)
    shardify("index", path, code=(1, 2))
    assert list(path.parent.rglob("*.idx")) == []


def test_index_reads_payloads_only_when_asked(shard):
    path = shard("payload-bit.tfrecord")
    shardify("index", path, "--check", code=(1, 2))
    assert list(path.parent.rglob("*.idx")) == []
    shardify("index", path)
    assert len(list(path.parent.rglob("*.idx"))) == 1


def test_an_index_tells_of_a_cut_between_records(shard):
    path = shard("whole.tfrecord")
    shardify("index", path)
    assert shardify_json("validate", path.parent)["findings"] == []
    shutil.copy(BROKEN / "cut-between-records.tfrecord", path)
    assert "index-mismatch" in shardify_json("validate", path.parent, code=1)["by_kind"]


def cut_a_record(folder):
    """Drops the last record of a shard, to the byte."""
    path = folder / "tiny_pictures-train.tfrecord-00000-of-00002"
    last = list(tf.data.TFRecordDataset(str(path)))[-1].numpy()
    path.write_bytes(path.read_bytes()[: -len(last) - 16])


def edit(name, change):
    def apply(folder):
        text = (folder / name).read_text("utf-8")
        assert change(text) != text
        (folder / name).write_text(change(text), "utf-8")

    return apply


def two_classes(folder):
    """Says that there are two classes where the records have three."""
    edit("features.json", lambda text: text.replace('"numClasses": "3"', '"numClasses": "2"'))(folder)
    edit("label.labels.txt", lambda text: text.replace("temple\n", ""))(folder)


TFDS = "tfds/tiny_pictures/1.0.0"


@pytest.mark.parametrize(
    ("source", "damage", "kind"),
    [
        (TFDS, cut_a_record, "record-count"),
        (TFDS, lambda folder: (folder / "tiny_pictures-test.tfrecord-00001-of-00002").unlink(), "missing-shard"),
        ("tensorflow/slim", lambda folder: (folder / "train-00000-of-00002").unlink(), "missing-shard"),
        (
            "tensorflow/slim",
            lambda folder: shutil.copy(folder / "train-00001-of-00002", folder / "train-00002-of-00002"),
            "extra-shard",
        ),
        (TFDS, edit("label.labels.txt", lambda text: text.replace("sign", "  ")), "class-names"),
        (TFDS, edit("label.labels.txt", lambda text: text.replace("sign", "flower")), "class-names"),
        (TFDS, edit("label.labels.txt", lambda text: text + "tower\n"), "class-names"),
        (TFDS, two_classes, "label-range"),
        (TFDS, edit("features.json", lambda text: re.sub(r'\[\s*"3"', '["4"', text)), "feature-shape"),  # of `scores`
        (TFDS, edit("features.json", lambda text: text[:-20]), "metadata"),
        (TFDS, edit("dataset_info.json", lambda text: text[:-20]), "metadata"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_validate_holds_a_data_set_against_what_lies_beside_it(tmp_path, source, damage, kind):
    folder = tmp_path / "data"
    shutil.copytree(FOREIGN / source, folder)
    damage(folder)
    severity = "warning" if kind == "extra-shard" else "error"
    report = shardify_json("validate", folder, code=1)
    found = [finding for finding in report["findings"] if finding["kind"] == kind]
    assert found, report["findings"]
    assert {finding["severity"] for finding in found} == {severity}
