"""npy: the rows of an array, and labels, to records."""

import inputs
import numpy as np
import verify
from job import FLOOR, OURS, PEER, Entry, Job


def jobs(bench):
    few = bench.options.rows
    huge = int(bench.options.array_gb * 1e9) // inputs.ROW
    for name, folder, shape, dtype, labels in [
        (f"npy, uint8 [{few},32,32,3] and labels", f"pictures-{few}", (few, 32, 32, 3), np.uint8, True),
        (f"npy, float32 [{few // 3},224]", f"floats-{few // 3}", (few // 3, 224), np.float32, False),
        (f"npy, uint8 [{huge},{inputs.ROW}]", f"huge-{huge}", (huge, inputs.ROW), np.uint8, False),
    ]:
        source = inputs.array(bench, folder, shape, dtype, labels)
        array, out = source / "x.npy", bench.out
        check, large = verify.SameRows(array), shape[0] == huge
        ours = ["--labels", source / "y.npy"] if labels else []
        theirs = [source / "y.npy"] if labels else []
        entries = [Entry("cp of the array", FLOOR, ["cp", array, out], out)]
        for threads in reversed(bench.threads()):
            command = bench.ours("convert", array, out, *ours, threads=threads)
            entries.append(Entry(f"shardify convert --threads {threads}", OURS, command, out, check()))
        entries.append(
            Entry("TensorFlow loop", PEER, bench.peer("npy_tf", array, out, *theirs), out, check(), slow=large)
        )
        if not large:
            entries.append(
                Entry(
                    "TFDS download_and_prepare",
                    PEER,
                    bench.peer("npy_tfds", array, out, *theirs),
                    out,
                    check(),
                    slow=True,
                )
            )
        note = "TFDS is left out: it takes minutes a run." if large else ""
        yield Job("npy", name, shape[0], inputs.size(array), entries, note)
