"""keep: photographs in class folders, their bytes as they are, to shards."""

import inputs
import verify
from job import FLOOR, OURS, PEER, Entry, Job


def jobs(bench):
    count = bench.options.photos
    photos, out = inputs.photos(bench, count), bench.out
    same = verify.Same(lambda: verify.of_folder(photos))
    records = same(verify.of_tfrecord)
    ours = [
        Entry(f"shardify convert --threads {n}", OURS, bench.ours("convert", photos, out, threads=n), out, records)
        for n in reversed(bench.threads())
    ]

    def peer(name, script, read, *words, slow=False, python=None):
        return Entry(name, PEER, bench.peer(script, photos, out, *words, python=python), out, same(read), slow=slow)

    yield Job(
        "keep",
        f"keep, {count:,} photographs",
        count,
        inputs.size(photos),
        [
            Entry("tar cf", FLOOR, ["tar", "cf", out, "-C", photos, "."], out, same(verify.of_tar)),
            Entry("cp -r", FLOOR, ["cp", "-r", photos, out], out, same(verify.of_folder)),
            *ours,
            peer("TensorFlow tutorial loop", "keep_tf", verify.of_tfrecord, slow=True),
            peer("TensorFlow loop without the shape", "keep_tf", verify.of_tfrecord, "bytes"),
            peer("TFDS download_and_prepare", "keep_tfds", verify.of_tfrecord, slow=True),
            peer("webdataset ShardWriter", "keep_webdataset", verify.of_tar),
            peer("MosaicML MDSWriter", "keep_mds", verify.of_mds, slow=True, python=bench.mds),
            peer("ArrayRecord", "keep_array_record", verify.of_array_record),
            peer("tfrecord (Python)", "keep_tfrecord", verify.of_tfrecord),
        ],
    )
