"""Looks at what was written, with readers that none of the measured programs brings but `tfrecord`'s protobuf
messages.
"""

import json
import mmap
import pathlib
import struct
import tarfile
import zlib

import numpy as np
from tfrecord import example_pb2


def frames(path):
    """The payload of each record of a TFRecord file; a file that does not end where a record does is an error."""
    if path.stat().st_size == 0:
        return
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, end = 0, len(data)
        while at < end:
            (length,) = struct.unpack_from("<Q", data, at)
            assert at + 16 + length <= end, f"{path}: cut off at {at}"
            yield data[at + 12 : at + 12 + length]
            at += 16 + length


def lengths(path):
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, end = 0, len(data)
        while at < end:
            (length,) = struct.unpack_from("<Q", data, at)
            yield length
            at += 16 + length
        assert at == end, f"{path}: cut off"


def shards(folder):
    found = sorted(path for path in pathlib.Path(folder).rglob("*.tfrecord*") if path.suffix not in (".idx", ".json"))
    assert found, f"{folder}: no shards"
    return found


def main_value(payload):
    """The largest feature of an Example, as bytes."""
    best = b""
    for feature in example_pb2.Example.FromString(payload).features.feature.values():
        kind = feature.WhichOneof("kind")
        if kind == "bytes_list":
            value = feature.bytes_list.value[0]
        elif kind == "float_list":
            value = np.asarray(feature.float_list.value, np.float32).tobytes()
        else:
            continue
        best = max(best, value, key=len)
    return best


def of_tfrecord(folder):
    for path in shards(folder):
        for payload in frames(path):
            yield main_value(payload)


def of_tar(path):
    files = sorted(path.glob("*.tar")) if path.is_dir() else [path]
    for file in files:
        with tarfile.open(file) as tar:
            for member in tar:
                if member.name.endswith(".jpg"):
                    yield tar.extractfile(member).read()


def of_folder(path):
    for file in sorted(path.rglob("*.jpg")):
        yield file.read_bytes()


def of_mds(folder):
    for shard in json.loads((folder / "index.json").read_text())["shards"]:
        assert shard["column_names"] == ["image", "label"] and shard["compression"] is None
        data = (folder / shard["raw_data"]["basename"]).read_bytes()
        for at in struct.unpack_from(f"<{shard['samples']}I", data, 4):
            (length,) = struct.unpack_from("<I", data, at)
            yield data[at + 4 : at + 4 + length]


def of_array_record(folder):
    from array_record.python.array_record_module import ArrayRecordReader

    for path in sorted(folder.iterdir()):
        reader = ArrayRecordReader(str(path))
        for _ in range(reader.num_records()):
            yield reader.read()[8:]
        reader.close()


def checksums(values):
    return np.sort(np.fromiter(map(zlib.crc32, values), np.uint32))


class Same:
    """A check that an output holds the values that the input has, in whatever order: their CRC-32 are compared."""

    def __init__(self, expected):
        self.expected, self.want = expected, None

    def __call__(self, read):
        def check(out):
            if self.want is None:
                self.want = checksums(self.expected())
            got = checksums(read(out))
            assert np.array_equal(got, self.want), f"{len(got)} records, {len(self.want)} expected, or other contents"

        return check


class SameRows(Same):
    """The same for the rows of an array. Where there are many, all are compared once for each reader; then they are
    counted.
    """

    MANY = 200_000

    def __init__(self, array):
        rows = np.load(array, mmap_mode="r")
        super().__init__(lambda: (row.tobytes() for row in rows))
        self.rows, self.width = len(rows), rows[0].nbytes

    def __call__(self, read=of_tfrecord):
        whole, seen = super().__call__(read), []

        def check(out):
            if self.rows > self.MANY and seen:
                return count(self.rows, self.width)(out)
            seen.append(1)
            return whole(out)

        return check


def count(records, least):
    """A check that there are so many records and none below a length."""

    def check(out):
        got = np.fromiter((length for path in shards(out) for length in lengths(path)), np.int64)
        assert len(got) == records and got.min() >= least, (
            f"{len(got)} records from {got.min()} bytes; {records} from {least} expected"
        )

    return check


def indexed(folder):
    """A check that each shard of a folder has an index that says where its records begin, and how long they are."""

    def places(path):
        at = 0
        for length in lengths(path):
            yield f"{at} {length + 16}\n"
            at += length + 16

    def check(out):
        indexes = {path.name: path for path in out.rglob("*.idx")}
        for path in shards(folder):
            got = indexes[path.name + ".idx"].read_text()
            assert got == "".join(places(path)), f"{path.name}: another index than its frames say"

    return check
