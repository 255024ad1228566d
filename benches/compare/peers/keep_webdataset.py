"""webdataset's ShardWriter: tar files of up to 256 MB: keep_webdataset.py IMAGES OUT"""

import os
import sys

import webdataset
from peer import images, timed


def main(folder, out):
    os.makedirs(out)
    with webdataset.ShardWriter(
        os.path.join(out, "train-%05d.tar"), maxcount=1_000_000, maxsize=256e6, verbose=0
    ) as writer:
        for number, (path, label) in enumerate(images(folder)):
            with open(path, "rb") as file:
                writer.write({"__key__": f"{number:07}", "jpg": file.read(), "cls": label})


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
