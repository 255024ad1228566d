"""Values that options of several verbs have, and how they go to the native half."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Union

Existing = Literal["refuse", "resume", "overwrite"]
"""What to do with an output folder that is not empty: refuse it; carry on an interrupted run of the same call, or start
if there was none; replace what an earlier run wrote there, and nothing else."""

Compression = Literal["none", "gzip"]
"""How shards are written. TFDS, DALI and Grain cannot read gzip."""

OnError = Literal["stop", "skip"]
"""What to do about what cannot be used: stop, or leave it out and list it."""

Size = Union[int, str]
"""Bytes, or text with a unit: `"256MB"` is 256,000,000 bytes, `"256MiB"` is 268,435,456."""

Split = Union[Mapping[str, float], str]
"""The share of each split, as in `{"train": 0.9, "test": 0.1}` or `"train=0.9,test=0.1"`; the shares sum to 1."""

Shards = Union[int, Mapping[str, int], str]
"""How many shards: of each split, or as in `{"train": 64, "test": 8}`."""


def split_text(split: Split | None) -> str | None:
    """The shares as text."""
    if split is None or isinstance(split, str):
        return split
    return ",".join(f"{name}={float(share)!r}" for name, share in split.items())


def shards_text(shards: Shards | None) -> str | None:
    """The numbers of shards as text."""
    if isinstance(shards, Mapping):
        return ",".join(f"{name}={number}" for name, number in shards.items())
    return None if shards is None else str(shards)


def texts(given: str | int | Iterable[str | int]) -> list[str]:
    """One text or number, or several, as texts."""
    if isinstance(given, (str, bytes)) or hasattr(given, "__index__"):
        return [_text(given)]
    return [_text(one) for one in given]


def _text(given: Any) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, bytes):
        # As TensorFlow gives the texts of records.
        return given.decode()
    # True is stored as 1, and numbers of NumPy are numbers.
    return str(operator.index(given)) if hasattr(given, "__index__") else str(given)
