"""Records a second at random and in order: `shardify.open` beside ArrayRecord, on the same payloads.

    python benches/readers/access.py [--folder FOLDER] [--turns 7] [--json FILE] [--only "3 kB"]

Needs shardify, array_record and crc32c (tests/interop/requirements.txt pins the last two), and 1.5 GB of disk. One process,
warm caches: each turn measures every reader once, forth and back; the table has the median of the turns. Nothing else should
run meanwhile; on a busy machine, `chrt -f 50 python benches/readers/access.py` keeps others off the core.

What is checked: shardify compares the CRC-32C of the length and of the payload of each record. ArrayRecord compares the hash of
each chunk of Riegeli, which is a record with `group_size:1`, and inflates it. Payloads are random bytes, as photographs are to a
compressor.
"""

import argparse
import json
import pathlib
import random
import statistics
import struct
import tempfile
import time

import crc32c
from array_record.python import array_record_module
from array_record.python.array_record_data_source import ArrayRecordDataSource

import shardify

SIZES = {"100 kB": (100_000, 3000, 3000), "3 kB": (3000, 60_000, 20_000), "300 B": (300, 300_000, 30_000)}
"""Of each: bytes of a payload, records, and the most that are read in a turn."""

SECONDS = 0.2
"""About as long a reader takes in its turn: ArrayRecord's `[i]` gets slower with the records in the file, and reads few."""

BATCH = 128
ARRAY_RECORDS = {"group_size:1": "group_size:1", "default": ""}


def masked(data):
    crc = crc32c.crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def write(folder, size, count):
    """The same payloads for all."""
    shard = folder / f"{size}.tfrecord"
    writers = {
        name: array_record_module.ArrayRecordWriter(str(folder / f"{size}-{at}.array_record"), options)
        for at, (name, options) in enumerate(ARRAY_RECORDS.items())
    }
    length = struct.pack("<Q", size)
    chance = random.Random(size)
    with shard.open("wb") as file:
        for _ in range(count):
            payload = chance.randbytes(size)
            file.write(length + masked(length) + payload + masked(payload))
            for writer in writers.values():
                writer.write(payload)
    for writer in writers.values():
        writer.close()


def readers(folder, size):
    """Sources of the payloads, by name."""
    found = {}
    for at, name in enumerate(ARRAY_RECORDS):
        found[f"ArrayRecord, {name}"] = ArrayRecordDataSource(str(folder / f"{size}-{at}.array_record"))
    shard = folder / f"{size}.tfrecord"
    found["shardify"] = shardify.open(shard).records
    found["shardify, memory_map=False"] = shardify.open(shard, memory_map=False).records
    return found


def one_by_one(source, order):
    for at in order:
        source[at]


def views(source, order):
    view = source.view
    for at in order:
        view(at)


def batches(source, order):
    for start in range(0, len(order), BATCH):
        source.__getitems__(order[start : start + BATCH])


def measure(folder, name, turns):
    size, count, reads = SIZES[name]
    sources = readers(folder, size)
    reads = min(reads, count)
    shuffled = random.Random(1).sample(range(count), reads)
    for at in shuffled[:3]:
        assert len({bytes(source[at]) for source in sources.values()}) == 1
    orders = {"in order": list(range(reads)), "random": shuffled}
    ways = {"[i]": one_by_one, f"__getitems__ of {BATCH}": batches, "view(i), no copy": views}
    times, counts = {}, {}
    for turn in range(turns + 1):
        for order_name, order in orders.items():
            for way_name, way in ways.items():
                in_turn = list(sources.items())
                for source_name, source in in_turn if turn % 2 else in_turn[::-1]:
                    if way is views and source_name != "shardify":
                        continue
                    key = (order_name, way_name, source_name)
                    count_of = counts.get(key, BATCH)
                    start = time.perf_counter()
                    way(source, order[:count_of])
                    seconds = time.perf_counter() - start
                    if turn:
                        times.setdefault(key, []).append(count_of / seconds)
                    else:  # the first tells how many there is time for
                        counts[key] = max(8, min(reads, int(BATCH * SECONDS / seconds)))
    return [
        {
            "record": name,
            "order": order,
            "way": way,
            "reader": source,
            "records_per_second": round(statistics.median(rates)),
            "turns": [round(rate) for rate in rates],
        }
        for (order, way, source), rates in times.items()
    ]


def table(results):
    names = list(dict.fromkeys(result["reader"] for result in results))
    lines = ["| record | order | way | " + " | ".join(names) + " | ratio |", "|---|---|---|" + "---|" * (len(names) + 1)]
    for key in dict.fromkeys((r["record"], r["order"], r["way"]) for r in results):
        row = {r["reader"]: r["records_per_second"] for r in results if (r["record"], r["order"], r["way"]) == key}
        cells = [f"{row[name]:,}" if name in row else "" for name in names]
        peers = [row[name] for name in row if name.startswith("ArrayRecord")]
        ratio = f"{row['shardify'] / max(peers):.2f}" if peers else ""
        lines.append(f"| {' | '.join([*key, *cells, ratio])} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, help="where the files are, or are made")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--only", choices=SIZES)
    parser.add_argument("--json", type=pathlib.Path, help="where each turn is written down")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or pathlib.Path(made)
        folder.mkdir(exist_ok=True)
        results = []
        for name in [options.only] if options.only else SIZES:
            size, count, _ = SIZES[name]
            if not (folder / f"{size}.tfrecord").exists():
                write(folder, size, count)
            results += measure(folder, name, options.turns)
    print(table(results))
    print("\nRecords a second; ratio: shardify to the faster ArrayRecord.")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
