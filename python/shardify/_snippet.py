"""`shardify.snippet`."""

from __future__ import annotations

import os
from typing import Literal

from . import _shardify
from ._native import StrPath, call
from ._progress import Watcher


def snippet(
    path: StrPath,
    for_: Literal["tf", "tfds", "dali", "torch", "grain"] = "tf",
    *,
    split: str | None = None,
    threads: int | None = None,
    progress: Watcher = None,
) -> str:
    """Writes Python code that reads a data set, to be pasted.

    The code fits what the metadata beside the shards say; where there are none, every record is read to find out.

    Args:
        path: a folder of shards, a shard, or a pattern; of one data set.
        for_: whose reader the code uses: plain `tf.data`, TensorFlow Datasets, NVIDIA DALI, a `DataLoader` of PyTorch,
            or Grain.
        split: the split; `train`, or else the first, if `None`.
        threads: worker threads, where records have to be read; one for each core if `None`.
        progress: see `shardify.Watcher`.

    Raises:
        OptionsError: there is no such split, or that reader cannot read these shards; the hint says what to do.
        StorageError: the path does not exist or cannot be read.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    options = {"path": os.fspath(path), "for_": for_, "split": split, "threads": threads}
    code: str = call(_shardify.snippet, options, progress)["code"]
    return code
