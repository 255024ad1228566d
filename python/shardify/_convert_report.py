"""What `shardify.convert` and `shardify.dry_run` return."""

from __future__ import annotations

import dataclasses
from typing import Literal


class ConvertWarning(UserWarning):
    """Something about the inputs that is worth knowing and may be meant."""


@dataclasses.dataclass(frozen=True)
class ConvertSplit:
    """What was written of one split."""

    name: str
    """Its name, as in "train"."""
    records: int
    """Records in it."""
    bytes: int
    """Bytes of its shards."""
    shards: int
    """How many shards it has."""
    class_counts: list[int]
    """Records of each class; empty without classes."""


@dataclasses.dataclass(frozen=True)
class ConvertReport:
    """What a conversion made."""

    outcome: Literal["done", "resumed", "nothing-to-do"]
    """How it ended; "nothing-to-do" if an earlier run of the same call had done it all."""
    out: str
    """The folder that was written to."""
    name: str
    """The name of the data set."""
    classes: int
    """How many classes there are."""
    class_names: list[str]
    """Their names, the name of class 0 first."""
    records: int
    """Records in all splits."""
    bytes: int
    """Bytes of all shards."""
    splits: list[ConvertSplit]
    """The splits."""
    skipped: int
    """Inputs that were left out, with `on_error="skip"`."""
    failures: str | None
    """The file that lists them, if there are any."""
    warnings: list[str]
    """What the user should know. Issued as `ConvertWarning` too."""
    resumed_shards: int
    """Shards that an earlier, interrupted run had finished."""
    bytes_read: int
    """Bytes of input that this run read."""
    seconds: float
    """How long this run took."""


@dataclasses.dataclass(frozen=True)
class DrySplit:
    """What would be written of one split."""

    name: str
    """Its name."""
    records: int
    """Records."""
    bytes: int
    """Bytes of its shards, judged by some of the records."""
    shards: int
    """How many shards that makes."""


@dataclasses.dataclass(frozen=True)
class DryRun:
    """What a conversion would read and write."""

    name: str
    """The name of the data set."""
    inputs: int
    """How many inputs there are: images or rows."""
    input_bytes: int
    """Their bytes, where they are image files; otherwise 0."""
    classes: int
    """How many classes there are."""
    class_names: list[str]
    """Their names, the name of class 0 first."""
    splits: list[DrySplit]
    """The splits."""
    max_shard: int
    """No shard would be larger, in bytes."""
    problems: list[str]
    """What would stop the run, or be left out: the first of them."""
    problem_count: int
    """How many problems there are in all."""
    warnings: list[str]
    """What the user should know."""
    seconds: float
    """How long looking took."""

    @property
    def ok(self) -> bool:
        """Whether nothing looks wrong."""
        return self.problem_count == 0
