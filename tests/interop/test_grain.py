"""Grain samples from what `shardify.open` gives: the same pictures, with workers, and from a checkpoint on."""

import hashlib

import grain
import pytest
from conftest import IMAGES, class_of, image_files, shardify

import shardify as sh


@pytest.fixture(scope="module")
def ds(tmp_path_factory):
    out = tmp_path_factory.mktemp("grain") / "out"
    shardify("convert", IMAGES, out, "--quiet", "--max-shard", "80kB")
    return sh.open(out)


def key(row):
    return row["label"], hashlib.sha256(row["image"]).hexdigest()


def test_it_is_a_source(ds):
    assert isinstance(ds, grain.sources.RandomAccessDataSource)
    assert isinstance(ds.records, grain.sources.RandomAccessDataSource)
    for row in ds:
        assert ds.class_names[row["label"]] == class_of(row["filename"])
    assert len(ds) == len(image_files())


def test_map_datasets_shuffle_repeat_and_batch(ds):
    expected = sorted(map(key, ds))
    data = grain.MapDataset.source(ds).shuffle(seed=5).map(key)
    assert sorted(data) == expected and list(data) != [key(row) for row in ds]
    assert sorted(data.repeat(2)) == sorted(expected * 2)
    assert sorted(grain.MapDataset.source(ds.records).shuffle(seed=5)) == sorted(ds.records)
    labels = [label for batch in grain.MapDataset.source(ds).map(lambda row: row["label"]).batch(7) for label in batch]
    assert labels == [row["label"] for row in ds]
    assert sorted(data.to_iter_dataset(grain.ReadOptions(num_threads=4, prefetch_buffer_size=8))) == expected


@pytest.mark.parametrize("workers", [0, 2])
def test_loaders_with_workers_yield_every_picture_once(ds, workers):
    sampler = grain.samplers.IndexSampler(num_records=len(ds), num_epochs=1, shuffle=True, seed=3)
    loader = grain.DataLoader(data_source=ds, sampler=sampler, worker_count=workers)
    assert sorted(map(key, loader)) == sorted(map(key, ds))


def test_a_checkpoint_goes_on_where_it_was(ds):
    sampler = grain.samplers.IndexSampler(num_records=len(ds), num_epochs=1, shuffle=True, seed=3)
    whole = [key(row) for row in grain.DataLoader(data_source=ds, sampler=sampler)]
    iterator = iter(grain.DataLoader(data_source=ds, sampler=sampler))
    for _ in range(11):
        next(iterator)
    state = iterator.get_state()
    # Another object for the same data set: Grain compares how the two look.
    again = iter(grain.DataLoader(data_source=sh.open(ds._options["paths"]), sampler=sampler))
    again.set_state(state)
    assert [key(row) for row in again] == whole[11:]
