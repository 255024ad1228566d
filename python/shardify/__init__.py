"""Image folders and NumPy arrays into training-ready TFRecord shards, and readers for them.

    import shardify

    shardify.convert("imgs", "out")
    report = shardify.validate("out")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import DamageError, Error, InputError, OptionsError, OutputError, StorageError
from ._progress import Progress, Watcher
from ._shardify import __version__
from ._snippet import snippet
from ._validate import Finding, ValidateReport, validate

if TYPE_CHECKING:
    from . import tf as tf

__all__ = [
    "DamageError",
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
    "snippet",
    "validate",
]


def __getattr__(name: str) -> Any:
    # Modules that import a framework, which nobody should wait for who does not use it.
    if name == "tf":
        import importlib

        return importlib.import_module(".tf", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
