"""Opens a data set for TensorFlow: reads its manifest and looks whether all shards are there. Folders may be URLs."""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf

from ._errors import DamageError, InputError, StorageError
from ._native import StrPath
from ._tf_manifest import COMPRESSIONS, Field, Shard, read_manifest

_AT_ONCE = 16
"""Shards that are looked at together; in a bucket each look waits for an answer."""
_UNPACKED = 4
"""How much longer compressed records are taken to be than they look, where nothing tells."""


@dataclasses.dataclass(frozen=True)
class Split:
    """What is to be read."""

    folder: str
    shards: list[Shard]
    compression: str
    """As TensorFlow names it."""
    fields: dict[str, Field]
    supervised_keys: tuple[str, str] | None

    @property
    def records(self) -> int:
        return sum(shard.records for shard in self.shards)

    @property
    def record_bytes(self) -> int:
        """About the mean size of a record in memory. Of what is compressed, the files tell little."""
        in_files = max(1, sum(shard.bytes for shard in self.shards) // max(1, self.records))
        if not self.compression:
            return in_files
        return max(_UNPACKED * in_files, sum(field.bytes for field in self.fields.values()))


def open_split(path: StrPath, split: str) -> Split:
    """The shards of a split, all of which are there and have the size that the manifest says."""
    folder = os.fspath(path)
    if "://" not in folder:
        # The files are opened again in every epoch, wherever the process is then.
        folder = os.path.abspath(folder)
    manifest = read_manifest(folder)
    shards = manifest.splits.get(split)
    if shards is None:
        names = ", ".join(map(repr, manifest.splits))
        raise InputError(f"there is no split {split!r}", path=folder, hint=f"its splits: {names}")
    _look(shards)
    return Split(
        folder=folder,
        shards=shards,
        compression=COMPRESSIONS[manifest.compression],
        fields=manifest.fields,
        supervised_keys=manifest.supervised_keys,
    )


def _look(shards: list[Shard]) -> None:
    """Raises if a shard is not what the manifest says, as far as its size tells."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        faults = [fault for fault in pool.map(_fault, shards) if fault is not None]
    if faults:
        shard, message = faults[0]
        if len(faults) > 1:
            message += f"; {len(faults) - 1} more of {len(shards)} shards are not as they were"
        raise DamageError(
            message,
            path=shard.path,
            hint="copy it again from where it is whole, or see what shardify.repair can save",
        )


def _fault(shard: Shard) -> tuple[Shard, str] | None:
    try:
        size = tf.io.gfile.stat(shard.path).length
    except tf.errors.NotFoundError:
        return shard, f"the shard is missing; the manifest says {shard.bytes} bytes, {shard.records} records"
    except tf.errors.OpError as error:
        raise StorageError(error.message, path=shard.path) from error
    if size != shard.bytes:
        return shard, f"the shard has {size} bytes; the manifest says {shard.bytes}, {shard.records} records"
    return None
