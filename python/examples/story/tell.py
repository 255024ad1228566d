"""Tells the story: runs its steps one after the other, and prints what came of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from . import machine
from .data import FILE_SIZE, Data
from .process import run
from .report import Table, heading, lines, size

ARRAY_WAYS = {
    "arrays": "model.fit(x, y)",
    "slices": "from_tensor_slices((x, y))",
    "shards": "shardify: shards of the array",
}
FILE_WAYS = {
    "sequence": "PyDataset: Pillow, resize",
    "jpeg": "shardify: shards of JPEG",
    "raw": "shardify: shards of pixels",
}
"""The ways to train, and what the table calls them."""

STEPS = ["embed", *ARRAY_WAYS, *FILE_WAYS]

# As the sequence does it: to the full width and height, whatever the proportions.
_RESIZE = {"size": [224, 224], "fit": "stretch"}
CONVERSIONS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "shards": [
        ('convert(x, "out", labels=y)', {"source": "memory"}),
        ('convert("x.npy", "out", labels="y.npy")', {"source": "npy"}),
    ],
    "jpeg": [('convert("pictures", "out", size=(224, 224))', {"source": "images", **_RESIZE})],
    "raw": [('the same with format="raw": pixels', {"source": "images", "format": "raw", **_RESIZE})],
}
"""How shards are made for the ways that read some: what the table calls it, and the arguments for step.py."""

_COPIES = {"embed": 2.1, "arrays": 3.1, "slices": 3.2, "memory": 1.1}
"""How many times the array a step holds at its peak."""
_BASE_BYTES = 700_000_000
"""What it needs beside: TensorFlow."""

NOTES = """\
What is compared: the same small model on the CPU, batches of 32, everything in random order.
- first batch: until its end, with loading the data, building the input and the graph, but not importing TensorFlow.
  samples/s: of the rest of the epoch. epoch: both together.
- peak memory: of the whole process; TensorFlow alone takes some 600 MB. Files were written just now, so they come out
  of the system's cache, which is not counted, as it shrinks when memory is needed.
- Arrays in memory need no reading and no decoding: shards can come near their samples/s, not far beyond. They save
  memory, and the wait for the first batch.
- PyDataset decodes and resizes each picture in each epoch, in a thread for each core; shardify did so once (part 2)."""


class Story:
    """The story of one data set."""

    def __init__(self, data: Data, *, force: bool) -> None:
        self._data, self._force = data, force
        self._results: dict[str, dict[str, Any]] = {}

    def failures(self) -> list[tuple[str, str]]:
        """The steps that ended otherwise than they should have, and what they printed."""
        return [(name, result["stderr"]) for name, result in self._results.items() if "failed" in result]

    def as_json(self) -> dict[str, Any]:
        """All figures, unrounded."""
        return {
            "versions": machine.versions(),
            "cores": machine.cores(),
            "array": {"rows": self._data.rows, "bytes": self._data.array_bytes},
            "steps": self._results,
        }

    def tell(self, wanted: Sequence[str]) -> None:
        """Runs the steps that are wanted."""
        if not self._introduce():
            return
        if "embed" in wanted:
            self._embed()
        if converted := [way for way in CONVERSIONS if way in wanted]:
            self._convert(converted)
        if trained := [way for way in [*ARRAY_WAYS, *FILE_WAYS] if way in wanted]:
            self._train(trained)

    def _introduce(self) -> bool:
        heading(", ".join(f"{name} {version}" for name, version in machine.versions().items()))
        memory = machine.available_memory()
        lines(f"{machine.cores()} cores" + (f", {size(memory)} of memory available" if memory is not None else ""))
        heading("Pictures of clouds, made for this; the label is the colour")
        made = self._run("make", "make")
        if "failed" in made:
            lines(_why_not(made))
            return False
        rows, (width, height) = self._data.rows, FILE_SIZE
        lines(f"x, y       {rows:,} pictures: uint8 [{rows}, 224, 224, 3], {size(self._data.array_bytes)}")
        lines(f"pictures/  {made['files']:,} of them as JPEG files of {width}x{height}, {size(made['file_bytes'])}")
        return True

    def _embed(self) -> None:
        heading("1. The array in a graph")
        result = self._run("embed", "embed")
        if "errors" not in result:
            lines(_why_not(result))
            return
        if result["x_bytes"] != self._data.array_bytes:
            lines(f"x has less than 2 GiB; zeros of {size(result['x_bytes'])} take its place")
        for code, error in result["errors"].items():
            lines(f"{code}\n    {error or 'no error'}")
        lines(f"peak memory until then: {size(result['peak_bytes'])}")

    def _convert(self, ways: Sequence[str]) -> None:
        heading("2. Into shards, once, by shardify")
        table = Table(44, "seconds", "peak memory", "shards")
        for way in ways:
            for label, arguments in CONVERSIONS[way]:
                shutil.rmtree(self._shards(way), ignore_errors=True)
                name = "convert-" + (arguments["source"] if way == "shards" else way)
                result = self._run(name, "convert", needs=arguments["source"], out=self._shards(way), **arguments)
                if "seconds" in result:
                    table.row(label, f"{result['seconds']:.1f}", size(result["peak_bytes"]), size(result["bytes"]))
                else:
                    table.note(label, _why_not(result))

    def _train(self, ways: Sequence[str]) -> None:
        heading("3. An epoch of model.fit")
        table = Table(31, "samples/s", "first batch", "epoch", "peak memory", "of the array", "accuracy")
        for title, labels in [("the array", ARRAY_WAYS), ("the files", FILE_WAYS)]:
            chosen = [way for way in labels if way in ways]
            if chosen:
                lines(f"{title}:")
            for way in chosen:
                arguments = {"way": "shards", "shards": self._shards(way)} if way in CONVERSIONS else {"way": way}
                result = self._run(way, "train", **arguments)
                if "samples" in result:
                    table.row(f"  {labels[way]}", *self._figures(result, is_array=labels is ARRAY_WAYS))
                else:
                    table.note(f"  {labels[way]}", _why_not(result))
        self._conclude()

    def _figures(self, result: dict[str, Any], *, is_array: bool) -> list[str]:
        rate = result["samples_per_second"]
        return [
            f"{rate:,.0f}" if rate else "-",
            f"{result['first_batch_seconds']:.1f} s",
            f"{result['epoch_seconds']:.1f} s",
            size(result["peak_bytes"]),
            f"{result['peak_bytes'] / self._data.array_bytes:.1f} x" if is_array and self._is_large else "",
            f"{result['accuracy']:.0%}",
        ]

    @property
    def _is_large(self) -> bool:
        """Whether the array, not TensorFlow, is what takes the memory."""
        return self._data.array_bytes > 1e9

    def _conclude(self) -> None:
        trained = [way for way in ("arrays", "slices") if "samples" in self._results.get(way, {})]
        if trained and self._is_large:
            copies = max(self._results[way]["peak_bytes"] for way in trained) / self._data.array_bytes
            heading(f"In memory, arrays take {copies:.1f} times their size: 12 GB are full at {12 / copies:.1f} GB.")
        heading(NOTES)

    def _shards(self, way: str) -> str:
        return str(self._data.folder / f"shards-{way}")

    def _run(self, name: str, step: str, *, needs: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Runs a step, unless it needs more memory than there is, and keeps its result under its name."""
        result = self._too_large(needs or name) or run(self._data, step, arguments)
        self._results[name] = result
        return result

    def _too_large(self, needs: str) -> dict[str, Any] | None:
        available = machine.available_memory()
        if needs not in _COPIES or self._force or available is None:
            return None
        array = max(self._data.array_bytes, 2**31) if needs == "embed" else self._data.array_bytes
        need = _BASE_BYTES + _COPIES[needs] * array
        if need <= available:
            return None
        return {"skipped": f"needs about {size(need)} of memory, {size(available)} are available (--force tries it)"}


def _why_not(result: dict[str, Any]) -> str:
    return f"skipped: {result['skipped']}" if "skipped" in result else f"failed: {result['failed']}"
