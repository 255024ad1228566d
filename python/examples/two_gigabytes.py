#!/usr/bin/env python3
"""An array of more than 2 GB, TensorFlow, and shards: what fails, what it costs in memory, and what trains.

    python python/examples/two_gigabytes.py

makes some 16,000 pictures, as JPEG files of 500x375 and as one uint8 array [N, 224, 224, 3] of 2.4 GB, and then

 1. embeds the array in a graph: "Cannot create a tensor proto whose content is larger than 2GB.";
 2. turns the array and the files into shards with shardify;
 3. trains a small model for an epoch from arrays in memory, from `tf.data.Dataset.from_tensor_slices`, from a Keras
    PyDataset (Sequence) that decodes and resizes files, and from the shards, and tells speed and peak memory of each.

Each step is a process of its own, so that its peak memory and its errors are its own. All takes some five minutes on
two cores, 9 GB of disk and 9 GB of memory; steps that do not fit into memory are left out.
It needs TensorFlow 2.16 or newer, Pillow and shardify. The ways to train are in story/ways.py, to copy from.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import signal
import sys
import tempfile
from collections.abc import Iterator

from story import machine
from story.data import ROW_BYTES, Data
from story.tell import STEPS, Story


def main() -> int:
    args = arguments()
    if packages := machine.missing():
        sys.exit(f"two_gigabytes.py: first run: pip install {' '.join(packages)}")
    rows = max(1, round(args.gigabytes * 1e9 / ROW_BYTES))
    with work_folder(args.work) as folder:
        data = Data(folder, rows, args.images or rows)
        free = machine.free_disk(folder)
        if data.disk_bytes > free and not args.force:
            sys.exit(
                f"two_gigabytes.py: {folder}: needs {data.disk_bytes / 1e9:.1f} GB, {free / 1e9:.1f} GB are free "
                "(--work DIR uses another disk, --gigabytes 1 and --images 1000 take less, --force tries it)"
            )
        story = Story(data, force=args.force)
        story.tell(args.only)
        if args.json:
            args.json.write_text(json.dumps(story.as_json(), indent=2) + "\n", "utf-8")
    for name, text in story.failures():
        print(f"\n{name}:\n{text}", file=sys.stderr)
    return 1 if story.failures() else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.4, metavar="N", help="size of the array (default: 2.4)")
    parser.add_argument("--images", type=int, metavar="N", help="pictures that are files (default: as the array has)")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS), metavar="STEP", help=" ".join(STEPS))
    parser.add_argument("--work", type=pathlib.Path, metavar="DIR", help="work there, and keep pictures and shards")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--force", action="store_true", help="try what does not seem to fit into memory or on the disk")
    return parser.parse_args()


@contextlib.contextmanager
def work_folder(wanted: pathlib.Path | None) -> Iterator[pathlib.Path]:
    """The folder that was asked for, which stays, or one that goes at the end."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="two_gigabytes_", dir=machine.scratch()) as folder:
            yield pathlib.Path(folder).resolve()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not before the folder is removed
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
