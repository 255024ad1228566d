"""The Python package `tfrecord` (the reader of most PyTorch users) with shardify's index files."""

import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from readers import example, payloads

from conftest import IMAGES

PROGRAM = pathlib.Path(__file__).with_name("with_tfrecord.py")


def run(*args):
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    command = [sys.executable, PROGRAM, *map(str, args)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def out(convert):
    return convert(IMAGES, "--shards", "3")


def test_it_reads_the_same_labels_and_bytes_as_tensorflow(out, images):
    found = collections.Counter()
    for shard in out.shards():
        for record in run("read", shard, out.index(shard)):
            found[record["label"]["values"][0], record["image"]["sha256"]] += 1
    expected = collections.Counter()
    for payload in payloads(out):
        features = example(payload)
        expected[features["label"][0], hashlib.sha256(features["image"][0]).hexdigest()] += 1
    assert found == expected
    assert found.total() == len(images)


def test_parts_made_from_the_index_are_disjoint_and_complete(out):
    shard = out.shards()[0]
    whole = run("read", shard, out.index(shard))
    parts = [record for part in range(3) for record in run("read", shard, out.index(shard), part, 3)]
    assert sorted(map(json.dumps, parts)) == sorted(map(json.dumps, whole))


def test_index_files_are_the_ones_its_own_tool_makes(out, tmp_path):
    for shard in out.shards():
        run("index", shard, tmp_path / "own.idx")
        assert out.index(shard).read_bytes() == (tmp_path / "own.idx").read_bytes()


@pytest.mark.parametrize("keys", ["tfds", "slim"])
def test_every_image_record_is_canonical_protobuf(convert, images, keys):
    found = run("canonical", *convert(IMAGES, "--keys", keys, "--shards", "2").shards())
    assert len(found) == len(images)
    assert all(record["canonical"] for record in found)


def test_every_array_record_is_canonical_protobuf(convert, tmp_path):
    """One column of each way to store values, with negative and long ones."""
    columns = {
        "x": np.arange(-300, 300, dtype="int64").reshape(6, 100) ** 5,
        "x/y": np.full((6, 40), np.nan, "float32"),
        "raw": np.arange(1200, dtype="uint16").reshape(6, 200),
        "flag": np.arange(6) % 2 == 0,
        "unsigned": np.full((6, 2), 2**32 - 1, "uint32"),
    }
    for name, array in columns.items():
        np.save(tmp_path / f"{name.replace('/', '_')}.npy", array)
    further = [
        option
        for name in columns
        if name != "x"
        for option in ("--array", f"{name}={tmp_path / name.replace('/', '_')}.npy")
    ]
    found = run("canonical", *convert(tmp_path / "x.npy", *further).shards())
    assert [record["canonical"] for record in found] == [True] * 6


def test_it_reads_array_rows(convert, tmp_path):
    x = np.arange(40, dtype="float32").reshape(10, 4) / 3
    raw = np.arange(60, dtype="int16").reshape(10, 6)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "raw.npy", raw)
    np.save(tmp_path / "y.npy", np.arange(10))
    out = convert(
        tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--array", f"raw={tmp_path / 'raw.npy'}", "--no-shuffle"
    )
    (shard,) = out.shards()
    records = run("read", shard, out.index(shard))
    assert [record["label"]["values"] for record in records] == [[row] for row in range(10)]
    assert np.array_equal(np.array([record["x"]["values"] for record in records], "float32"), x)
    assert [record["raw"]["sha256"] for record in records] == [hashlib.sha256(row.tobytes()).hexdigest() for row in raw]
