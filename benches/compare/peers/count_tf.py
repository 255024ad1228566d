"""tf.data counts records, which checks their checksums, from files that are read in parallel: count_tf.py SHARDS
EXPECTED
"""

import pathlib
import sys

import tensorflow as tf
from peer import timed

if __name__ == "__main__":
    with timed():
        files = sorted(str(path) for path in pathlib.Path(sys.argv[1]).iterdir() if ".tfrecord-" in path.name)
        data = tf.data.Dataset.from_tensor_slices(files).interleave(
            lambda name: tf.data.TFRecordDataset(name, buffer_size=8 << 20),
            cycle_length=tf.data.AUTOTUNE,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=False,
        )
        count = int(data.reduce(tf.constant(0, tf.int64), lambda count, _: count + 1))
        if count != int(sys.argv[2]):
            sys.exit(f"{count} records")
