"""Seconds that `shardify.convert` takes for an array in memory, for its file, and that the command takes for that file.

    python benches/readers/convert.py [--rows 60000] [--shape 32x32x3] [--turns 5] [--folder FOLDER]

Needs shardify with its command, and three times the array on the disk. The array is in the caches. Each turn does all
three, after `sync` and with the output of the last removed; the table has medians of wall and CPU time.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

import numpy as np
import shardify


def cpu(who):
    use = resource.getrusage(who)
    return use.ru_utime + use.ru_stime


def timed(who, out, work):
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    start, before = time.monotonic(), cpu(who)
    work()
    return time.monotonic() - start, cpu(who) - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--shape", default="32x32x3", help="of a row of uint8")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, help="where the array and the shards are made")
    options = parser.parse_args()
    shape = (options.rows, *map(int, options.shape.split("x")))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file, out = f"{folder}/x.npy", f"{folder}/out"
        x = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
        np.save(file, x)
        command = [os.environ.get("SHARDIFY_BIN", "shardify"), "convert", file, out, "--quiet"]
        ways = {
            "array in memory": (resource.RUSAGE_SELF, lambda: shardify.convert(x, out)),
            "file, in Python": (resource.RUSAGE_SELF, lambda: shardify.convert(file, out)),
            "file, command": (resource.RUSAGE_CHILDREN, lambda: subprocess.run(command, check=True)),
        }
        times = {way: [] for way in ways}
        for turn in range(options.turns):
            for way, (who, work) in list(ways.items())[:: 1 if turn % 2 else -1]:
                times[way].append(timed(who, out, work))
    print("| way | wall s | CPU s |\n|---|---|---|")
    for way, all_turns in times.items():
        wall, used = map(statistics.median, zip(*all_turns))
        print(f"| {way} | {wall:.2f} | {used:.2f} |")


if __name__ == "__main__":
    main()
