"""Image folders and NumPy arrays into training-ready TFRecord shards, and readers for them.

    import shardify

    shardify.convert("imgs", "out")
    report = shardify.validate("out")
"""

from __future__ import annotations

from ._convert import convert, dry_run
from ._convert_report import ConvertReport, ConvertSplit, ConvertWarning, DryRun, DrySplit
from ._errors import DamageError, Error, InputError, OptionsError, OutputError, StorageError
from ._progress import Progress, Watcher
from ._shardify import __version__
from ._validate import Finding, ValidateReport, validate

__all__ = [
    "ConvertReport",
    "ConvertSplit",
    "ConvertWarning",
    "DamageError",
    "DryRun",
    "DrySplit",
    "Error",
    "Finding",
    "InputError",
    "OptionsError",
    "OutputError",
    "Progress",
    "StorageError",
    "ValidateReport",
    "Watcher",
    "__version__",
    "convert",
    "dry_run",
    "validate",
]
