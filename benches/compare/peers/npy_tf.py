"""The TensorFlow loop over the rows of an array: npy_tf.py ARRAY OUT [LABELS]"""

import os
import sys

import numpy as np
import tensorflow as tf
from peer import shard, timed


def main(array, out, labels=None):
    os.makedirs(out)
    rows = np.load(array, mmap_mode="r")
    labels = None if labels is None else np.load(labels)
    shards = -(-rows.nbytes // 256_000_000)
    bounds = [len(rows) * number // shards for number in range(shards + 1)]
    for number in range(shards):
        with tf.io.TFRecordWriter(shard(out, number, shards)) as writer:
            for at in range(bounds[number], bounds[number + 1]):
                row = rows[at]
                if row.dtype == np.float32:
                    feature = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=row))}
                else:
                    feature = {"x": tf.train.Feature(bytes_list=tf.train.BytesList(value=[row.tobytes()]))}
                if labels is not None:
                    feature["label"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[labels[at]]))
                writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
