"""Measures the verbs that care for shards beside floors and peers, in turns, and prints a table of medians.

    python3 benches/care.py SHARDIFY DIR [--runs 5] [--python PYTHON] [--only WORD]

DIR gets about 10 GB of data, which stay there for the next time; outputs are removed outside of the time. Commands that
do not sync what they write are followed, inside of the time, by fsync of every file. PYTHON is one with the packages numpy and
`tfrecord` (by default that of the reader tests, .interop/venv/bin/python).
"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys

from measure import run

HERE = pathlib.Path(__file__).resolve().parent

ROWS = """
import sys, numpy as np
path, rows, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng, step = np.random.default_rng(1), max(1, 50_000_000 // int(sys.argv[3]))
x = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(rows, width))
for at in range(0, rows, step):
    x[at : at + step] = rng.integers(0, 256, x[at : at + step].shape, dtype=np.uint8)
"""


def make(folder, shardify, python):
    """large: 20,000 records of 100 kB; small: 660,000 of 3 kB; one: the first as one shard; damaged, noise, zeros: 1 GB files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, width in [("large", 20_000, 100_000), ("small", 660_000, 3000)]:
        if not (folder / name / "shardify.json").exists():
            subprocess.run([python, "-c", ROWS, folder / f"{name}.npy", str(rows), str(width)], check=True)
            subprocess.run([shardify, "convert", folder / f"{name}.npy", folder / name, "-q"], check=True)
        one = folder / f"{name}-one"
        if not (one / "shardify.json").exists():
            subprocess.run([shardify, "reshard", folder / name, one, "--max-shard", "2147483647B", "--shards", "1", "-q"], check=True)
    if not (folder / "hurt" / "damaged.tfrecord").exists():
        subprocess.run([python, HERE / "make_damaged.py", folder / "hurt"], check=True)


def jobs(folder, shardify, python):
    """Groups of commands that take turns: (name, command, output to remove and, if it does not sync itself, to sync)."""
    out = folder / "out"

    def shell(*words):
        return ["sh", "-c", " ".join(map(str, words))]

    for name in ("large", "small"):
        data, shards = folder / name, f"{folder / name}/*.tfrecord-*"
        yield f"validate, {name}", [
            ("cat SHARDS > /dev/null", shell("cat", shards, "> /dev/null"), None, False),
            ("shardify validate --threads 1", [shardify, "validate", data, "--threads", "1"], None, False),
            ("shardify validate --threads 2", [shardify, "validate", data, "--threads", "2"], None, False),
        ]
        one = next((folder / f"{name}-one").glob("*.tfrecord-*"))
        copy = folder / "copy"
        copy.mkdir(exist_ok=True)
        link = copy / f"{name}.tfrecord"
        if not link.exists():
            link.hardlink_to(one)
        yield f"index, {name}", [
            ("tfrecord2idx of `tfrecord`", [python, "-m", "tfrecord.tools.tfrecord2idx", link, out], out, False),
            ("shardify index", [shardify, "index", link], copy / "index", False),
        ]
        yield f"reshard, {name}", [
            ("cp -r SHARDS, fsync", ["cp", "-r", data, out], out, True),
            ("shardify reshard", [shardify, "reshard", data, out], out, False),
            ("shardify reshard --shuffle", [shardify, "reshard", data, out, "--shuffle"], out, False),
        ]
        yield f"export, {name}", [
            ("cp ARRAY, fsync", ["cp", folder / f"{name}.npy", out], out, True),
            ("shardify export", [shardify, "export", data, out], out, False),
        ]
    both = folder / "both"
    both.mkdir(exist_ok=True)
    for shard in [*(folder / "large").glob("*.tfrecord-*"), *(folder / "small").glob("*.tfrecord-*")]:
        link = both / shard.name
        if not link.exists():
            link.hardlink_to(shard)
    yield "shuffle, 4 GB", [
        ("cp -r SHARDS, fsync", ["cp", "-r", both, out], out, True),
        ("shardify reshard --shuffle", [shardify, "reshard", folder / "large", folder / "small", out, "--shuffle"], out, False),
    ]
    hurt = folder / "hurt"
    yield "repair, 1 GB", [
        ("cp SHARD, fsync", ["cp", hurt / "damaged.tfrecord", out], out, True),
        ("shardify repair WHOLE", [shardify, "repair", hurt / "whole.tfrecord", out], out, False),
        ("shardify repair DAMAGED", shell(shardify, "repair", hurt / "damaged.tfrecord", out, "; [ $? = 1 ]"), out, False),
        ("shardify repair NOISE", shell(shardify, "repair", hurt / "noise.tfrecord", out, "; [ $? = 2 ]"), out, False),
        ("shardify repair ZEROS", shell(shardify, "repair", hurt / "zeros.tfrecord", out, "; [ $? = 2 ]"), out, False),
    ]


def remove(path):
    if path is not None:
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True) if not path.is_dir() else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shardify", type=pathlib.Path)
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--python", default=HERE.parent / ".interop" / "venv" / "bin" / "python")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    make(args.dir, args.shardify, args.python)
    print("| job | command | wall, s (least to most) | CPU, s | peak, MB | beside the first |\n|---|---|---|---|---|---|")
    for group, commands in jobs(args.dir, args.shardify.resolve(), args.python):
        if args.only not in group:
            continue
        figures = {name: [] for name, *_ in commands}
        for turn in range(args.runs + 1):
            for name, command, output, sync in commands:
                remove(output)
                measured = run([str(word) for word in command], str(output) if sync else None)
                if turn > 0:  # the first turn warms the cache
                    figures[name].append(measured)
                remove(output)
        first = None
        for name, runs in figures.items():
            wall, cpu, peak = zip(*runs)
            first = first or statistics.median(wall)
            ratio = statistics.median(wall) / first
            print(
                f"| {group} | `{name}` | {statistics.median(wall):.2f} ({min(wall):.2f} to {max(wall):.2f}) "
                f"| {statistics.median(cpu):.2f} | {max(peak):.0f} | {ratio:.2f} |"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
