"""What can go wrong, with the place where it did."""

from __future__ import annotations

import errno
import os
from typing import Any

from ._wording import as_python


class Error(Exception):
    """What went wrong, where, and what to do next.

    Attributes:
        message: what was found and what was expected, without the place.
        path: the file or folder concerned, if there is one.
        byte: the byte in that file, counted from 0, if it is known.
        line: the line of that text file, counted from 1, if it is known.
        row: the row of that array, counted from 0, if it is known.
        record: the record in that shard, counted from 0, if it is known.
        fault: the name of the fault of one input, as `failures.jsonl` has it: "truncated", "wrong-type" and so on.
        hint: what to do next, if there is advice.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        byte: int | None = None,
        line: int | None = None,
        row: int | None = None,
        record: int | None = None,
        fault: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = as_python(message)
        self.path = None if path is None else os.fspath(path)
        self.byte, self.line, self.row, self.record = byte, line, row, record
        self.fault = fault
        self.hint = None if hint is None else as_python(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        places = [("record", self.record), ("byte", self.byte), ("line", self.line), ("row", self.row)]
        where = ", ".join(f"{name} {number}" for name, number in places if number is not None)
        parts = [part for part in (_printable(self.path), where, self.message) if part]
        return ": ".join(parts) + (f" ({self.hint})" if self.hint else "")

    def __reduce__(self) -> tuple[Any, ...]:
        # Workers hand exceptions to their parent pickled, and keywords would be lost.
        fields = dict(self.__dict__)
        if isinstance(self, OSError):
            # These do not stand in its dictionary.
            fields.update(errno=self.errno, strerror=self.strerror, filename=self.filename)
        return _rebuild, (type(self), self.message, fields)


class OptionsError(Error, ValueError):
    """An option has a value that cannot be honoured."""


class InputError(Error, ValueError):
    """An input cannot be used, or the inputs do not fit together."""


class NotFoundError(InputError, FileNotFoundError):
    """There is no file or folder of this name, or none that matches this pattern."""

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.errno = errno.ENOENT
        self.strerror = self.message
        self.filename = self.path


class OutputError(Error):
    """The output folder cannot be used as it is."""


class DamageError(Error):
    """A shard is not what it was when it was written: missing, cut, or with other bytes."""


class StorageError(Error, OSError):
    """The operating system refused. `errno` and `strerror` are those of `OSError`."""

    def __init__(self, message: str, *, errno: int | None = None, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.errno = errno
        self.strerror = None if errno is None else os.strerror(errno)
        self.filename = self.path


def _rebuild(kind: type[Error], message: str, fields: dict[str, Any]) -> Error:
    error = kind(message)
    for name, value in fields.items():
        setattr(error, name, value)
    return error


def _printable(path: str | None) -> str:
    """A path that cannot play tricks on a terminal or a log."""
    return "" if path is None else "".join(c if c.isprintable() else repr(c)[1:-1] for c in path)
