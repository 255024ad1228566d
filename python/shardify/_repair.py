"""`shardify.repair`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from typing import Any, Literal, overload

from . import _shardify
from ._native import StrPath, call, paths as _paths
from ._options import Compression, Existing, Size
from ._progress import Watcher


@dataclasses.dataclass(frozen=True)
class Lost:
    """A damaged place, as a line of `lost.jsonl` has it."""

    shard: str
    """The shard."""
    record: int | None
    """The record in it, counted from 0, where that is known."""
    offset: int | None
    """Where the damage starts, in uncompressed bytes from the start of the shard."""
    bytes: int | None
    """The uncompressed bytes that are lost there."""
    kind: str
    """A stable name of what is wrong, as in `Finding.kind`."""
    message: str
    """What was found and what was expected."""


@dataclasses.dataclass(frozen=True)
class RepairedSplit:
    """A split that was written."""

    name: str
    """Its name."""
    records: int
    """Its records."""
    bytes: int
    """The bytes of its shard files."""
    shards: int
    """Its shards."""


@dataclasses.dataclass(frozen=True)
class RepairReport:
    """What a repair saved, and what is lost."""

    outcome: Literal["done", "resumed", "nothing-to-do"]
    """Whether all was done now, an interrupted run was carried on, or an earlier run had done it all."""
    out: str
    """The folder that was written to."""
    name: str
    """The name of the data set in it."""
    compression: Compression
    """How its shards are compressed."""
    records: int
    """Records that were saved."""
    lost_records: int
    """Records that are lost, as far as they can be counted."""
    lost_bytes: int
    """Uncompressed bytes in damaged places."""
    lost: list[Lost]
    """Everything that is lost, in the order of the shards."""
    lost_file: str | None
    """The list of it in the output folder, if anything is lost."""
    not_examples: int
    """Records that were kept although they are no `tf.train.Example`."""
    splits: list[RepairedSplit]
    """What was written."""
    warnings: list[str]
    """What may be of interest."""
    resumed_shards: int
    """Shards that an earlier, interrupted run had finished."""
    bytes_read: int
    """Bytes that were copied."""
    seconds: float
    """How long copying took."""


@dataclasses.dataclass(frozen=True)
class DamagedShard:
    """A shard of the input."""

    path: str
    """Where it is."""
    bytes: int
    """The bytes of its file."""
    compression: Literal["none", "gzip", "zlib"]
    """How it is compressed."""
    records: int
    """Records that can be saved."""
    damaged: int
    """Damaged places."""


@dataclasses.dataclass(frozen=True)
class RepairPlanSplit:
    """A split that would be written."""

    name: str
    """Its name."""
    records: int
    """Records that can be saved."""
    shards: list[DamagedShard]
    """The shards that it is made of, those without damage too."""


@dataclasses.dataclass(frozen=True)
class RepairPlan:
    """What a repair would save, and what is lost."""

    out: str
    """The folder that would be written to."""
    name: str
    """The name of the data set."""
    compression: Compression
    """How its shards would be compressed."""
    max_shard: int
    """The bytes that no shard would exceed."""
    records: int
    """Records that can be saved."""
    lost_records: int
    """Records that are lost, as far as they can be counted."""
    lost_bytes: int
    """Uncompressed bytes in damaged places."""
    lost: list[Lost]
    """Everything that is lost, in the order of the shards."""
    not_examples: int
    """Records that would be kept although they are no `tf.train.Example`."""
    splits: list[RepairPlanSplit]
    """What would be written, and from which shards."""
    warnings: list[str]
    """What may be of interest."""
    seconds: float
    """How long looking took."""


@overload
def repair(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    name: str | None = ...,
    max_shard: Size | None = ...,
    compression: Compression | None = ...,
    existing: Existing = ...,
    dry_run: Literal[False] = ...,
    threads: int | None = ...,
    progress: Watcher = ...,
) -> RepairReport: ...
@overload
def repair(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    name: str | None = ...,
    max_shard: Size | None = ...,
    compression: Compression | None = ...,
    existing: Existing = ...,
    dry_run: Literal[True],
    threads: int | None = ...,
    progress: Watcher = ...,
) -> RepairPlan: ...
@overload
def repair(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    name: str | None = ...,
    max_shard: Size | None = ...,
    compression: Compression | None = ...,
    existing: Existing = ...,
    dry_run: bool,
    threads: int | None = ...,
    progress: Watcher = ...,
) -> RepairReport | RepairPlan: ...
def repair(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    name: str | None = None,
    max_shard: Size | None = None,
    compression: Compression | None = None,
    existing: Existing = "refuse",
    dry_run: bool = False,
    threads: int | None = None,
    progress: Watcher = None,
) -> RepairReport | RepairPlan:
    """Saves every intact record of damaged shards as a clean data set. The input is never changed.

    Damage costs the record that it hits and no other. Each record stays in its shard and its order; what is lost is in
    the report and in `out/lost.jsonl`.

    Args:
        paths: folders of shards, shards, or patterns of their names, of one data set.
        out: the folder to write to.
        name: the name of the data set that is written; by default that of the input.
        max_shard: shards that are larger, in bytes with framing, are divided; by default only those of 2 GiB or more.
        compression: how the shards are compressed; by default with gzip if all of the input is compressed.
        existing: what to do if `out` is not empty: see `shardify.Existing`.
        dry_run: whether to write nothing and return what would be done.
        threads: worker threads; one for each core if `None`. What is written does not depend on it.
        progress: see `shardify.Watcher`.

    Raises:
        OptionsError: an option has a value that cannot be honoured.
        NotFoundError: a path does not exist.
        InputError: there are no shards in the paths, or those of several data sets.
        DamageError: no record is intact.
        OutputError: `out` is not empty, or lies in the way.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed. Finished shards are kept for the same call with `existing="resume"`.
    """
    options = {
        "paths": _paths(paths),
        "out": os.fspath(out),
        "name": name,
        "max_shard": max_shard,
        "compression": compression,
        "existing": existing,
        "dry_run": dry_run,
        "threads": threads,
    }
    report = call(_shardify.repair, options, progress)
    report["lost"] = [Lost(**lost) for lost in report["lost"]]
    if dry_run:
        del report["dry_run"]
        report["splits"] = [_planned(split) for split in report["splits"]]
        return RepairPlan(**report)
    report["splits"] = [RepairedSplit(**split) for split in report["splits"]]
    return RepairReport(**report)


def _planned(split: dict[str, Any]) -> RepairPlanSplit:
    return RepairPlanSplit(**{**split, "shards": [DamagedShard(**shard) for shard in split["shards"]]})
