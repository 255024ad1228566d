"""The native half. Every verb takes its options by name and returns its report as JSON."""

from collections.abc import Callable, Mapping
from typing import Any

__version__: str

_Watcher = Callable[..., object] | None

def snippet(options: Mapping[str, Any], watcher: _Watcher) -> str: ...
def validate(options: Mapping[str, Any], watcher: _Watcher) -> str: ...
