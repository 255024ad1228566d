"""`shardify.export`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence

from . import _shardify
from ._errors import OptionsError
from ._native import StrPath, call, paths as _paths
from ._options import OnError, texts
from ._progress import Watcher


@dataclasses.dataclass(frozen=True)
class ExportedArray:
    """An array that was written."""

    file: str
    """Its file, relative to the output folder."""
    dtype: str
    """Its element type, as NumPy calls it."""
    shape: tuple[int, ...]
    """Its shape, the number of rows first."""


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """What an export made."""

    out: str
    """The folder that was written to."""
    splits: dict[str, int]
    """How many records of each split were written."""
    arrays: list[ExportedArray]
    """The arrays that were written; empty if images were."""
    files: int
    """Files that were written."""
    bytes: int
    """Their bytes."""
    renamed: int
    """Images whose names could not be used as they were; `renamed.jsonl` in the output folder lists them."""
    skipped: int
    """Places and records that were passed over: damaged, no Example, or without an image."""
    warnings: list[str]
    """What to look at: among it, the shards with damage."""
    notes: list[str]
    """What may be of interest."""
    seconds: float
    """How long it took."""


def export(
    paths: StrPath | Iterable[StrPath],
    out: StrPath,
    *,
    split: str | None = None,
    image_key: str | None = None,
    label_key: str | None = None,
    name_key: str | None = None,
    feature: str | Sequence[str] = (),
    keep_names: bool = False,
    on_error: OnError = "skip",
    overwrite: bool = False,
    threads: int | None = None,
    progress: Watcher = None,
) -> ExportReport:
    """Turns shards back into image files in class folders, or into `.npy` arrays.

    Images go to `out/[SPLIT/][CLASS/]FILENAME`, tensors to `out/[SPLIT/]FEATURE.npy`; folders of splits appear if there
    are several. File names in records are not trusted: none leads out of the folder.

    Args:
        paths: folders of shards, shards, or patterns of their names; one or several.
        out: the folder to write to, which must be new or empty.
        split: only this split, without a folder of its own.
        image_key: the feature that holds the images; by default as the metadata say, or the one whose bytes are images.
        label_key: the feature that holds the class, a number or text; by default as the metadata say, or `label`.
        name_key: the feature that holds the file name; by default `filename`, `image/filename`, `key` and the like.
        feature: features to write as arrays, one or several; by default all that fit, if there are no images.
        keep_names: whether names stay that this system can hold and others cannot, as `a:b.jpg`.
        on_error: whether damaged records are passed over and counted ("skip"), or nothing is written ("stop").
        overwrite: whether `out` may hold files already; those of the same names are replaced, others are left alone.
        threads: worker threads; one for each core if `None`. What is written does not depend on it.
        progress: see `shardify.Watcher`.

    Raises:
        OptionsError: an option has a value that cannot be honoured, or names a feature that is not there.
        NotFoundError: a path does not exist.
        InputError: there is nothing to export, or the data sets do not go together.
        DamageError: a shard is damaged and `on_error="stop"`, or no record at all is intact.
        OutputError: `out` is not empty, or lies in the way.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed. Files that have their names are whole; start again with `overwrite=True`.
    """
    if texts(feature) and (image_key or label_key or name_key):
        raise OptionsError("`feature` makes arrays, and `image_key`, `label_key` and `name_key` are of images")
    options = {
        "paths": _paths(paths),
        "out": os.fspath(out),
        "split": split,
        "image_key": image_key,
        "label_key": label_key,
        "name_key": name_key,
        "feature": texts(feature),
        "keep_names": keep_names,
        "on_error": on_error,
        "overwrite": overwrite,
        "threads": threads,
    }
    report = call(_shardify.export, options, progress)
    report["splits"] = {split["name"]: split["records"] for split in report["splits"]}
    report["arrays"] = [ExportedArray(**{**array, "shape": tuple(array["shape"])}) for array in report["arrays"]]
    return ExportReport(**report)
