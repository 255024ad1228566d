"""`shardify.reshard` from Python, with every option, on data that TensorFlow wrote and reads."""

import collections
import json

import shardify as wheel
from readers import example, listed_payloads, payloads
from wheel_rows import flip, foreign, numbers, record  # noqa: F401

from conftest import CLASSES, IMAGES, Output


def test_reshard_keeps_every_record_and_its_order(foreign, tmp_path):
    report = wheel.reshard(foreign, tmp_path / "out", max_shard="1kB", name="smaller", threads=1)
    assert (report.outcome, report.out, report.name) == ("done", str(tmp_path / "out"), "smaller")
    assert (report.input_shards, report.input_records, report.filtered, report.records) == (3, 60, 0, 60)
    out = Output(tmp_path / "out")
    assert payloads(out, "train") == [record(number) for number in range(40)]
    assert all(shard.stat().st_size <= 1000 for shard in out.shards("train"))
    assert {split.name: split.shards for split in report.splits} == {
        split: len(out.shards(split)) for split in ("train", "test")
    }
    assert report.bytes == sum(split.bytes for split in report.splits)
    assert report.failures == [] and report.failures_file is None
    same = wheel.reshard(foreign, tmp_path / "other", max_shard=1000, name="smaller")
    assert same.bytes == report.bytes and Output(tmp_path / "other").files().keys() == out.files().keys()


def test_reshard_selects(foreign, tmp_path):
    expected = {
        "only_split": ({"only_split": "test"}, range(40, 60)),
        "only_splits": ({"only_split": ["test", "train"]}, range(60)),
        "only_label": ({"only_label": 1}, [it for it in range(60) if it % 3 == 1]),
        "only_labels": ({"only_label": [0, "2"]}, [it for it in range(60) if it % 3 != 1]),
        "drop_label": ({"drop_label": [1]}, [it for it in range(60) if it % 3 != 1]),
        "label": ({"only_label": "7", "label": "number"}, [7]),
        "has_key": ({"has_key": "note"}, range(0, 60, 5)),
        "only": ({"only": {"source": "web"}}, range(0, 60, 2)),
        "several": ({"only": {"source": ["web"], "number": [1, 2, "4"]}}, [2, 4]),
    }
    for name, (options, kept) in expected.items():
        report = wheel.reshard(foreign, tmp_path / name, **options)
        assert sorted(numbers(tmp_path / name)) == sorted(kept), name
        assert report.filtered == report.input_records - len(kept), name


def test_reshard_by_class_name(convert, tmp_path):
    source = convert(IMAGES)
    report = wheel.reshard(source.path, tmp_path / "out", only_label=["sign", "temple"])
    wanted = [CLASSES.index("sign"), CLASSES.index("temple")]
    labels = collections.Counter(example(payload)["label"][0] for payload in listed_payloads(Output(tmp_path / "out")))
    assert sorted(labels) == wanted and report.class_names == CLASSES
    assert {label: report.splits[0].class_counts[label] for label in wanted} == labels


def test_reshard_shuffles_and_divides(foreign, tmp_path):
    wheel.reshard(foreign, tmp_path / "a", shuffle=True, seed=1)
    wheel.reshard(foreign, tmp_path / "b", shuffle=True, seed=2)
    wheel.reshard(foreign, tmp_path / "c", shuffle=True, seed=1)
    a, b, c = (numbers(tmp_path / name, "train") for name in "abc")
    assert sorted(a) == sorted(b) == list(range(40)) and a == c and a != b and a != sorted(a)
    shares = {"train": 0.8, "validation": 0.2}
    wheel.reshard(foreign, tmp_path / "d", split=shares, stratify=True, seed=3)
    parts = {split: numbers(tmp_path / "d", split) for split in shares}
    assert {split: collections.Counter(it % 3 for it in part) for split, part in parts.items()} == {
        "train": {0: 16, 1: 16, 2: 16},
        "validation": {0: 4, 1: 4, 2: 4},
    }
    wheel.reshard(foreign, tmp_path / "e", split="train=0.8,validation=0.2", stratify=True, seed=3)
    assert numbers(tmp_path / "e", "validation") == parts["validation"]
    idle = wheel.reshard(foreign, tmp_path / "f", seed=1).warnings
    assert idle == ["seed changes nothing without shuffle or split"]


def test_reshard_counts_and_compresses(foreign, tmp_path):
    wheel.reshard(foreign, tmp_path / "a", shards=5)
    assert [len(Output(tmp_path / "a").shards(split)) for split in ("train", "test")] == [5, 5]
    wheel.reshard(foreign, tmp_path / "b", shards={"train": 4, "test": 2}, compression="gzip")
    out = Output(tmp_path / "b")
    assert [len(out.shards(split)) for split in ("train", "test")] == [4, 2]
    assert payloads(out, "test", "GZIP") == [record(number) for number in range(40, 60)]


def test_reshard_leaves_out_damage_and_lists_it(foreign, tmp_path):
    shard = foreign / "rows-train.tfrecord-00000-of-00002"
    flip(shard, record(3))
    report = wheel.reshard(foreign, tmp_path / "out", on_error="skip")
    assert numbers(tmp_path / "out", "train") == [it for it in range(40) if it != 3]
    (failure,) = report.failures
    assert (report.skipped, failure.input, failure.split, failure.fault) == (1, f"{shard} record 3", "train", "corrupt")
    with open(report.failures_file, encoding="utf-8") as lines:
        assert [json.loads(line)["reason"] for line in lines] == [failure.reason]


def test_reshard_plans_and_goes_on(foreign, tmp_path):
    plan = wheel.reshard(foreign, tmp_path / "out", max_shard="1kB", dry_run=True)
    assert isinstance(plan, wheel.ReshardPlan) and plan.problems == [] and not (tmp_path / "out").exists()
    report = wheel.reshard(foreign, tmp_path / "out", max_shard="1kB")
    assert [(it.name, it.records, it.bytes, it.shards) for it in plan.splits] == [
        (it.name, it.records, it.bytes, it.shards) for it in report.splits
    ]
    assert wheel.reshard(foreign, tmp_path / "out", max_shard="1kB", existing="resume").outcome == "nothing-to-do"
    assert wheel.reshard(foreign, tmp_path / "out", existing="overwrite").outcome == "done"
    assert len(Output(tmp_path / "out").shards("train")) == 1
    flip(foreign / "rows-train.tfrecord-00000-of-00002", record(3))
    plan = wheel.reshard(foreign, tmp_path / "new", dry_run=True)
    assert len(plan.problems) == 1 and "record 3" in plan.problems[0]
