"""What `shardify.reshard` returns."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from ._written import Failure, read_failures


@dataclasses.dataclass(frozen=True)
class ReshardedSplit:
    """A split that was written."""

    name: str
    """Its name."""
    records: int
    """Its records."""
    bytes: int
    """The bytes of its shard files."""
    shards: int
    """Its shards."""
    class_counts: list[int]
    """How many records of each class there are, in the order of the class names; empty without classes."""


@dataclasses.dataclass(frozen=True)
class ReshardReport:
    """What a resharding wrote."""

    outcome: Literal["done", "resumed", "nothing-to-do"]
    """Whether all was done now, an interrupted run was carried on, or an earlier run had done it all."""
    out: str
    """The folder that was written to."""
    name: str
    """The name of the data set in it."""
    class_names: list[str]
    """The names of its classes, if it has any."""
    input_shards: int
    """Shards that were read."""
    input_bytes: int
    """Bytes of their files."""
    input_records: int
    """Intact records in them."""
    filtered: int
    """Records among these that were not to be kept."""
    records: int
    """Records that were written."""
    bytes: int
    """Bytes of all shards that were written."""
    splits: list[ReshardedSplit]
    """What was written."""
    skipped: int
    """Damaged and missing parts that were left out."""
    failures: list[Failure]
    """These parts."""
    failures_file: str | None
    """The list of them in the output folder, if there are any."""
    warnings: list[str]
    """What may be of interest."""
    resumed_shards: int
    """Shards that an earlier, interrupted run had finished."""
    seconds: float
    """How long it took."""


@dataclasses.dataclass(frozen=True)
class PlannedSplit:
    """A split that would be written."""

    name: str
    """Its name."""
    records: int
    """Its records."""
    bytes: int
    """The bytes of its shards, before compression."""
    shards: int
    """How many shards that makes, before compression."""


@dataclasses.dataclass(frozen=True)
class ReshardPlan:
    """What a resharding would write."""

    name: str
    """The name of the data set."""
    input_shards: int
    """Shards that were read."""
    input_bytes: int
    """Bytes of their files."""
    input_records: int
    """Intact records in them."""
    filtered: int
    """Records among these that would not be kept."""
    splits: list[PlannedSplit]
    """What would be written."""
    scratch_bytes: int
    """Bytes that compressed shards would take unpacked, for the time of the run."""
    max_shard: int
    """The bytes that no shard would exceed."""
    problems: list[str]
    """What would stop the run, or be left out."""
    warnings: list[str]
    """What may be of interest."""
    seconds: float
    """How long it took."""


def report_of(report: dict[str, Any]) -> ReshardReport:
    """The report from its JSON."""
    report["splits"] = [ReshardedSplit(**split) for split in report["splits"]]
    report["failures_file"] = report["failures"]
    report["failures"] = read_failures(report["failures"])
    return ReshardReport(**report)


def plan_of(plan: dict[str, Any]) -> ReshardPlan:
    """The plan from its JSON."""
    del plan["dry_run"]
    plan["splits"] = [PlannedSplit(**split) for split in plan["splits"]]
    return ReshardPlan(**plan)
