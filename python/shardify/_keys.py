"""The names of the records of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from . import _shardify


class Keys(Sequence[str]):
    """The names of records, in their order."""

    __slots__ = ("_rows",)

    def __init__(self, rows: _shardify.Rows) -> None:
        self._rows = rows
        # So that records without names are told of here.
        rows.find("")

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, which: int) -> str: ...
    @overload
    def __getitem__(self, which: slice) -> list[str]: ...
    def __getitem__(self, which: int | slice) -> str | list[str]:
        if isinstance(which, slice):
            return [self._rows.name(position) for position in range(*which.indices(len(self)))]
        return self._rows.name(which)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._rows.find(name))

    def __repr__(self) -> str:
        return f"<the names of {len(self)} records>"
