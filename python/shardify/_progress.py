"""How a caller watches a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol, Union


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run is."""

    step: str
    """What is being done, as in "listing inputs"."""
    total: int | None
    """Items of this step, if that is known."""
    items: int
    """Items of this step that are done."""
    bytes_read: int
    """Bytes of input read so far."""
    bytes_written: int
    """Bytes of shards written so far."""
    skipped: int
    """Inputs that were left out so far."""
    shard: str
    """The shard that is being filled, as in `train-00003`; empty before the first."""


class Bar(Protocol):
    """What is needed of a progress bar: a `tqdm` has it."""

    total: Any
    n: Any

    def set_description(self, desc: str | None = ..., refresh: bool | None = ...) -> Any: ...
    def refresh(self) -> Any: ...


Watcher = Union[bool, Bar, Callable[[Progress], object], None]
"""`True` for a bar (of `tqdm`, which must be installed), a `tqdm` of your own, or a function that is called with a
`Progress` some twenty times a second, on the thread that called. What it raises stops the run."""


def callback(progress: Watcher) -> tuple[Callable[[Progress], object] | None, Callable[[], object]]:
    """The function that is called with the progress, and the one that is called at the end."""
    if progress is None or progress is False:
        return None, _nothing
    if progress is True:
        from tqdm.auto import tqdm

        bar = tqdm(unit=" items")
        return _on_bar(bar), bar.close
    if hasattr(progress, "refresh") and hasattr(progress, "n"):
        return _on_bar(progress), _nothing
    if callable(progress):
        return progress, _nothing
    raise TypeError(f"progress is True, a tqdm, or a function that takes a Progress, not {type(progress).__name__}")


def _on_bar(bar: Any) -> Callable[[Progress], object]:
    def show(now: Progress) -> None:
        bar.set_description(now.step, refresh=False)
        if now.total is not None or now.items:
            bar.total, bar.n = now.total, now.items
        bar.refresh()

    return show


def _nothing() -> None:
    pass
