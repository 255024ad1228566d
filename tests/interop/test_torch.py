"""PyTorch's DataLoader on what `shardify.open` gives, with workers of both kinds.

Runs in an environment without TensorFlow; and is collected where there is no PyTorch, which only tests may import.
"""

import hashlib
import shutil

import numpy as np
import pytest
from conftest import IMAGES, image_files, shardify

import shardify as sh

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    out = tmp_path_factory.mktemp("torch") / "out"
    shardify("convert", IMAGES, out, "--quiet", "--max-shard", "80kB")
    return out


def keys(rows):
    return sorted((row["label"], hashlib.sha256(row["image"]).hexdigest()) for row in rows)


def as_it_is(rows):
    return rows


@pytest.mark.parametrize("method", ["fork", "spawn", None])
@pytest.mark.parametrize("way", [{"memory_map": True}, {"memory_map": False}], ids=str)
def test_every_picture_comes_once_whatever_the_workers(pictures, method, way):
    from torch.utils.data import DataLoader

    ds = sh.open(pictures, **way)
    workers = {"num_workers": 2, "multiprocessing_context": method} if method else {}
    loader = DataLoader(ds, batch_size=4, shuffle=True, collate_fn=as_it_is, **workers)
    for _ in range(2):
        assert keys(row for batch in loader for row in batch) == keys(ds)
    assert len(loader) == -(-len(image_files()) // 4)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_arrays_become_tensors_bit_for_bit(tmp_path, method):
    import torch
    from torch.utils.data import DataLoader, WeightedRandomSampler

    x = np.random.default_rng(1).normal(size=(20, 3, 5)).astype(np.float32)
    y = np.arange(20) % 4
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    shardify("convert", tmp_path / "x.npy", tmp_path / "out", "--labels", tmp_path / "y.npy", "--no-shuffle", "--quiet")
    ds = sh.open(tmp_path / "out", writable=True)
    loader = DataLoader(ds, batch_size=8, num_workers=2, multiprocessing_context=method)
    batches = list(loader)
    assert torch.equal(torch.cat([batch["x"] for batch in batches]), torch.from_numpy(x))
    assert torch.equal(torch.cat([batch["label"] for batch in batches]), torch.from_numpy(y))
    some = DataLoader(ds, batch_size=5, sampler=WeightedRandomSampler([0.0] * 19 + [1.0], 5))
    assert next(iter(some))["label"].tolist() == [3] * 5


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_damage_in_a_worker_names_the_record(pictures, tmp_path, method):
    from torch.utils.data import DataLoader

    out = shutil.copytree(pictures, tmp_path / "out")
    shard = sorted(out.glob("*tfrecord*"))[0]
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    loader = DataLoader(sh.open(out), batch_size=None, num_workers=2, multiprocessing_context=method)
    with pytest.raises(sh.DamageError, match="data checksum") as caught:
        list(loader)
    assert str(shard) in str(caught.value) and "record 0" in str(caught.value)
