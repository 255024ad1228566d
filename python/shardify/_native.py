"""The call into the native half."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union

from ._progress import Watcher, callback

StrPath = Union[str, "os.PathLike[str]"]
"""A path, as text or `pathlib.Path`."""


def paths(given: StrPath | Iterable[StrPath]) -> list[str]:
    """One path or several, as text."""
    if isinstance(given, (str, os.PathLike)):
        return [os.fspath(given)]
    return [os.fspath(path) for path in given]


def call(verb: Callable[..., str], options: Mapping[str, Any], progress: Watcher) -> dict[str, Any]:
    """Runs a verb and returns its report."""
    watcher, close = callback(progress)
    try:
        report: dict[str, Any] = json.loads(verb(options, watcher))
    finally:
        close()
    return report
