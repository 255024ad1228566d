"""`shardify.open` in several processes and threads at once, and on many records and shards."""

import concurrent.futures
import multiprocessing
import os
import random
import resource
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGES, shardify

import shardify as sh

WAYS = [{"memory_map": True}, {"memory_map": False}]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    out = tmp_path_factory.mktemp("workers") / "out"
    shardify("convert", IMAGES, out, "--quiet", "--max-shard", "80kB")
    return out


def digest(ds, seed):
    """What a worker makes of all records, in an order of its own."""
    order = random.Random(seed).sample(range(len(ds)), len(ds))
    rows = {number: ds[number] for number in order}
    return [(rows[at]["label"], rows[at]["image"].tobytes(), ds.records[at]) for at in range(len(ds))]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_processes_read_the_same_at_once(pictures, method, way):
    ds = sh.open(pictures, decode=True, **way)
    expected = digest(ds, 0)
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(3, context) as pool:
        futures = [pool.submit(digest, ds, seed) for seed in range(6)]
        assert all(future.result(timeout=120) == expected for future in futures)
    # One that is forked can open a data set, too, although its parent did.
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        assert pool.submit(count, pictures).result(timeout=120) == len(ds)


def count(path):
    return len(sh.open(path))


def test_errors_come_out_of_workers_whole(pictures, tmp_path):
    path = tmp_path / "x.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"")
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    ds = sh.open(path)
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(sh.DamageError, match="record 0, byte 0: data checksum") as caught:
            pool.submit(ds.records.__getitem__, 0).result(timeout=120)
    assert (caught.value.path, caught.value.record, caught.value.byte) == (str(path), 0, 0)


def test_a_data_set_that_changed_is_not_taken_for_the_same(pictures, tmp_path):
    path = tmp_path / "x.tfrecord"
    for records in (3, 2):
        with tf.io.TFRecordWriter(str(path)) as writer:
            for _ in range(records):
                writer.write(b"payload")
        if records == 3:
            import pickle

            pickled = pickle.dumps(sh.open(path)[1:])
    with pytest.raises(sh.DamageError, match="the data set had 3 records, and has 2"):
        pickle.loads(pickled)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_threads_read_the_same_at_once(pictures, way):
    ds = sh.open(pictures, decode=True, **way)
    expected = digest(sh.open(pictures, decode=True), 0)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(digest, [ds] * 16, range(16)))
        assert len({len(set(keys)) for keys in pool.map(lambda _: [*ds.keys()], range(8))}) == 1


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_more_shards_than_a_process_may_open(tmp_path, way):
    np.save(tmp_path / "x.npy", np.arange(300, dtype=np.int64))
    shardify("convert", tmp_path / "x.npy", tmp_path / "out", "--quiet", "--shards", "300", "--no-shuffle")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        ds = sh.open(tmp_path / "out", **way)
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        for _ in range(2):
            assert [int(row["x"]) for row in ds] == list(range(300))
            assert [int(row["x"]) for row in ds.__getitems__(range(300))] == list(range(300))
        if before:
            assert len(os.listdir("/proc/self/fd")) - before <= 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


MEASURE = """
import resource, sys, shardify
def used():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
first = shardify.open(sys.argv[1] + "/small.tfrecord")
first[0]
before = used()
ds = shardify.open(sys.argv[1] + "/large.tfrecord")
assert len(ds) == 1_000_000
print(used() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is measured by /proc")
@pytest.mark.parametrize("has_index", [True, False])
def test_a_million_records_take_few_bytes_each(tmp_path, has_index):
    with tf.io.TFRecordWriter(str(tmp_path / "small.tfrecord")) as writer:
        writer.write(tf.train.Example().SerializeToString())
    record = (tmp_path / "small.tfrecord").read_bytes()
    (tmp_path / "large.tfrecord").write_bytes(record * 1_000_000)
    if has_index:
        shardify("index", tmp_path / "large.tfrecord", "--quiet")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MEASURE, str(tmp_path)]
    kilobytes = int(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    # Places take 4.25 bytes each; what was read to find them is given back or reused.
    assert kilobytes < 24_000
