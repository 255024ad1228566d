"""`shardify.inspect`."""

from __future__ import annotations

from collections.abc import Iterable

from . import _shardify
from ._errors import OptionsError
from ._inspect_json import report_of
from ._inspect_reports import InspectReport
from ._native import StrPath, call_with_errors, paths as _paths
from ._progress import Watcher


def inspect(
    paths: StrPath | Iterable[StrPath],
    *,
    records: int = 0,
    record: int | None = None,
    threads: int | None = None,
    progress: Watcher = None,
) -> InspectReport:
    """Finds out what is in shards, whoever wrote them: records, sizes, features with types and ranges, classes.

    Every record is read. The meaning of features comes from the metadata beside the shards, or is inferred. Damage and
    shards that cannot be read are in the report; `print(report)` shows it as a table.

    Args:
        paths: folders of shards, shards, or patterns of their names; one or several.
        records: how many records are shown, from the first: see `InspectReport.shown`.
        record: the one record that is shown, counted from 0 as `validate` does, of the one shard that is named.
        threads: worker threads; one for each core if `None`.
        progress: see `shardify.Watcher`.

    Raises:
        OptionsError: there is no such record, or both `records` and `record` are given.
        NotFoundError: a path does not exist.
        InputError: there are no shards in the paths.
        StorageError: the operating system refused.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    if records and record is not None:
        raise OptionsError("`records` and `record` cannot both be given")
    options = {"paths": _paths(paths), "records": records, "record": record, "threads": threads}
    report, unreadable = call_with_errors(_shardify.inspect, options, progress)
    return report_of(report, unreadable)
