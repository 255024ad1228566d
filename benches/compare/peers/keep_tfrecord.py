"""The writer of the package `tfrecord`: keep_tfrecord.py IMAGES OUT"""

import os
import sys

from peer import images, shard, timed
from tfrecord.writer import TFRecordWriter


def main(folder, out):
    os.makedirs(out)
    files, shards = images(folder), 4
    for number in range(shards):
        writer = TFRecordWriter(shard(out, number, shards))
        for path, label in files[number::shards]:
            with open(path, "rb") as file:
                writer.write({"image": (file.read(), "byte"), "label": (label, "int")})
        writer.close()


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
