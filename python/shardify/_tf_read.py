"""Reads records through `tf.data` so that whatever is wrong with a file is an error with its name and the record.

TensorFlow's own error says neither, and none at all comes where a file was cut between two records. So errors of the
reader only end its file, and records are counted, a batch at a time, against the manifest. All of that is in the graph:
no Python runs inside of `model.fit`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ._tf_open import Split

_BATCH_BYTES = 1 << 20
_BATCH_RECORDS = 1024
_BUFFER_BYTES = 1 << 20


def read(split: Split, *, cycle: int, shuffle: bool, seed: int | None, deterministic: bool) -> Any:
    """A data set of batches of serialised records; their length is of no meaning."""
    size = max(1, min(_BATCH_RECORDS, _BATCH_BYTES // split.record_bytes))
    paths = tf.constant([shard.path for shard in split.shards], tf.string)
    counts = tf.constant([shard.records for shard in split.shards], tf.int64)
    files = tf.data.Dataset.from_tensor_slices((paths, counts))
    if shuffle:
        files = files.shuffle(max(1, len(split.shards)), seed, reshuffle_each_iteration=True)

    def records(path: Any, count: Any) -> Any:
        return _records(path, count, size, split)

    return files.interleave(
        records, cycle_length=cycle, num_parallel_calls=tf.data.AUTOTUNE, deterministic=deterministic
    )


def _records(path: Any, count: Any, size: int, split: Split) -> Any:
    """The records of a file, in batches of `size`."""
    found = tf.data.TFRecordDataset(path, split.compression, buffer_size=_BUFFER_BYTES).ignore_errors(log_warning=True)
    end = tf.data.Dataset.from_tensors(tf.zeros([0], tf.string))
    batches = _opens(path).concatenate(found.batch(size)).concatenate(end)
    advice = f"; `shardify validate {split.folder}` tells more)"

    def check(number: Any, batch: Any) -> Any:
        start = number * size
        expected = tf.clip_by_value(count - start, 0, size)
        got = tf.size(batch, out_type=tf.int64)
        record = tf.strings.as_string(start + tf.minimum(got, expected))
        text = [path, ": record ", record, ": damaged, missing or not in the manifest (which says "]
        message = tf.strings.join([*text, tf.strings.as_string(count), " records", advice])
        with tf.control_dependencies([tf.debugging.Assert(tf.equal(got, expected), [message])]):
            return tf.identity(batch)

    return batches.enumerate().map(check)


def _opens(path: Any) -> Any:
    """Nothing, or the error that tells why the file cannot be opened. A reader whose errors are ignored would try for
    ever."""
    byte = tf.data.FixedLengthRecordDataset(path, record_bytes=1, buffer_size=1)
    return byte.take(1).filter(lambda _: False).batch(1)
