"""tfrecord2idx of the package `tfrecord`, in one process for all shards: index_tfrecord.py SHARDS OUT"""

import os
import pathlib
import sys

from peer import timed
from tfrecord.tools.tfrecord2idx import create_index

if __name__ == "__main__":
    with timed():
        os.makedirs(sys.argv[2])
        for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
            if ".tfrecord-" in path.name:
                create_index(str(path), os.path.join(sys.argv[2], path.name + ".idx"))
