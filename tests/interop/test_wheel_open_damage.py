"""`shardify.open` on shards and indexes that are not what they should be: an error with the place, never wrong data."""

import json
import pathlib
import random
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf
from conftest import BROKEN, IMAGES, Output, shardify

import shardify as sh

WAYS = [{"memory_map": True}, {"memory_map": False}]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Six records in three shards, with manifest, TFDS metadata and indexes."""
    folder = tmp_path_factory.mktemp("damage")
    np.save(folder / "x.npy", np.arange(36, dtype=np.uint8).reshape(6, 6))
    shardify("convert", folder / "x.npy", folder / "out", "--quiet", "--max-shard", "90", "--no-shuffle")
    return Output(folder / "out")


@pytest.fixture
def out(whole, tmp_path):
    """A copy that a test may break."""
    shutil.copytree(whole.path, tmp_path / "out")
    return Output(tmp_path / "out")


def without_metadata(out):
    for name in ("shardify.json", "dataset_info.json", "features.json"):
        (out.path / name).unlink()


def read(ds):
    """What can be had of each record: its bytes or the error."""
    found = []
    for number in range(len(ds)):
        try:
            found.append((ds.records[number], ds[number]["x"].tobytes(), bytes(ds.records.view(number))))
        except sh.DamageError as error:
            found.append(error)
    return found


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_flipped_bit_is_found_or_does_not_matter(out, way):
    expected = read(sh.open(out.path))
    assert len(out.shards()) == 3 and len(expected) == 6
    shard = out.shards()[1]
    intact = shard.read_bytes()
    starts = [int(line.split()[0]) for line in out.index(shard).read_text().splitlines()]
    ends = [*starts[1:], len(intact)]
    first = 2
    for bit in range(len(intact) * 8):
        flipped = bytearray(intact)
        flipped[bit // 8] ^= 1 << bit % 8
        shard.write_bytes(flipped)
        ds = sh.open(out.path, **way)
        record = next(at for at, end in enumerate(ends) if bit // 8 < end)
        for number, found in enumerate(read(ds)):
            if number != first + record:
                assert found == expected[number]
                continue
            assert isinstance(found, sh.DamageError), bit
            assert (found.path, found.record, found.byte) == (str(shard), record, starts[record])
            assert "checksum" in str(found)
        with pytest.raises(sh.DamageError):
            ds.__getitems__(range(len(ds)))
        with pytest.raises(sh.DamageError):
            list(ds)


def test_without_checksums_lengths_are_still_checked(out):
    shard = out.shards()[0]
    intact = shard.read_bytes()
    for byte, is_found in [(0, True), (8, True), (20, False), (len(intact) - 1, False)]:
        shard.write_bytes(intact[:byte] + bytes([intact[byte] ^ 1]) + intact[byte + 1 :])
        ds = sh.open(out.path, verify=False)
        assert any(isinstance(found, sh.DamageError) for found in read(ds)) == is_found or byte == 20


@pytest.mark.parametrize("has_metadata", [True, False])
@pytest.mark.parametrize("has_index", [True, False])
def test_shards_that_were_cut_or_grew_are_found_on_opening(out, has_metadata, has_index):
    if not has_metadata:
        without_metadata(out)
    if not has_index:
        shutil.rmtree(out.path / "index")
    shard = out.shards()[1]
    intact = shard.read_bytes()
    record = len(intact) // 2
    for bytes_ in range(len(intact)):
        shard.write_bytes(intact[:bytes_])
        if not has_metadata and not has_index and bytes_ % record == 0:
            continue  # it is a whole file of fewer records
        with pytest.raises(sh.DamageError) as caught:
            sh.open(out.path)
        assert caught.value.path == str(shard) and caught.value.hint
        if has_metadata:
            assert f"was cut off: it has {bytes_} bytes, and the manifest says {len(intact)}" in str(caught.value)
    for more in (b"\0", b"more", intact):
        shard.write_bytes(intact + more)
        if not has_metadata and not has_index and more == intact:
            continue
        with pytest.raises(sh.DamageError) as caught:
            sh.open(out.path)
        assert caught.value.path == str(shard) and (not has_metadata or "has become longer" in str(caught.value))


@pytest.mark.parametrize("has_metadata", [True, False])
@pytest.mark.parametrize("gone", [[0], [1], [2], [0, 1]])
def test_missing_shards_are_found_on_opening(out, has_metadata, gone):
    if not has_metadata:
        without_metadata(out)
    shards = out.shards()
    for number in gone:
        shards[number].unlink()
    with pytest.raises(sh.DamageError, match="the shard is missing") as caught:
        sh.open(out.path)
    assert caught.value.path == str(shards[gone[0]])
    assert (", and so is 1 other" in str(caught.value)) == (len(gone) == 2)
    # What was named by itself is there.
    assert len(sh.open([shard for at, shard in enumerate(shards) if at not in gone])) == 6 - 2 * len(gone)


def test_shards_that_nobody_knows_and_counts_that_differ_are_found_on_opening(out):
    shards = out.shards()
    extra = out.path / "x-train.tfrecord-00007-of-00009"
    shutil.copy(shards[0], extra)
    with pytest.raises(sh.DamageError, match="the manifest does not list this shard") as caught:
        sh.open(out.path)
    assert caught.value.path == str(extra)
    extra.unlink()
    # As many bytes, in another number of records.
    with tf.io.TFRecordWriter(str(shards[2])) as writer:
        writer.write(bytes(shards[0].stat().st_size - 16))
    out.index(shards[2]).unlink()
    with pytest.raises(sh.DamageError, match="the shard has 1 records, and the manifest says 2"):
        sh.open(out.path)
    (out.path / "shardify.json").unlink()
    with pytest.raises(sh.DamageError, match="the shard has 1 records, and dataset_info.json says 2"):
        sh.open(out.path)
    (out.path / "shardify.json").write_text("{}")
    with pytest.raises(sh.DamageError, match="not a manifest"):
        sh.open(out.path)


LIES = [
    "",
    "0 {half}",
    "0 {half}\n{half} {less}\n",
    "0 {half}\n{half} {more}\n",
    "1 {half}\n",
    "0 {half}\n0 {half}\n",
    "{half} {half}\n0 {half}\n",
    "0 {half}\n{half} {half}\n{all} 16\n",
    "0 {half}\n{half} {half}\n{all} 0\n",
    "0 {half}\n{half} 0\n{half} {half}\n",
    "0 15\n15 {half}\n",
    "0 18446744073709551615\n",
    "18446744073709551615 1\n",
    "0 4294967296\n",
    "0 99999999999999999999999\n",
    "0 {half}\n{half} -{half}\n",
    "0 {half} 7\n{half} {half} 7\n",
    "offset length\n",
    "\0\xff",
]


@pytest.mark.parametrize("has_metadata", [True, False])
@pytest.mark.parametrize("lie", LIES)
def test_indexes_that_cannot_be_are_refused(out, lie, has_metadata):
    if not has_metadata:
        without_metadata(out)
    shard = out.shards()[1]
    size = shard.stat().st_size
    text = lie.format(half=size // 2, less=size // 2 - 1, more=size // 2 + 1, all=size)
    out.index(shard).write_text(text, "latin-1")
    with pytest.raises(sh.DamageError, match="index/.* does not describe this shard") as caught:
        sh.open(out.path)
    assert caught.value.path == str(shard) and "shardify.index(overwrite=True)" in str(caught.value)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_index_that_could_be_true_gives_no_wrong_data(out, way):
    without_metadata(out)
    expected = [*sh.open(out.path).records]
    shard = out.shards()[1]
    size = shard.stat().st_size
    chance = random.Random(3)
    lies = [[cut, size - cut] for cut in range(16, size - 15) if cut != size // 2]
    lies += [[16] * (size // 16 - 1) + [16 + size % 16], [size]]
    lies += [[16 + chance.randrange(size - 32)] for _ in range(3)]
    for lens in lies:
        lens = [*lens, size - sum(lens)] if sum(lens) < size else lens
        if min(lens) < 16:
            continue
        starts = np.cumsum([0, *lens[:-1]])
        out.index(shard).write_text("".join(f"{start} {len_}\n" for start, len_ in zip(starts, lens)))
        ds = sh.open(out.path, **way)
        for number in range(2, 2 + len(lens)):
            with pytest.raises(sh.DamageError) as caught:
                ds.records[number]
            assert caught.value.path == str(shard) and caught.value.byte == starts[number - 2]
        assert [ds.records[0], ds.records[1], ds.records[-2], ds.records[-1]] == [*expected[:2], *expected[-2:]]


@pytest.mark.parametrize("compression", ["gzip", "zlib"])
def test_compressed_shards_are_refused_with_the_next_step(tmp_path, compression):
    path = tmp_path / "x.tfrecord"
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression_type=compression.upper())) as writer:
        writer.write(b"payload")
    with pytest.raises(sh.InputError, match=f"(?i)compressed with {compression}.*shardify.reshard") as caught:
        sh.open(path)
    assert caught.value.path == str(path)


def test_broken_files_are_refused_or_read_up_to_the_damage():
    for path in sorted(BROKEN.glob("*.tfrecord")):
        try:
            ds = sh.open(path)
        except (sh.DamageError, sh.InputError) as error:
            assert error.path == str(path)
            continue
        for number in range(len(ds)):
            for read_one in (ds.records.__getitem__, ds.__getitem__):
                try:
                    read_one(number)
                except sh.DamageError as error:
                    assert (error.path, error.record) == (str(path), number)


@pytest.mark.parametrize("kept", [0, 20])
def test_a_shard_that_is_cut_while_it_is_open_is_an_error_of_its_records(out, kept):
    ds = sh.open(out.path, memory_map=False)
    assert ds[0] is not None and ds[5] is not None
    for shard in out.shards()[:2]:
        with shard.open("r+b") as file:
            file.truncate(kept)
    with pytest.raises(sh.DamageError, match="the shard ends before this record does"):
        ds[1]
    with pytest.raises(sh.DamageError, match="when the data set was opened, and has"):
        ds[2]
    assert ds[4]["x"].tolist() == list(range(24, 30))


def test_a_map_is_not_made_of_a_shard_that_changed(out):
    ds = sh.open(out.path)
    shard = out.shards()[0]
    shard.write_bytes(shard.read_bytes() + b"more")
    with pytest.raises(sh.DamageError, match="and has .*"):
        ds[0]
    shard.unlink()
    with pytest.raises(sh.StorageError) as caught:
        ds[0]
    assert caught.value.path == str(shard) and isinstance(caught.value, OSError) and caught.value.errno == 2
    assert ds[2]["x"].tolist() == list(range(12, 18))


def test_paths_that_hold_no_data_set_or_several(out, tmp_path):
    for path, error in [(tmp_path / "none", sh.InputError), (IMAGES, sh.InputError)]:
        with pytest.raises(error) as caught:
            sh.open(path)
        assert str(path) in str(caught.value)
    other = shutil.copytree(out.path, tmp_path / "more" / "other")
    with pytest.raises(sh.InputError, match="there are 2 data sets"):
        sh.open([out.path, other])
    assert len(sh.open(pathlib.Path(other))) == 6


def test_a_manifest_that_names_a_shard_twice_is_refused(out):
    manifest = out.manifest
    manifest["splits"].append({**manifest["splits"][0], "name": "test"})
    (out.path / "shardify.json").write_text(json.dumps(manifest))
    for split in ("train", "test"):
        with pytest.raises(sh.DamageError, match="it names the shard `x-.*` twice") as caught:
            sh.open(out.path, split)
        assert caught.value.path == str(out.path / "shardify.json")


@pytest.mark.parametrize("name", ["../x", "/etc/hostname", "a/b", "", ".", ".."])
def test_a_manifest_cannot_name_what_is_outside(out, name):
    manifest = out.manifest
    manifest["splits"][0]["shards"][0]["name"] = name
    (out.path / "shardify.json").write_text(json.dumps(manifest))
    with pytest.raises(sh.DamageError) as caught:
        sh.open(out.path)
    assert pathlib.Path(caught.value.path).parent == out.path


def test_a_length_that_only_an_index_claims_is_not_read(tmp_path):
    """The file has 60 GB and takes no place; to read what the index claims of it would take minutes."""
    path = tmp_path / "x.tfrecord"
    lens = [(1 << 32) - 1] * 15
    with path.open("wb") as file:
        file.truncate(sum(lens))
    (tmp_path / "index").mkdir()
    starts = np.cumsum([0, *lens[:-1]])
    (tmp_path / "index" / "x.tfrecord.idx").write_text("".join(f"{at} {len_}\n" for at, len_ in zip(starts, lens)))
    start = time.monotonic()
    for way in WAYS:
        ds = sh.open(path, **way)
        for read_one in (ds.records.__getitem__, ds.__getitem__):
            with pytest.raises(sh.DamageError, match="record 3, byte .*length checksum"):
                read_one(3)
    assert time.monotonic() - start < 20


def test_a_large_shard_that_is_none_is_refused_at_once(tmp_path):
    path = tmp_path / "x.tfrecord"
    with path.open("wb") as file:
        file.truncate(60 << 30)
    start = time.monotonic()
    with pytest.raises(sh.DamageError, match="record 0, byte 0"):
        sh.open(path)
    assert time.monotonic() - start < 20
