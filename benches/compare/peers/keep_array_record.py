"""ArrayRecord without compression, which photographs do not gain from: keep_array_record.py IMAGES OUT

Records are a label in eight bytes, then the bytes of the file: less work than building an Example.
"""

import os
import sys

from array_record.python.array_record_module import ArrayRecordWriter
from peer import images, timed


def main(folder, out):
    os.makedirs(out)
    files, shards = images(folder), 4
    for number in range(shards):
        writer = ArrayRecordWriter(
            os.path.join(out, f"train.array_record-{number:05}-of-{shards:05}"), "group_size:1,uncompressed"
        )
        for path, label in files[number::shards]:
            with open(path, "rb") as file:
                writer.write(label.to_bytes(8, "little") + file.read())
        writer.close()


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
