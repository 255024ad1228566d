"""`shardify.report`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from . import _shardify
from ._native import StrPath, call
from ._progress import Watcher


@dataclass(frozen=True)
class DataReport:
    """What `shardify.report` found out, and where the page is."""

    path: str
    """The data set, as it was named."""
    out: str
    """The page."""
    page_bytes: int
    """The size of the page, in bytes."""
    records: int
    """Intact records."""
    shards: int
    """Shards."""
    bytes: int
    """Bytes of all shard files."""
    errors: int
    """What breaks readers, or makes the results of a training wrong."""
    warnings: int
    """What is worth a look, and may be meant."""
    mean: tuple[float, ...]
    """Of each channel, over all pixels of the decoded pictures, from 0 to 1; empty without pictures."""
    deviation: tuple[float, ...]
    """The standard deviation, likewise."""
    details: dict[str, Any]
    """Everything that the page says, as `shardify report --json` prints it."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors and not self.warnings


def report(
    path: StrPath,
    *,
    out: StrPath = "report.html",
    overwrite: bool = False,
    images: int = 100_000,
    threads: int | None = None,
    progress: Watcher = None,
) -> DataReport:
    """Shows a data set as one HTML page: pictures, classes, sizes, repeats, health.

    The page is a single file that loads nothing. Every record is read; the shards may be anyone's.

    Args:
        path: a folder of shards, a shard, or a pattern; of one data set.
        out: the page. An older report is replaced, any other file is not.
        overwrite: whether a file is replaced that is no report.
        images: about how many pictures are decoded at most, chosen at random; headers and bytes of all are looked at.
        threads: worker threads; one for each core if `None`. The page does not depend on it.
        progress: see `shardify.Watcher`.

    Raises:
        OptionsError: the path holds several data sets.
        OutputError: another file is in the way.
        NotFoundError: the path does not exist.
        InputError: there are no shards in the path.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    data, page = os.fspath(path), os.fspath(out)
    options = {
        "path": data,
        "out": page,
        "overwrite": overwrite,
        "images": images,
        "threads": threads,
    }
    found = call(_shardify.report, options, progress)
    pictures = found["images"] or {"mean": [], "deviation": []}
    return DataReport(
        path=data,
        out=page,
        page_bytes=found["page"]["bytes"],
        records=found["records"],
        shards=found["shards"],
        bytes=found["bytes"],
        errors=found["verdict"]["errors"],
        warnings=found["verdict"]["warnings"],
        mean=tuple(pictures["mean"]),
        deviation=tuple(pictures["deviation"]),
        details=found,
    )
