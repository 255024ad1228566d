"""Where the pictures of the story are, and how large. pictures.py makes them."""

from __future__ import annotations

import dataclasses
import pathlib
import random

FILE_SIZE = (500, 375)
"""Width and height of the files: those of a photograph in ImageNet."""
SIZE = (224, 224)
"""Width and height in the array, and for the model."""
ROW_BYTES = SIZE[0] * SIZE[1] * 3
"""What a picture takes as pixels."""
FILE_BYTES = 75_000
"""What a picture takes as a file, at most on average."""

COLOURS = {
    "blue": (0.4, 0.6, 1.0),
    "green": (0.5, 1.0, 0.5),
    "orange": (1.0, 0.7, 0.3),
    "pink": (1.0, 0.6, 0.8),
    "red": (1.0, 0.4, 0.4),
    "teal": (0.3, 0.9, 0.8),
    "violet": (0.7, 0.4, 1.0),
    "yellow": (1.0, 1.0, 0.4),
}
"""The classes, in the order of their labels, and what each does to red, green and blue."""


@dataclasses.dataclass(frozen=True)
class Data:
    """The same pictures as one array and as files."""

    folder: pathlib.Path
    rows: int
    """Pictures in the array."""
    files: int
    """Pictures that are files: the first ones."""

    @property
    def x(self) -> pathlib.Path:
        """The array: uint8 [rows, 224, 224, 3]."""
        return self.folder / "x.npy"

    @property
    def y(self) -> pathlib.Path:
        """Its labels: int64 [rows]."""
        return self.folder / "y.npy"

    @property
    def images(self) -> pathlib.Path:
        """The files, in a folder for each class."""
        return self.folder / "pictures"

    @property
    def array_bytes(self) -> int:
        return self.rows * ROW_BYTES

    @property
    def disk_bytes(self) -> int:
        """What all of the story takes: array, files, and the shards of both, pixels and JPEG."""
        return 2 * self.array_bytes + self.files * (2 * FILE_BYTES + ROW_BYTES)

    def paths_and_labels(self) -> tuple[list[str], list[int]]:
        """The files in random order, as one holds them for a `keras.utils.Sequence`."""
        pairs = [
            (str(path), label)
            for label, colour in enumerate(COLOURS)
            for path in sorted((self.images / colour).glob("*.jpg"))
        ]
        random.Random(0).shuffle(pairs)
        return [path for path, _ in pairs], [label for _, label in pairs]
