"""Figures as text."""

from __future__ import annotations


def size(count: float) -> str:
    """Bytes, as in `2.41 GB` (10^9) and `35 MB` (10^6)."""
    return f"{count / 1e9:.2f} GB" if count >= 0.995e9 else f"{count / 1e6:.0f} MB"


def heading(text: str) -> None:
    _print(f"\n{text}")


def lines(text: str) -> None:
    for line in text.splitlines():
        _print(f"  {line}")


class Table:
    """A table whose rows are printed as soon as they are known. All columns but the first are aligned to the right."""

    def __init__(self, first_width: int, *columns: str) -> None:
        self._widths = [max(8, len(column)) for column in columns]
        self._first_width = first_width
        self.row("", *columns)

    def row(self, first: str, *cells: str) -> None:
        aligned = [cell.rjust(width) for cell, width in zip(cells, self._widths)]
        _print("  ".join(["", first.ljust(self._first_width), *aligned]))

    def note(self, first: str, text: str) -> None:
        """A row without figures, and why."""
        _print("  ".join(["", first.ljust(self._first_width), text]))


def _print(text: str) -> None:
    print(text.rstrip(), flush=True)
