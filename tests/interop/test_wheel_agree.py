"""Every reader yields the same set of (label, bytes) of one data set.

What the readers are compared with is taken from the files that were converted. Readers that live in environments of their
own (DALI, PyTorch) are here too, behind their markers, so nothing at the top may import TensorFlow. The package `tfrecord`
cannot be imported beside it: it has test_tfrecord_package.py.
"""

import collections

import numpy as np
import pytest

import shardify as sh
from conftest import CLASSES, IMAGES, REENCODED, class_of, image_files, shardify


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Real pictures, in several shards."""
    folder = tmp_path_factory.mktemp("agree") / "out"
    sh.convert(IMAGES, folder, max_shard="80kB")
    return folder


@pytest.fixture(scope="module")
def expected():
    """Labels and bytes of the files that are kept byte for byte; of the others, the labels."""
    kept, others = collections.Counter(), collections.Counter()
    for name, path in image_files().items():
        label = CLASSES.index(class_of(name))
        if name in REENCODED:
            others[label] += 1
        else:
            kept[label, path.read_bytes()] += 1
    assert kept.total() == 27 and others.total() == 3
    return kept, others


def agree(pairs, expected):
    kept, others = expected
    found = collections.Counter((int(label), bytes(image)) for image, label in pairs)
    assert not kept - found
    assert collections.Counter(label for label, _ in (found - kept).elements()) == others


def test_open(pictures, expected):
    agree(((row["image"], row["label"]) for row in sh.open(pictures)), expected)


def test_tf_dataset(pictures, expected):
    for shuffle in (False, True):
        pairs = sh.tf.dataset(pictures, decode=False, shuffle=shuffle, batch_size=7).unbatch()
        agree(pairs.as_numpy_iterator(), expected)


def test_tfds(pictures, expected):
    import tensorflow_datasets as tfds

    decoders = {"image": tfds.decode.SkipDecoding()}
    pairs = tfds.builder_from_directory(str(pictures)).as_dataset("train", as_supervised=True, decoders=decoders)
    agree(pairs.as_numpy_iterator(), expected)


def test_grain(pictures, expected):
    import grain

    rows = grain.MapDataset.source(sh.open(pictures)).shuffle(seed=1)
    agree(((row["image"], row["label"]) for row in rows), expected)


@pytest.mark.torch
def test_pytorch(pictures, expected):
    from torch.utils.data import DataLoader

    loader = DataLoader(sh.open(pictures), batch_size=4, shuffle=True, num_workers=2, collate_fn=list)
    agree(((row["image"], row["label"]) for batch in loader for row in batch), expected)


@pytest.mark.dali
def test_dali(pictures, expected):
    from nvidia.dali import fn, pipeline_def, tfrecord

    shards = sorted(map(str, pictures.glob("*.tfrecord-*")))
    count = len(image_files())

    @pipeline_def(batch_size=count, num_threads=2, device_id=None)
    def pipeline():
        record = fn.readers.tfrecord(
            path=shards,
            index_path=[str(pictures / "index" / f"{shard.rsplit('/', 1)[1]}.idx") for shard in shards],
            features={
                "image": tfrecord.FixedLenFeature((), tfrecord.string, ""),
                "label": tfrecord.FixedLenFeature([1], tfrecord.int64, -1),
            },
        )
        return record["image"], record["label"]

    built = pipeline()
    built.build()
    images, labels = built.run()
    agree(((np.asarray(images[at]).tobytes(), np.asarray(labels[at]).item()) for at in range(count)), expected)


def test_a_damaged_shard_is_noticed_by_our_readers_and_no_other(pictures, tmp_path):
    """Why there are readers here at all."""
    import shutil

    import tensorflow as tf

    folder = tmp_path / "out"
    shutil.copytree(pictures, folder)
    shard = sorted(folder.glob("*.tfrecord-*"))[1]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    (finding,) = [one for one in sh.validate(folder).findings if one.kind == "data-crc"]
    with pytest.raises(sh.DamageError) as raised:
        list(sh.open(folder))
    assert (raised.value.path, raised.value.record) == (str(shard), finding.record)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{shard.name}: record {finding.record}: damaged"):
        list(sh.tf.dataset(folder, decode=False))
    # The command says the same.
    assert f"record {finding.record}" in shardify("validate", folder, code=1).stdout
