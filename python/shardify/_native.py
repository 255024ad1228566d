"""The call into the native half."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Union

from ._errors import Error
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
        return verb(options, watcher)
    finally:
        close()
