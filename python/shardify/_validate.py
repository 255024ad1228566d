"""`shardify.validate`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

from . import _shardify
from ._native import StrPath, call, paths as _paths
from ._progress import Watcher


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: str
    """A stable name, as in "data-crc" or "missing-shard"."""
    severity: Literal["error", "warning"]
    """An error loses records or makes a reader fail; a warning is worth knowing and may be meant."""
    shard: str | None
    """The file concerned, if one is."""
    record: int | None
    """The record in it, counted from 0, if one is concerned."""
    offset: int | None
    """Where that record starts, in uncompressed bytes from the start of the shard."""
    bytes: int | None
    """Its extent, framing included."""
    message: str
    """What was found and what was expected."""
    remedy: str
    """What to do about it."""


@dataclasses.dataclass(frozen=True)
class ValidateReport:
    """What was looked at, and everything that is wrong with it."""

    shards: int
    """Shards that were looked at."""
    records: int
    """Intact records in them."""
    bytes: int
    """Bytes of their files."""
    errors: int
    """Findings that are errors."""
    warnings: int
    """Findings that are warnings."""
    by_kind: dict[str, int]
    """How many findings there are of each kind, exactly."""
    findings: list[Finding]
    """The findings: all of them up to 100,000 of a kind."""
    seconds: float
    """How long it took."""

    @property
    def ok(self) -> bool:
        """Whether nothing at all was found."""
        return not self.by_kind


def validate(
    paths: StrPath | Iterable[StrPath],
    *,
    deep: bool = False,
    duplicates: bool = True,
    threads: int | None = None,
    progress: Watcher = None,
) -> ValidateReport:
    """Finds all that is wrong with shards, whoever wrote them, and writes nothing.

    Damage is a finding in the report, not an exception.

    Args:
        paths: folders of shards, shards, or patterns of their names; one or several.
        deep: whether every image is decoded too.
        duplicates: whether repeated records are looked for, which takes 16 bytes of memory a record, and
            up to 96 for a repeated one.
        threads: worker threads; one for each core if `None`.
        progress: see `shardify.Watcher`.

    Raises:
        NotFoundError: a path does not exist.
        InputError: there are no shards in the paths.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    options = {"paths": _paths(paths), "deep": deep, "duplicates": duplicates, "threads": threads}
    report = call(_shardify.validate, options, progress)
    report["findings"] = [Finding(**finding) for finding in report["findings"]]
    return ValidateReport(**report)
