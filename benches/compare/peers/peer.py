"""What the peers' scripts share: files and labels, the part of a picture that is kept, and how long the work took
without imports.
"""

import contextlib
import json
import os
import pathlib
import time

CORES = len(os.sched_getaffinity(0))
SHORT, SIZE = 256, 224


@contextlib.contextmanager
def timed():
    """Prints, as one line of JSON, what passed inside: imports are made before it."""
    start = time.perf_counter()
    yield
    print(json.dumps({"seconds": time.perf_counter() - start}))


def images(folder):
    """(path, class number) of every image below a folder of class folders, classes and names sorted."""
    classes = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_dir())
    return [(str(path), label) for label, folder in enumerate(classes) for path in sorted(folder.iterdir())]


def shard(folder, number, of):
    return os.path.join(folder, f"train.tfrecord-{number:05}-of-{of:05}")


def kept(width, height):
    """The size whose short side is 256, and the corner of the 224x224 in its centre, as torchvision rounds them."""
    if width <= height:
        size = SHORT, SHORT * height // width
    else:
        size = SHORT * width // height, SHORT
    return size, (round((size[0] - SIZE) / 2), round((size[1] - SIZE) / 2))
