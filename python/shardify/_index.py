"""`shardify.index`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Literal

from . import _shardify
from ._errors import Error
from ._native import StrPath, call_with_errors, paths as _paths
from ._progress import Watcher


@dataclasses.dataclass(frozen=True)
class PlacedFile:
    """A file that is where it should be."""

    path: str
    """Where it is."""
    outcome: Literal["written", "up-to-date", "replaced", "kept"]
    """How it came there: "up-to-date" had these very bytes already, "kept" is of another program and was left alone."""


@dataclasses.dataclass(frozen=True)
class IndexedShard:
    """A shard with its index."""

    path: str
    """The shard."""
    records: int
    """Its records."""
    bytes: int
    """The bytes of its file."""
    indexes: list[PlacedFile]
    """Its index, and the `.tfindex` beside it if that was asked for."""


@dataclasses.dataclass(frozen=True)
class IndexReport:
    """What was written, and what could not be."""

    shards: list[IndexedShard]
    """The shards that have an index now."""
    records: int
    """Records in them."""
    bytes: int
    """Bytes of their files."""
    files: list[PlacedFile]
    """Metadata."""
    failures: list[Error]
    """Why shards have no index, and files were not written. Each can be raised."""
    warnings: list[str]
    """What may be of interest."""
    seconds: float
    """How long it took."""

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is there now."""
        return not self.failures


def index(
    paths: StrPath | Iterable[StrPath],
    *,
    check: bool = False,
    tfindex: bool = False,
    manifest: bool = False,
    tfds: bool = False,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Watcher = None,
) -> IndexReport:
    """Writes record indexes, a manifest or TFDS metadata beside shards that are there. Shards are never changed.

    The index of each shard goes to `index/SHARD.idx` beside it. A shard that is damaged, cut off or compressed gets
    none, and the others go on: look at `IndexReport.ok` and `failures`.

    Args:
        paths: folders of shards, shards, or patterns of their names; one or several.
        check: whether the checksums of all payloads are compared too; otherwise those of the headers.
        tfindex: whether `SHARD.tfindex` is written beside each shard too, as the package `tfrecord` names it.
        manifest: whether `shardify.json` is written, from a pass over all records.
        tfds: whether `dataset_info.json`, `features.json` and class names are written, from a pass over all records.
        overwrite: whether indexes and metadata that are there and differ are replaced; those of TFDS never are.
        threads: worker threads; one for each core if `None`.
        progress: see `shardify.Watcher`.

    Raises:
        NotFoundError: a path does not exist.
        InputError: there are no shards in the paths.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed. Files that have their names are whole.
    """
    options = {
        "paths": _paths(paths),
        "check": check,
        "tfindex": tfindex,
        "manifest": manifest,
        "tfds": tfds,
        "overwrite": overwrite,
        "threads": threads,
    }
    report, failures = call_with_errors(_shardify.index, options, progress)
    report["shards"] = [IndexedShard(**{**shard, "indexes": _files(shard["indexes"])}) for shard in report["shards"]]
    report["files"] = _files(report["files"])
    report["failures"] = failures
    return IndexReport(**report)


def _files(placed: list[dict[str, Any]]) -> list[PlacedFile]:
    return [PlacedFile(**file) for file in placed]
