"""scale: what a record costs, and what memory is needed, as records become many; on one thread and on more."""

import inputs
import numpy as np
import verify
from job import OURS, Entry, Job


def jobs(bench):
    for count in bench.options.scale:
        array = inputs.array(bench, f"sparse-{count}", (count, inputs.ROW), np.uint8, sparse=True) / "x.npy"
        yield job(
            bench, f"scale, {count:,} rows of 3 kB", array, count, inputs.ROW, "A sparse file: it reads as zeros."
        )
    for count in bench.options.scale:
        images = inputs.linked(bench, count)
        note = f"Hard links to {inputs.DISTINCT} pictures, in 100 folders."
        yield job(bench, f"scale, {count:,} JPEG files of 64x48", images, count, 500, note)


def job(bench, name, source, count, least, note):
    check = verify.count(count, least)
    entries = [
        Entry(
            f"shardify convert --threads {n}",
            OURS,
            bench.ours("convert", source, bench.out, threads=n),
            bench.out,
            check,
            slow=count >= 10**6,
        )
        for n in reversed(bench.threads())
    ]
    return Job("scale", name, count, inputs.size(source), entries, note)
