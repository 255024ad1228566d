"""img2dataset from `file://` addresses: short side and square of 224 in one step, JPEG q90, TFRecord; in an
environment of its own.

resize_img2dataset.py IMAGES OUT
"""

import os
import sys
import tempfile

import img2dataset
from peer import CORES, images, timed


def main(folder, out):
    files = images(folder)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as addresses:
        addresses.writelines(f"file://{path}\n" for path, _ in files)
        addresses.flush()
        img2dataset.download(
            url_list=addresses.name,
            input_format="txt",
            output_folder=out,
            output_format="tfrecord",
            image_size=224,
            resize_mode="center_crop",
            encode_quality=90,
            processes_count=CORES,
            thread_count=8,
            number_sample_per_shard=max(1, -(-len(files) // (2 * CORES))),
        )


if __name__ == "__main__":
    with timed():
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
