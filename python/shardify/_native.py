"""The call into the native half."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Union

from ._errors import Error, InputError, StorageError
from ._progress import Watcher, callback

StrPath = Union[str, "os.PathLike[str]"]
"""A path, as text or `pathlib.Path`."""

_Result = TypeVar("_Result")


def paths(given: StrPath | Iterable[StrPath]) -> list[str]:
    """One path or several, as text."""
    if isinstance(given, (str, os.PathLike)):
        return [os.fspath(given)]
    return [os.fspath(path) for path in given]


def call(verb: Callable[..., str], options: Mapping[str, Any], progress: Watcher) -> dict[str, Any]:
    """Runs a verb and returns its report."""
    report: dict[str, Any] = json.loads(_run(verb, options, progress))
    return report


def call_with_errors(
    verb: Callable[..., tuple[str, list[Error]]], options: Mapping[str, Any], progress: Watcher
) -> tuple[dict[str, Any], list[Error]]:
    """Runs a verb that goes on after errors, and returns its report and these."""
    report, errors = _run(verb, options, progress)
    return json.loads(report), errors


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
