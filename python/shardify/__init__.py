"""Image folders and NumPy arrays into training-ready TFRecord shards, and readers for them.

    import shardify

    shardify.convert("imgs", "out")
    report = shardify.validate("out")
"""

from __future__ import annotations

from ._dataset import Dataset, open
from ._errors import DamageError, Error, InputError, OptionsError, OutputError, StorageError
from ._features import Feature
from ._keys import Keys
from ._progress import Progress, Watcher
from ._shardify import __version__
from ._validate import Finding, ValidateReport, validate

__all__ = [
    "DamageError",
    "Dataset",
    "Error",
    "Feature",
    "Finding",
    "InputError",
    "Keys",
    "OptionsError",
    "OutputError",
    "Progress",
    "StorageError",
    "ValidateReport",
    "Watcher",
    "__version__",
    "open",
    "validate",
]
