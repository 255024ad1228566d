"""Examples a second of `shardify.tf.dataset` beside TFDS and plain `tf.data`, on the same shards, in turns.

    shardify convert photos/ a/
    python3 benches/readers/tf_data.py a/ [b/ ...] [--runs 5] [--batch 128] [--shuffle]

TFDS is used as its performance guide says: `builder.as_dataset`, which reads and decodes in parallel, then `batch` and
`prefetch`. Plain `tf.data` is what people write by hand: files in turns, records parsed one by one in a parallel map,
`batch`, `prefetch`. Each reads the pairs of input and label, once to warm up, then --runs times in turns with the
others. Printed are the medians, with the processor seconds for a thousand examples, which tell more where other
programs run, and the median of how many times faster shardify was than TFDS in the same turn.
Images are decoded; those of differing sizes come one by one, because they make no batch.
"""

import argparse
import json
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import shardify
import tensorflow as tf
import tensorflow_datasets as tfds

BUFFER = 2000


def through_shardify(folder, batch, shuffle):
    return shardify.tf.dataset(folder, batch_size=batch, shuffle=shuffle, shuffle_buffer=BUFFER)


def through_tfds(folder, batch, shuffle):
    builder = tfds.builder_from_directory(folder)
    # Sets of less than 250 MB would be kept in memory after the first pass, decoded.
    config = tfds.ReadConfig(try_autocache=False)
    dataset = builder.as_dataset("train", as_supervised=True, shuffle_files=shuffle, read_config=config)
    if shuffle:
        dataset = dataset.shuffle(BUFFER)
    return batched(dataset, batch).prefetch(tf.data.AUTOTUNE)


def batched(dataset, batch):
    return dataset if batch is None else dataset.batch(batch)


def through_tf(folder, batch, shuffle):
    manifest = json.loads((pathlib.Path(folder) / "shardify.json").read_text("utf-8"))
    fields = {field["key"]: field for field in manifest["schema"]}
    x, y = manifest["supervised_keys"]
    field = fields[x]
    is_list = field["role"] == "tensor" and field["encoding"] == "list"
    spec = tf.io.FixedLenFeature(field["shape"], tf.float32) if is_list else tf.io.FixedLenFeature([], tf.string)

    def parse(record):
        example = tf.io.parse_single_example(record, {x: spec, y: tf.io.FixedLenFeature([], tf.int64)})
        value = example[x]
        if field["role"] == "image":
            value = tf.io.decode_image(value, channels=field["shape"][2], expand_animations=False)
        elif not is_list:
            value = tf.reshape(tf.io.decode_raw(value, tf.as_dtype(field["dtype"])), field["shape"])
        return value, example[y]

    files = tf.data.Dataset.list_files(f"{folder}/*-train.tfrecord-*", shuffle=shuffle)
    dataset = files.interleave(tf.data.TFRecordDataset, num_parallel_calls=tf.data.AUTOTUNE, deterministic=not shuffle)
    if shuffle:
        dataset = dataset.shuffle(BUFFER)
    dataset = dataset.map(parse, num_parallel_calls=tf.data.AUTOTUNE)
    return batched(dataset, batch).prefetch(tf.data.AUTOTUNE)


READERS = {"shardify": through_shardify, "tfds": through_tfds, "tf.data": through_tf}


def speed(dataset, count):
    """Examples a second of one pass, and seconds of all processors for a thousand.

    The clock stops at the last example. After it, TensorFlow takes the pipeline apart, and now and then waits for the
    thread that tunes it, which wakes after 1.28, 2.56, 5.12... seconds: by chance, half a short pass.
    """
    started, busy = time.perf_counter(), time.process_time()
    seen, last = 0, started
    for _, label in dataset:
        seen += label.shape[0] if label.shape.rank else 1
        last = time.perf_counter()
    seconds, busy = last - started, time.process_time() - busy
    assert seen == count, (seen, count)
    return count / seconds, busy / count * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--shuffle", action="store_true")
    args = parser.parse_args()
    for folder in args.folders:
        manifest = json.loads((pathlib.Path(folder) / "shardify.json").read_text("utf-8"))
        count = next(split["records"] for split in manifest["splits"] if split["name"] == "train")
        has_one_shape = None not in shardify.tf.dataset(folder).element_spec[0].shape
        batch = args.batch if has_one_shape else None
        datasets = {name: make(folder, batch, args.shuffle) for name, make in READERS.items()}
        for dataset in datasets.values():
            speed(dataset, count)
        speeds = {name: [] for name in datasets}
        for _ in range(args.runs):
            for name, dataset in datasets.items():
                speeds[name].append(speed(dataset, count))
        middle = {name: map(statistics.median, zip(*found, strict=True)) for name, found in speeds.items()}
        medians = "  ".join(f"{name} {rate:,.0f} ({busy:.3f} s)" for name, (rate, busy) in middle.items())
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(speeds["shardify"], speeds["tfds"], strict=True))
        shuffled = " shuffled" if args.shuffle else ""
        print(f"{folder} ({count:,} examples, batch {batch}{shuffled}): {medians}  x{ratio:.2f} of tfds", flush=True)


if __name__ == "__main__":
    main()
