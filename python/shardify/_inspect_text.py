"""An `InspectReport` as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._inspect_reports import InspectedFeature, InspectedSet, InspectReport, Range

CLASSES = 10
"""Classes that are named; more are counted."""


def describe(report: InspectReport) -> str:
    """The report in some lines: data sets, splits, features, classes, records."""
    parts = [_dataset(one) for one in report.datasets]
    for record in report.shown:
        lines = [f"record {record.record} of {record.shard}, {record.bytes:,} bytes"]
        lines += [f"  {record.fault}"] if record.fault else []
        lines += _table([[feature.key, feature.text] for feature in record.features])
        parts.append("\n".join(lines))
    if report.unreadable:
        parts.append("\n".join(f"cannot be read: {error}" for error in report.unreadable))
    return "\n\n".join(parts)


def _dataset(one: InspectedSet) -> str:
    how = ", ".join(kind for kind in one.compression if kind != "none")
    lines = [f"{one.name} in {one.dir}: {one.records:,} records in {one.shards:,} shards, {one.bytes:,} bytes"]
    lines[0] += f", {how}" if how else ""
    splits = one.splits.values()
    lines += _table([[split.name, f"{split.records:,} records", f"{split.shards:,} shards"] for split in splits])
    lines += ["features"] + _table([_feature(feature) for feature in [*one.features.values(), *one.lists.values()]])
    if one.classes:
        lines.append(f"classes by `{one.label}`" if one.label else "classes")
        named = one.classes[:CLASSES]
        lines += _table([[str(it.label), it.name or "", f"{it.records:,} records"] for it in named])
        lines += [f"  and {len(one.classes) - CLASSES:,} more"] if len(one.classes) > CLASSES else []
    lines += [f"{one.damaged:,} damaged places: see shardify.validate"] if one.damaged else []
    lines += [f"{one.malformed:,} records are no Example: see shardify.validate"] if one.malformed else []
    return "\n".join(lines + [f"warning: {warning}" for warning in one.warnings])


def _feature(one: InspectedFeature) -> list[str]:
    kind = one.kind if one.steps is None else f"list of {one.kind}"
    if one.images is not None:
        formats = ", ".join(one.images.formats)
        size = f"{_span(one.images.height)} x {_span(one.images.width)} x {_span(one.images.channels)}"
        holds = f"images ({formats}), {size}"
    elif one.range is not None:
        holds = f"{_span(one.values)} values from {one.range.min:,} to {one.range.max:,}"
    elif one.length is not None:
        holds = f"{_span(one.values)} values of {_span(one.length)} bytes"
    else:
        holds = ""
    missing = f"missing in {one.missing:,} records" if one.missing else ""
    return [one.key, kind, one.role or "", ", ".join(part for part in (holds, missing) if part)]


def _span(given: Range | None) -> str:
    if given is None:
        return "?"
    return f"{given.min:,}" if given.min == given.max else f"{given.min:,} to {given.max:,}"


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
