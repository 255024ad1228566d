"""Records that TensorFlow wrote, for tests of the Python package."""

import pytest
import tensorflow as tf
from readers import example, listed_payloads

from conftest import Output


def feature(value):
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if isinstance(value, float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def record(number):
    values = {"label": number % 3, "source": [b"web", b"scan"][number % 2], "number": number, "score": number / 4}
    if number % 5 == 0:
        values["note"] = b"every fifth"
    features = {key: feature(value) for key, value in values.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(path, numbers):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number in numbers:
            writer.write(record(number))


@pytest.fixture
def foreign(tmp_path):
    """60 records of TensorFlow's in two splits: 20 and 20 of train, 20 of test."""
    folder = tmp_path / "foreign"
    write(folder / "rows-train.tfrecord-00000-of-00002", range(20))
    write(folder / "rows-train.tfrecord-00001-of-00002", range(20, 40))
    write(folder / "rows-test.tfrecord-00000-of-00001", range(40, 60))
    return folder


def flip(shard, payload):
    """Flips a byte in the payload of a record."""
    content = bytearray(shard.read_bytes())
    content[content.index(payload) + 3] ^= 1
    shard.write_bytes(content)


def numbers(out, split=None):
    return [example(payload)["number"][0] for payload in listed_payloads(Output(out), split)]
