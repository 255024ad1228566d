"""The loop of TensorFlow's tutorial on TFRecord: the bytes of each file, its label, and its shape, for which it is
decoded.

keep_tf.py IMAGES OUT [tutorial|bytes]      (bytes: without the shape, hence without decoding)
"""

import os
import sys

import tensorflow as tf
from peer import images, shard, timed


def bytes_feature(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def int64_feature(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def main(folder, out, mode="tutorial"):
    os.makedirs(out)
    files, shards = images(folder), 4
    for number in range(shards):
        with tf.io.TFRecordWriter(shard(out, number, shards)) as writer:
            for path, label in files[number::shards]:
                with open(path, "rb") as file:
                    data = file.read()
                feature = {"label": int64_feature(label), "image_raw": bytes_feature(data)}
                if mode == "tutorial":
                    height, width, depth = tf.io.decode_jpeg(data).shape
                    feature |= {
                        "height": int64_feature(height),
                        "width": int64_feature(width),
                        "depth": int64_feature(depth),
                    }
                writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
