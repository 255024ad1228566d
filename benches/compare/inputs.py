"""Makes what is measured on, once; it stays in the data folder. Random bytes come from a fixed seed."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np

MAKE_PHOTOS = pathlib.Path(__file__).resolve().parent.parent / "make_photos.py"
ROW = 3072
DISTINCT = 500


def once(path, make):
    """Calls `make` with a folder that gets its name when it is whole."""
    if not path.exists():
        print(f"making {path}", flush=True)
        part = path.with_name(path.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        make(part)
        part.rename(path)
    return path


def photos(bench, count, kind="detailed"):
    """`detailed`: crops of about 500x375; `large`: of 12 megapixels; `tiny`: of 64x48."""
    words = [sys.executable, MAKE_PHOTOS, "PART", str(count), "--sources", bench.folder / "sources", f"--{kind}"]
    return once(
        bench.data / f"{kind}-{count}",
        lambda part: subprocess.run([part if word == "PART" else word for word in words], check=True),
    )


def linked(bench, count):
    """As many file names as asked for, in 100 folders, hard links to a few hundred small pictures."""
    sources = sorted(photos(bench, DISTINCT, "tiny").rglob("*.jpg"))

    def make(part):
        for folder in range(100):
            (part / f"n{folder:03}").mkdir()
        for i in range(count):
            os.link(sources[i % len(sources)], part / f"n{i % 100:03}" / f"img_{i:07}.jpg")

    return once(bench.data / f"links-{count}", make)


def array(bench, name, shape, dtype, labels=False, sparse=False):
    """An array of noise, or of a file's holes."""

    def make(part):
        rng = np.random.default_rng(1)
        rows = np.lib.format.open_memmap(part / "x.npy", mode="w+", dtype=dtype, shape=shape)
        step = max(1, 50_000_000 // rows[0].nbytes)
        for at in range(0, 0 if sparse else len(rows), step):
            part_shape = rows[at : at + step].shape
            rows[at : at + step] = (
                rng.integers(0, 256, part_shape, np.uint8) if dtype == np.uint8 else rng.random(part_shape, np.float32)
            )
        rows.flush()
        if labels:
            np.save(part / "y.npy", rng.integers(0, 10, shape[0], np.int64))

    return once(bench.data / name, make)


def shards(bench, name, rows, width):
    """Shards of 256 MB that hold an array of noise, and nothing beside them."""

    def make(part):
        source = array(bench, f"{name}-array", (rows, width), np.uint8)
        subprocess.run([bench.shardify, "convert", source / "x.npy", part / "made", "-q"], check=True)
        for shard in sorted((part / "made").glob("*.tfrecord-*")):
            shard.rename(part / shard.name)
        shutil.rmtree(part / "made")
        shutil.rmtree(source)

    return once(bench.data / name, make)


def size(path):
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
