"""Reads shards with the Python package `tfrecord` and prints what it saw, one JSON line a record.

    python with_tfrecord.py read SHARD INDEX [PART PARTS]
    python with_tfrecord.py index SHARD OUT
    python with_tfrecord.py canonical SHARD...

A program of its own: its protocol buffers clash with TensorFlow's in one process.
"""

import hashlib
import json
import sys

from google.protobuf.internal import api_implementation
from tfrecord.example_pb2 import Example
from tfrecord.reader import tfrecord_iterator, tfrecord_loader
from tfrecord.tools.tfrecord2idx import create_index


def plain(value):
    if isinstance(value, bytes):
        return {"size": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    return {"dtype": str(value.dtype), "values": value.tolist()}


def read(shard, index, part=None, parts=None):
    only = (int(part), int(parts)) if part is not None else (0, 1)  # without it, reading starts at a random record
    for record in tfrecord_loader(shard, index, None, shard=only):
        # A bytes feature comes as bytes or as an array of them, by version.
        fields = {key: value if isinstance(value, bytes) or value.dtype.kind in "if" else value.tobytes() for key, value in record.items()}
        print(json.dumps({key: plain(value) for key, value in sorted(fields.items())}))


def canonical(*shards):
    """Whether each record is what protobuf's deterministic mode makes of it.

    Needs PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python. It sorts the keys as C++ and Go do; upb, the usual one, puts a key
    before its own prefix (`image/format`, then `image`).
    """
    assert api_implementation.Type() == "python"
    for shard in shards:
        for payload in tfrecord_iterator(shard):
            again = Example.FromString(bytes(payload)).SerializeToString(deterministic=True)
            print(json.dumps({"size": len(payload), "canonical": again == bytes(payload)}))


if __name__ == "__main__":
    {"read": read, "index": create_index, "canonical": canonical}[sys.argv[1]](*sys.argv[2:])
