"""Shards that TensorFlow wrote, damaged at random: TensorFlow, `validate` and `repair` agree on what is left of them.

    SHARDIFY_DIFFERENTIAL=5000 tests/run --interop -- -s tests/interop/test_differential.py

takes so many damaged files instead of 200. Case N is always the same.
"""

import os
import random

import pytest
import tensorflow as tf
from readers import listed_payloads

from conftest import Output, shardify, shardify_json

CASES = int(os.environ.get("SHARDIFY_DIFFERENTIAL", "200"))

# What `validate` says of frames and compression; the rest is about what is in records.
FRAMING = {
    "bad-compression",
    "data-crc",
    "length-crc",
    "not-tfrecord",
    "record-too-large",
    "truncated-header",
    "truncated-record",
    "zero-tail",
}
ENDINGS = {"": "", "GZIP": ".gz", "ZLIB": ".zlib"}


def payload(rng):
    """An Example of the one schema that all have."""
    feature = tf.train.Feature
    image = rng.randbytes(rng.choice([0, 1, 20, 300, 5000]))
    features = {
        "image": feature(bytes_list=tf.train.BytesList(value=[image])),
        "label": feature(int64_list=tf.train.Int64List(value=[rng.randrange(1000)])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def write(path, payloads, kind=""):
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression_type=kind)) as writer:
        for one in payloads:
            writer.write(one)


def tensorflow_reads(path, kind):
    """What TensorFlow reads before its first error, and whether there was one."""
    found = []
    try:
        for record in tf.compat.v1.io.tf_record_iterator(str(path), tf.io.TFRecordOptions(compression_type=kind)):
            found.append(record)
    except tf.errors.OpError:
        return found, True
    return found, False


def flip(rng, data):
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(rng, data):
    del data[rng.randrange(len(data)) :]


def overwrite(rng, data):
    start = rng.randrange(len(data))
    block = data[start : start + rng.randint(1, 600)]
    data[start : start + len(block)] = rng.choice([bytes(len(block)), rng.randbytes(len(block))])


def lose(rng, data):
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 600)]


def gain(rng, data):
    start = rng.randrange(len(data) + 1)
    data[start:start] = rng.randbytes(rng.randint(1, 600))


def repeat(rng, data):
    start = rng.randrange(len(data))
    data[start:start] = data[start : start + rng.randint(1, 600)]


DAMAGES = [flip, cut, overwrite, lose, gain, repeat]


def findings(folder):
    """The kinds of findings about frames, by the name of the shard."""
    report = shardify_json("validate", folder, "--no-duplicates", code=(0, 1))
    found = {}
    for finding in report["findings"]:
        if finding["kind"] in FRAMING:
            found.setdefault(finding["shard"].rsplit("/")[-1], set()).add(finding["kind"])
    return found, report


def is_part_in_order(part, whole):
    left = iter(whole)
    return all(one in left for one in part)


def test_every_flipped_bit_is_found(tmp_path):
    """In a plain shard every bit is covered by a checksum, and TensorFlow finds each of them too."""
    rng = random.Random(0)
    source = tmp_path / "whole"
    written = [payload(rng) for _ in range(3)]
    write(source, written)
    data = source.read_bytes()
    bits = range(8 * len(data))
    folder = tmp_path / "flipped"
    folder.mkdir()
    blind = 0
    for bit in bits:
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path = folder / f"bit-{bit:06}.tfrecord"
        path.write_bytes(changed)
        blind += not tensorflow_reads(path, "")[1]
    found, report = findings(folder)
    assert report["shards"] == len(bits) > 500
    assert len(found) == len(bits), f"not found: {sorted({p.name for p in folder.iterdir()} - found.keys())[:10]}"
    assert blind == 0
    print(f"\n{len(bits)} flipped bits, {len(found)} found, {len(bits) - len(found)} missed")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Damaged shards: name, compression, damage, and what TensorFlow wrote."""
    folder = tmp_path_factory.mktemp("damaged")
    cases = []
    for case in range(CASES):
        rng = random.Random(case)
        kind = rng.choice(["", "", "", "GZIP", "ZLIB"])
        written = [payload(rng) for _ in range(rng.randint(1, 12))]
        path = folder / f"case-{case:06}.tfrecord{ENDINGS[kind]}"
        write(path, written, kind)
        before = path.read_bytes()
        data = bytearray(before)
        damage = rng.choice(DAMAGES)
        damage(rng, data)
        path.write_bytes(data)
        if data and bytes(data) != before:
            cases.append((path, kind, damage, written))
        else:
            path.unlink()
    assert len(cases) > CASES * 0.9
    return folder, cases


def test_what_validate_passes_is_what_tensorflow_reads(damaged):
    folder, cases = damaged
    found, _ = findings(folder)
    passed = 0
    for path, kind, damage, written in cases:
        payloads, fails = tensorflow_reads(path, kind)
        if path.name in found:
            continue
        passed += 1
        assert not fails, f"{path.name} ({damage.__name__}): TensorFlow refuses what validate passes"
        # Records that were cut off, taken out or doubled as a whole leave whole ones; no other is a changed one.
        assert all(one in written for one in payloads), f"{path.name} ({damage.__name__}): changed records that nobody finds"
        if damage is flip:
            assert payloads == written, path.name
    # What nothing covers: gzip's header, a cut between two records.
    assert passed < len(cases) / 10
    print(f"\n{len(cases)} damaged shards, {len(cases) - passed} found, {passed} that hold nothing but records as they were written")


def test_repair_saves_at_least_what_tensorflow_reads_and_makes_up_nothing(damaged, tmp_path):
    _, cases = damaged
    saved, more = 0, 0
    for path, kind, damage, written in cases:
        what = f"{path.name} ({damage.__name__})"
        before, _ = tensorflow_reads(path, kind)
        out = Output(tmp_path / path.name)
        code = shardify("repair", path, out.path, code=(0, 1, 2)).returncode
        records = listed_payloads(out) if code != 2 else []
        assert records[: len(before)] == before, f"{what}: what TensorFlow reads is lost"
        assert all(one in written for one in records), f"{what}: a record that nobody wrote"
        if damage is not repeat:
            assert is_part_in_order(records, written), f"{what}: another order"
        if damage is flip and not kind:
            assert len(records) >= len(written) - 3, f"{what}: three bits cost {len(written) - len(records)} records"
        saved += len(records)
        more += len(records) - len(before)
    assert more > 0
    print(f"\n{len(cases)} damaged shards: {saved} records saved, {more} of them behind TensorFlow's first error")
