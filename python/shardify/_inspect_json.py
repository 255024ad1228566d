"""From the JSON of `shardify inspect` to an `InspectReport`."""

from __future__ import annotations

import dataclasses
from typing import Any

from ._errors import Error
from ._inspect_reports import (
    ClassCount,
    InspectedFeature,
    ImageStats,
    InspectedSet,
    InspectedSplit,
    InspectReport,
    Range,
    ShownFeature,
    ShownRecord,
    Spread,
)


def report_of(report: dict[str, Any], unreadable: list[Error]) -> InspectReport:
    """The report from its JSON."""
    return InspectReport(
        datasets=[_dataset(one) for one in report.get("datasets", [report])],
        records=report["records"],
        shards=report["shards"],
        bytes=report["bytes"],
        features=_features(report["features"]),
        lists=_features(report["lists"]),
        shown=[_shown(one) for one in report.get("shown", [])],
        unreadable=unreadable,
        seconds=report["seconds"],
    )


def _dataset(one: dict[str, Any]) -> InspectedSet:
    given = {field.name: one[field.name] for field in dataclasses.fields(InspectedSet)}
    compression = given["compression"]
    return InspectedSet(
        **{
            **given,
            "splits": {split["name"]: _split(split) for split in given["splits"]},
            "features": _features(given["features"]),
            "lists": _features(given["lists"]),
            "compression": [compression] if isinstance(compression, str) else compression,
            "classes": [ClassCount(**of_class) for of_class in given["classes"]],
        }
    )


def _split(split: dict[str, Any]) -> InspectedSplit:
    spreads = {key: _spread(split[key]) for key in ("shard_bytes", "shard_records")}
    return InspectedSplit(**{**split, **spreads})


def _features(features: list[dict[str, Any]]) -> dict[str, InspectedFeature]:
    return {one["key"]: _feature(dict(one)) for one in features}


def _feature(one: dict[str, Any]) -> InspectedFeature:
    images = one.pop("images", None)
    if images is not None:
        ranges = {key: _range(images[key]) for key in ("height", "width", "channels", "bits")}
        images = ImageStats(**{**images, **ranges})
    return InspectedFeature(
        key=one.pop("key"),
        kind=one.pop("kind"),
        records=one.pop("records"),
        missing=one.pop("missing", 0),
        values=_range(one.pop("values")),
        range=_range(one.pop("range", None)),
        length=_range(one.pop("length", None)),
        nan=one.pop("nan", 0),
        infinite=one.pop("infinite", 0),
        single=one.pop("single", {}),
        images=images,
        steps=_range(one.pop("steps", None)),
        role=one.pop("role", None),
        # What is left belongs to the role.
        details=one,
    )


def _shown(one: dict[str, Any]) -> ShownRecord:
    return ShownRecord(**{**one, "features": [ShownFeature(**feature) for feature in one["features"] or []]})


def _range(given: dict[str, Any] | None) -> Range | None:
    return None if given is None else Range(**given)


def _spread(given: dict[str, Any] | None) -> Spread | None:
    return None if given is None else Spread(**given)
