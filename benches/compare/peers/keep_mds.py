"""MosaicML's MDSWriter, shards of up to 256 MB, image bytes as they are: keep_mds.py IMAGES OUT"""

import sys

from peer import images, timed
from streaming import MDSWriter


def main(folder, out):
    with MDSWriter(
        out=out, columns={"image": "bytes", "label": "int"}, size_limit=256_000_000, progress_bar=False
    ) as writer:
        for path, label in images(folder):
            with open(path, "rb") as file:
                writer.write({"image": file.read(), "label": label})


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
