"""What TensorFlow and TFDS make of an Output. All truth in these tests comes through here or from the programs themselves."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds


def builder(out):
    return tfds.builder_from_directory(str(out.path))


def rows(out, split="train", **options):
    """The records of a split through TFDS, as dicts of NumPy values."""
    dataset = builder(out).as_dataset(split, shuffle_files=False, **options)
    return list(tfds.as_numpy(dataset))


def payloads(out, split="train", compression=""):
    """The records of a split through tf.data, in the order of the shards."""
    files = [str(shard) for shard in out.shards(split)]
    return [record.numpy() for record in tf.data.TFRecordDataset(files, compression_type=compression)]


def listed_payloads(out, split=None):
    """The records of all shards that the manifest lists, or of those of one split, in its order."""
    kind = {"none": "", "gzip": "GZIP", "zlib": "ZLIB"}[out.manifest["compression"]]
    files = [
        str(out.path / shard["name"])
        for entry in out.manifest["splits"]
        for shard in entry["shards"]
        if split in (None, entry["name"])
    ]
    return [record.numpy() for record in tf.data.TFRecordDataset(files, compression_type=kind)]


def parsed(out, spec, split="train", compression=""):
    """The records of a split through parse_single_example, the way a user writes it."""
    files = [str(shard) for shard in out.shards(split)]
    dataset = tf.data.TFRecordDataset(files, compression_type=compression)
    dataset = dataset.map(lambda record: tf.io.parse_single_example(record, spec))
    return list(dataset.as_numpy_iterator())


def example(payload):
    """One Example as {key: list of values}, through protobuf."""
    features = tf.train.Example.FromString(payload).features.feature
    return {key: list(getattr(feature, feature.WhichOneof("kind")).value) for key, feature in features.items()}


def assert_same_bits(found, expected):
    """Equality that tells -0.0 from 0.0 and one NaN from another; byte order does not matter, dtype and shape do."""
    found, expected = np.asarray(found), np.asarray(expected)
    native = expected.astype(expected.dtype.newbyteorder("="), order="C")
    assert (found.dtype, found.shape) == (native.dtype, native.shape)
    assert found.tobytes() == native.tobytes(), f"{found!r} is not {native!r}"


def tensor_spec(feature):
    """The parse_single_example spec of a features.json Tensor, and the function that finishes the job."""
    tensor = feature["tensor"]
    shape = [int(size) for size in tensor["shape"].get("dimensions", [])]
    dtype = tf.dtypes.as_dtype(tensor["dtype"])
    if tensor.get("encoding", "none") == "bytes":
        spec = tf.io.FixedLenFeature([], tf.string)
        if dtype == tf.uint64:  # which decode_raw lacks
            return spec, lambda value: tf.bitcast(tf.reshape(tf.io.decode_raw(value, tf.int64), shape), dtype).numpy()
        return spec, lambda value: tf.reshape(tf.io.decode_raw(value, dtype), shape).numpy()
    if dtype == tf.float32:
        return tf.io.FixedLenFeature(shape, tf.float32), lambda value: np.asarray(value)
    spec = tf.io.FixedLenFeature(shape, tf.int64)
    if dtype == tf.uint64:
        return spec, lambda value: tf.bitcast(value, dtype).numpy()
    return spec, lambda value: tf.cast(value, dtype).numpy()


def columns(out, split="train"):
    """Every Tensor column of a split through plain tf.data, decoded as features.json says: {name: [row, ...]}."""
    specs, decoders = {}, {}
    for name, feature in out.features.items():
        if "tensor" in feature:
            specs[name], decoders[name] = tensor_spec(feature)
        elif "classLabel" in feature:
            specs[name], decoders[name] = tf.io.FixedLenFeature([], tf.int64), np.asarray
    records = parsed(out, specs, split)
    return {name: [decoders[name](record[name]) for record in records] for name in specs}
