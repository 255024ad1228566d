"""Reads `shardify.json` for TensorFlow, and believes only what a manifest can say. Folders may be URLs."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from typing import Any

import tensorflow as tf

from ._errors import InputError, StorageError

_FORMAT_VERSION = 1
_LARGEST = 2**63 - 1
_KINDS = ("bytes", "int64", "float")
_ROLES = ("image", "tensor", "class_label", "text", "strings")
_ENCODINGS = ("list", "bytes")
_DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()

COMPRESSIONS = {"none": "", "gzip": "GZIP", "zlib": "ZLIB"}
"""What TensorFlow calls a compression."""


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

    @property
    def bytes(self) -> int:
        """The size of its value, as far as its shape tells."""
        if self.role != "tensor" or None in self.shape:
            return 0
        return math.prod(dim for dim in self.shape if dim is not None) * int(tf.as_dtype(self.dtype).size)


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What is read of it."""

    compression: str
    fields: dict[str, Field]
    supervised_keys: tuple[str, str] | None
    splits: dict[str, list[Shard]]


def read_manifest(folder: str) -> Manifest:
    """The manifest in a folder."""
    path = os.path.join(folder, "shardify.json")
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            text = file.read()
    except tf.errors.NotFoundError:
        raise InputError(
            "there is no manifest, which tells what the records hold",
            path=path,
            hint=f"shardify.index({folder!r}, manifest=True) writes it, whoever made the shards",
        ) from None
    except tf.errors.OpError as error:
        raise StorageError(error.message, path=path) from error
    except ValueError as error:
        raise InputError(f"this is no manifest: {error}", path=path) from error
    try:
        return _manifest(folder, json.loads(text))
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"this is no manifest: it lacks {error}", path=path) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"this is no manifest: {error}", path=path) from error


def _manifest(folder: str, manifest: Any) -> Manifest:
    if _number(_of(manifest, dict)["format_version"]) > _FORMAT_VERSION:
        path = os.path.join(folder, "shardify.json")
        raise InputError("a newer version of shardify wrote it", path=path, hint="upgrade this one")
    fields = {field.key: field for field in map(_field, _of(manifest["schema"], list))}
    keys = manifest.get("supervised_keys")
    if keys is not None:
        if len(_of(keys, list)) != 2:
            raise ValueError(f"supervised_keys are {keys!r}")
        keys = (_one_of(keys[0], fields), _one_of(keys[1], fields))
    return Manifest(
        compression=_one_of(manifest["compression"], COMPRESSIONS),
        fields=fields,
        supervised_keys=keys,
        splits=dict(_split(folder, split) for split in _of(manifest["splits"], list)),
    )


def _split(folder: str, split: Any) -> tuple[str, list[Shard]]:
    name = _of(_of(split, dict)["name"], str)
    shards = [_shard(folder, shard) for shard in _of(split["shards"], list)]
    records, said = sum(shard.records for shard in shards), _number(split["records"])
    if records != said:
        raise ValueError(f"the shards of {name!r} have {records} records together, and the split has {said}")
    if len({shard.path for shard in shards}) != len(shards):
        raise ValueError(f"a shard of {name!r} is listed twice")
    return name, shards


def _shard(folder: str, shard: Any) -> Shard:
    name = _of(_of(shard, dict)["name"], str)
    if name in ("", ".", "..") or any(char in name for char in "/\\\0"):
        raise ValueError(f"a shard is called {name!r}, which is no name of a file in its folder")
    return Shard(os.path.join(folder, name), _number(shard["records"]), _number(shard["bytes"]))


def _field(field: Any) -> Field:
    made = Field(
        key=_of(_of(field, dict)["key"], str),
        kind=_one_of(field["kind"], _KINDS),
        role=_one_of(field["role"], _ROLES),
        dtype=_one_of(field.get("dtype") or "int64", _DTYPES),
        shape=tuple(None if dim is None else _number(dim) for dim in _of(field.get("shape", []), list)),
        encoding=_one_of(field.get("encoding", "list"), _ENCODINGS),
        auxiliary=_of(field.get("auxiliary", False), bool),
    )
    if made.role == "image" and len(made.shape) != 3:
        raise ValueError(f"the shape of the image {made.key!r} is {list(made.shape)}")
    if math.prod(dim for dim in made.shape if dim) > _LARGEST:
        raise ValueError(f"the shape of {made.key!r} is {list(made.shape)}")
    return made


def _of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.80} is no {kind.__name__}")
    return value


def _one_of(value: Any, known: Any) -> Any:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{value!r:.80} is none of {', '.join(known)}")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ValueError(f"{value!r:.80} is no number that can be here")
    return value
