"""Image folders and NumPy arrays into training-ready TFRecord shards, and readers for them.

    import shardify

    shardify.convert("imgs", "out")
    report = shardify.validate("out")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._convert import convert, dry_run
from ._convert_report import ConvertReport, ConvertSplit, ConvertWarning, DryRun, DrySplit
from ._dataset import Dataset, open
from ._errors import DamageError, Error, InputError, NotFoundError, OptionsError, OutputError, StorageError
from ._export import ExportedArray, ExportReport, export
from ._features import Feature
from ._index import IndexedShard, IndexReport, PlacedFile, index
from ._inspect import inspect
from ._inspect_reports import (
    ClassCount,
    ImageStats,
    InspectedFeature,
    InspectedSet,
    InspectedSplit,
    InspectReport,
    Range,
    ShownFeature,
    ShownRecord,
    Spread,
)
from ._keys import Keys
from ._options import Compression, Existing, OnError, Shards, Size, Split
from ._progress import Progress, Watcher
from ._repair import DamagedShard, Lost, RepairedSplit, RepairPlan, RepairPlanSplit, RepairReport, repair
from ._report import DataReport, report
from ._reshard import Label, Values, reshard
from ._reshard_reports import PlannedSplit, ReshardedSplit, ReshardPlan, ReshardReport
from ._shardify import __version__
from ._snippet import snippet
from ._validate import Finding, ValidateReport, validate
from ._written import Failure

if TYPE_CHECKING:
    from . import tf as tf

__all__ = [
    "ClassCount",
    "Compression",
    "ConvertReport",
    "ConvertSplit",
    "ConvertWarning",
    "DamageError",
    "DamagedShard",
    "DataReport",
    "Dataset",
    "DryRun",
    "DrySplit",
    "Error",
    "Existing",
    "ExportReport",
    "ExportedArray",
    "Failure",
    "Feature",
    "Finding",
    "ImageStats",
    "IndexReport",
    "IndexedShard",
    "InputError",
    "InspectReport",
    "InspectedFeature",
    "InspectedSet",
    "InspectedSplit",
    "Keys",
    "Label",
    "Lost",
    "NotFoundError",
    "OnError",
    "OptionsError",
    "OutputError",
    "PlacedFile",
    "PlannedSplit",
    "Progress",
    "Range",
    "RepairPlan",
    "RepairPlanSplit",
    "RepairReport",
    "RepairedSplit",
    "ReshardPlan",
    "ReshardReport",
    "ReshardedSplit",
    "Shards",
    "ShownFeature",
    "ShownRecord",
    "Size",
    "Split",
    "Spread",
    "StorageError",
    "ValidateReport",
    "Values",
    "Watcher",
    "__version__",
    "convert",
    "dry_run",
    "export",
    "index",
    "inspect",
    "open",
    "repair",
    "report",
    "reshard",
    "snippet",
    "validate",
]


# Hidden from type checkers, which would believe that every name exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # Modules that import a framework, which nobody should wait for who does not use it.
        if name == "tf":
            import importlib

            return importlib.import_module(".tf", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
