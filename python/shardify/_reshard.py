"""`shardify.reshard`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Union, overload

from . import _shardify
from ._native import StrPath, call, paths as _paths
from ._options import Compression, Existing, OnError, Shards, Size, Split, shards_text, split_text, texts
from ._progress import Watcher
from ._reshard_reports import ReshardPlan, ReshardReport, plan_of, report_of

Label = Union[str, int]
"""A class name, or the number that is stored."""

Values = Union[str, int, Iterable[Union[str, int]]]
"""Texts and whole numbers, one or several."""


@overload
def reshard(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    only_split: str | Iterable[str] = ...,
    only_label: Label | Iterable[Label] = ...,
    drop_label: Label | Iterable[Label] = ...,
    label: str | None = ...,
    has_key: str | Iterable[str] = ...,
    only: Mapping[str, Values] | None = ...,
    name: str | None = ...,
    max_shard: Size | None = ...,
    shards: Shards | None = ...,
    compression: Compression = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    split: Split | None = ...,
    stratify: bool = ...,
    on_error: OnError = ...,
    existing: Existing = ...,
    dry_run: Literal[False] = ...,
    threads: int | None = ...,
    progress: Watcher = ...,
) -> ReshardReport: ...
@overload
def reshard(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    only_split: str | Iterable[str] = ...,
    only_label: Label | Iterable[Label] = ...,
    drop_label: Label | Iterable[Label] = ...,
    label: str | None = ...,
    has_key: str | Iterable[str] = ...,
    only: Mapping[str, Values] | None = ...,
    name: str | None = ...,
    max_shard: Size | None = ...,
    shards: Shards | None = ...,
    compression: Compression = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    split: Split | None = ...,
    stratify: bool = ...,
    on_error: OnError = ...,
    existing: Existing = ...,
    dry_run: Literal[True],
    threads: int | None = ...,
    progress: Watcher = ...,
) -> ReshardPlan: ...
@overload
def reshard(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    only_split: str | Iterable[str] = ...,
    only_label: Label | Iterable[Label] = ...,
    drop_label: Label | Iterable[Label] = ...,
    label: str | None = ...,
    has_key: str | Iterable[str] = ...,
    only: Mapping[str, Values] | None = ...,
    name: str | None = ...,
    max_shard: Size | None = ...,
    shards: Shards | None = ...,
    compression: Compression = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    split: Split | None = ...,
    stratify: bool = ...,
    on_error: OnError = ...,
    existing: Existing = ...,
    dry_run: bool,
    threads: int | None = ...,
    progress: Watcher = ...,
) -> ReshardReport | ReshardPlan: ...
def reshard(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    only_split: str | Iterable[str] = (),
    only_label: Label | Iterable[Label] = (),
    drop_label: Label | Iterable[Label] = (),
    label: str | None = None,
    has_key: str | Iterable[str] = (),
    only: Mapping[str, Values] | None = None,
    name: str | None = None,
    max_shard: Size | None = None,
    shards: Shards | None = None,
    compression: Compression = "none",
    shuffle: bool = False,
    seed: int | None = None,
    split: Split | None = None,
    stratify: bool = False,
    on_error: OnError = "stop",
    existing: Existing = "refuse",
    dry_run: bool = False,
    threads: int | None = None,
    progress: Watcher = None,
) -> ReshardReport | ReshardPlan:
    """Writes shards anew: other sizes, order, splits or selection.

    All inputs become one data set, and splits of the same name are joined. Records are copied as they are, never
    encoded again, and checked twice. Memory holds 4 to 20 bytes for each record, whatever its size.

    Args:
        paths: folders of shards, shards, or patterns of their names; one or several.
        out: the folder to write to.
        only_split: read these splits only, one or several.
        only_label: keep records with one of these labels only: class names, or the numbers that are stored.
        drop_label: leave out records with one of these labels.
        label: the key of the label; by default the one that the metadata name, or else `label`.
        has_key: keep records only that have a value under each of these keys.
        only: keep records only that have one of these texts or whole numbers under each of these keys, as in
            `{"source": "web", "height": [224, 256]}`.
        name: the name of the data set and of its files; by default that of the first input.
        max_shard: no shard is larger, in bytes with framing; below 2 GiB; 256 MB by default.
        shards: a fixed number of shards, for each split or by the name of the split.
        compression: how shards are written.
        shuffle: whether all records of each split are shuffled; otherwise they keep their order.
        seed: the seed of `shuffle` and `split`; 0 by default.
        split: put all records together and divide them anew, at random by the seed; by default the inputs' splits stay.
        stratify: with `split`, whether every split gets the class shares of the whole.
        on_error: whether damaged records and missing shards stop the run before anything is written ("stop"), or are
            left out and listed in `failures.jsonl` ("skip").
        existing: what to do if `out` is not empty: see `shardify.Existing`.
        dry_run: whether to read everything, write nothing, and return what would be written.
        threads: worker threads; one for each core if `None`. The bytes written do not depend on it.
        progress: see `shardify.Watcher`.

    Raises:
        OptionsError: an option has a value that cannot be honoured.
        NotFoundError: a path does not exist.
        InputError: the data sets do not go together, or no record is left.
        DamageError: a shard is damaged or missing and `on_error="stop"`; `path` and `byte` are of the first damage.
        OutputError: `out` is not empty, or lies in the way.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed. Finished shards are kept for the same call with `existing="resume"`.
    """
    options: dict[str, Any] = {
        "paths": _paths(paths),
        "out": os.fspath(out),
        "only_split": texts(only_split),
        "only_label": texts(only_label),
        "drop_label": texts(drop_label),
        "label": label,
        "has_key": texts(has_key),
        "only": [(key, value) for key, values in (only or {}).items() for value in texts(values)],
        "name": name,
        "max_shard": max_shard,
        "shards": shards_text(shards),
        "compression": compression,
        "shuffle": shuffle,
        "seed": seed,
        "split": split_text(split),
        "stratify": stratify,
        "on_error": on_error,
        "existing": existing,
        "dry_run": dry_run,
        "threads": threads,
    }
    report = call(_shardify.reshard, options, progress)
    return plan_of(report) if dry_run else report_of(report)
