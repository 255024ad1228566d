"""validate and index: shards that exist, with large records and with small ones."""

import inputs
import verify
from job import FLOOR, OURS, PEER, Entry, Job


def jobs(bench):
    total = int(bench.options.shards_gb * 1e9)
    for size, width in [("100 kB", 100_000), ("3 kB", 3000)]:
        rows = total // width
        folder = inputs.shards(bench, f"shards-{rows}-{width}", rows, width)
        everything, records = inputs.size(folder), f"{rows:,} records of {size}"
        if "validate" in bench.options.only:
            yield Job("validate", f"validate, {records}", rows, everything, list(validate(bench, folder, rows)))
        if "index" in bench.options.only:
            yield Job("index", f"index, {records}", rows, everything, list(index(bench, folder, rows)))


def validate(bench, folder, rows):
    yield Entry("cat > /dev/null", FLOOR, ["sh", "-c", f"cat {folder}/* > /dev/null"])
    yield Entry("sha256sum", FLOOR, ["sh", "-c", f"sha256sum {folder}/*"])
    says = f" {rows:,} records, "
    for threads in reversed(bench.threads()):
        yield Entry(
            f"shardify validate --threads {threads}", OURS, bench.ours("validate", folder, threads=threads), says=says
        )
    yield Entry("tf.data count, parallel reads", PEER, bench.peer("count_tf", folder, rows))


def index(bench, folder, rows):
    check = verify.indexed(folder)
    beside = folder / "index"
    yield Entry("cat > /dev/null", FLOOR, ["sh", "-c", f"cat {folder}/* > /dev/null"])
    for threads in reversed(bench.threads()):
        yield Entry(
            f"shardify index --threads {threads}", OURS, bench.ours("index", folder, threads=threads), beside, check
        )
    yield Entry(
        "tfrecord2idx of tfrecord (Python)", PEER, bench.peer("index_tfrecord", folder, bench.out), bench.out, check
    )
    if bench.dali.exists():
        each = f'{bench.dali} "$shard" "{bench.out}/${{shard##*/}}.idx" || exit'
        loop = f"mkdir {bench.out}; for shard in {folder}/*; do {each}; done"
        yield Entry("tfrecord2idx of DALI", PEER, ["sh", "-c", loop], bench.out, check)
