"""Opens a data set for TensorFlow: reads its manifest and looks whether all shards are there. Folders may be URLs."""

from __future__ import annotations

import dataclasses
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tensorflow as tf

from ._errors import DamageError, InputError, StorageError
from ._native import StrPath

_FORMAT_VERSION = 1
_AT_ONCE = 16
"""Shards that are looked at together; in a bucket each look waits for an answer."""


@dataclasses.dataclass(frozen=True)
class Shard:
    """A shard as the manifest has it."""

    path: str
    records: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class Field:
    """A feature of every record, as the manifest has it."""

    key: str
    kind: str
    role: str
    dtype: str
    shape: tuple[int | None, ...]
    encoding: str
    auxiliary: bool


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
        """The mean size of a record in its file."""
        return max(1, sum(shard.bytes for shard in self.shards) // max(1, self.records))


def open_split(path: StrPath, split: str) -> Split:
    """The shards of a split, all of which are there and have the size that the manifest says."""
    folder = os.fspath(path)
    manifest = _manifest(folder)
    found = next((entry for entry in manifest["splits"] if entry["name"] == split), None)
    if found is None:
        names = ", ".join(repr(entry["name"]) for entry in manifest["splits"])
        raise InputError(f"there is no split {split!r}", path=folder, hint=f"its splits: {names}")
    shards = [Shard(os.path.join(folder, shard["name"]), shard["records"], shard["bytes"]) for shard in found["shards"]]
    _look(shards)
    keys = manifest.get("supervised_keys")
    return Split(
        folder=folder,
        shards=shards,
        compression={"none": "", "gzip": "GZIP", "zlib": "ZLIB"}[manifest["compression"]],
        fields={field["key"]: _field(field) for field in manifest["schema"]},
        supervised_keys=None if keys is None else (keys[0], keys[1]),
    )


def _manifest(folder: str) -> dict[str, Any]:
    path = os.path.join(folder, "shardify.json")
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            manifest: dict[str, Any] = json.loads(file.read())
        if manifest["format_version"] > _FORMAT_VERSION:
            raise InputError("a newer version of shardify wrote it", path=path, hint="upgrade this one")
    except tf.errors.NotFoundError:
        raise InputError(
            "there is no manifest, which tells what the records hold",
            path=path,
            hint=f"shardify.index({folder!r}, manifest=True) writes it, whoever made the shards",
        ) from None
    except tf.errors.OpError as error:
        raise StorageError(error.message, path=path) from error
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"this is no manifest: {error!r}", path=path) from error
    return manifest


def _field(field: dict[str, Any]) -> Field:
    return Field(
        key=field["key"],
        kind=field["kind"],
        role=field["role"],
        dtype=field.get("dtype") or "int64",
        shape=tuple(field.get("shape", ())),
        encoding=field.get("encoding", "list"),
        auxiliary=field.get("auxiliary", False),
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
