"""Shards that reshard wrote anew, as TFDS loads them."""

import collections

import tensorflow_datasets as tfds
from readers import builder, rows

from conftest import CLASSES, IMAGES, Output, shardify

ENCODED = {"decoders": {"image": tfds.decode.SkipDecoding()}}


def pictures(out, splits):
    """How often each label stands beside each encoded image."""
    return collections.Counter((row["label"], row["image"]) for split in splits for row in rows(out, split, **ENCODED))


def test_a_shuffled_and_divided_data_set_has_the_same_labels_and_images(convert, tmp_path):
    source = convert(IMAGES, "--max-shard", "40kB")
    whole = pictures(source, ["train"])
    assert sum(whole.values()) == 30
    out = Output(tmp_path / "resharded")
    options = ("--shuffle", "--seed", "5", "--split", "train=0.8,validation=0.2", "--stratify", "--max-shard", "60kB")
    shardify("reshard", source.path, out.path, *options)
    info = builder(out).info
    assert {split: info.splits[split].num_examples for split in info.splits} == {"train": 24, "validation": 6}
    assert info.features["label"].names == CLASSES
    assert pictures(out, info.splits) == whole
    assert not pictures(out, ["train"]) & pictures(out, ["validation"])
    assert all(shard.stat().st_size <= 60_000 for split in info.splits for shard in out.shards(split))


def test_merged_data_sets_have_the_records_of_both(convert, tmp_path):
    one, two = convert(IMAGES, "--split", "train=0.5,test=0.5"), convert(IMAGES, "--compression", "gzip", "--seed", "1")
    out = Output(tmp_path / "merged")
    shardify("reshard", one.path, two.path, out.path, "--shuffle")
    both = pictures(one, ["train", "test"])
    assert pictures(out, ["train", "test"]) == both + both


def test_a_selection_keeps_the_numbers_of_its_labels(convert, tmp_path):
    source, out = convert(IMAGES), Output(tmp_path / "some")
    shardify("reshard", source.path, out.path, "--only-label", "sign", "--only-label", "temple")
    wanted = {CLASSES.index("sign"), CLASSES.index("temple")}
    expected = {key: count for key, count in pictures(source, ["train"]).items() if key[0] in wanted}
    assert pictures(out, ["train"]) == expected
    assert builder(out).info.features["label"].names == CLASSES
