"""The call into the native half."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Union

from ._errors import Error, InputError, StorageError
from ._progress import Watcher, callback
from ._wording import as_python

StrPath = Union[str, "os.PathLike[str]"]
"""A path, as text or `pathlib.Path`."""

_Result = TypeVar("_Result")


def paths(given: StrPath | Iterable[StrPath]) -> list[str]:
    """One path or several, as text."""
    if isinstance(given, (str, os.PathLike)):
        return [os.fspath(given)]
    if isinstance(given, bytes):
        raise TypeError(f"paths are text or pathlib.Path, not bytes: os.fsdecode({given!r}) makes text of it")
    return [os.fspath(path) for path in given]


def call(verb: Callable[..., str], options: Mapping[str, Any], progress: Watcher) -> dict[str, Any]:
    """Runs a verb and returns its report."""
    return _report(_run(verb, options, progress), options)


def call_with_errors(
    verb: Callable[..., tuple[str, list[Error]]], options: Mapping[str, Any], progress: Watcher
) -> tuple[dict[str, Any], list[Error]]:
    """Runs a verb that goes on after errors, and returns its report and these."""
    report, errors = _run(verb, options, progress)
    return _report(report, options), errors


_SENTENCES = {"message", "notes", "problems", "remedy", "warnings"}
"""What reports say in words of the command line."""


def _report(text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """A report in words of Python, with the output folder as it was given."""
    report: dict[str, Any] = json.loads(text, object_hook=_worded)
    # JSON holds no names that are not UTF-8.
    before, out = report.get("out"), options.get("out")
    if isinstance(before, str) and out is not None and before != out:
        for key in ("out", "failures", "lost_file"):
            if isinstance(report.get(key), str):
                report[key] = out + report[key][len(before) :]
    return report


def _worded(part: dict[str, Any]) -> dict[str, Any]:
    for key in _SENTENCES & part.keys():
        value = part[key]
        if isinstance(value, str):
            part[key] = as_python(value)
        elif isinstance(value, list):
            part[key] = [as_python(one) if isinstance(one, str) else one for one in value]
    return part


def _run(verb: Callable[..., _Result], options: Mapping[str, Any], progress: Watcher) -> _Result:
    watcher, close = callback(progress)
    try:
        return native(verb, options, watcher)
    except (StorageError, InputError) as error:
        _advise(error, options)
        raise
    finally:
        close()


def native(function: Callable[..., _Result], options: Mapping[str, Any], *more: object) -> _Result:
    """Calls a function of the native half; an option of a wrong type is told in terms of its own."""
    try:
        return function(options, *more)
    except TypeError as error:
        # Its cause speaks of types of the native half.
        field = re.fullmatch(r"failed to extract field Options\.(\w+)", str(error))
        if field is None:
            raise
        value = options[field[1]]
        raise TypeError(f"{field[1]} cannot be {value!r}, of type {type(value).__name__}") from None


def _advise(error: Error, options: Mapping[str, Any]) -> None:
    """Says that finished shards are kept, if they are and what went wrong can be mended."""
    if "existing" not in options or options.get("dry_run") or not (isinstance(error, StorageError) or error.fault):
        return
    kept = os.path.exists(os.path.join(options["out"], ".shardify", "plan.json"))
    if kept and "resume" not in (error.hint or ""):
        advice = 'finished shards are kept: make the same call with existing="resume" to go on'
        error.hint = f"{error.hint}; {advice}" if error.hint else advice
