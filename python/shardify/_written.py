"""What a data set that was written has in every report."""

from __future__ import annotations

import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Failure:
    """Something that was left out, as a line of `failures.jsonl` has it."""

    input: str
    """The file, the array and its row, or the shard and its record."""
    split: str
    """The split that it would have been in; empty if that is not known."""
    fault: str
    """A stable name of the fault: "truncated", "corrupt" and so on."""
    reason: str
    """What was found and what was expected."""
    label: str | None = None
    """Its class name, if it has one."""


def read_failures(path: str | None) -> list[Failure]:
    """The lines of `failures.jsonl`, if there is one."""
    if path is None:
        return []
    with open(path, encoding="utf-8") as lines:
        return [_failure(json.loads(line)) for line in lines]


def _failure(line: dict[str, Any]) -> Failure:
    names = [field.name for field in dataclasses.fields(Failure)]
    return Failure(**{name: line[name] for name in names if name in line})
