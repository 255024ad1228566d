"""What `shardify.inspect` returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Union

from ._errors import Error
from ._inspect_text import describe


class Range(NamedTuple):
    """The least and the greatest of some numbers."""

    min: Union[int, float]
    max: Union[int, float]


class Spread(NamedTuple):
    """The least, the one in the middle and the greatest of some numbers."""

    least: int
    median: int
    largest: int


@dataclasses.dataclass(frozen=True)
class InspectedSplit:
    """A split."""

    name: str
    """Its name."""
    records: int
    """Its intact records."""
    shards: int
    """Its shards."""
    bytes: int
    """The bytes of its shard files."""
    shard_bytes: Spread | None
    """The bytes of one shard file."""
    shard_records: Spread | None
    """The records of one shard."""


@dataclasses.dataclass(frozen=True)
class ImageStats:
    """What images are under a key."""

    formats: dict[str, int]
    """How many there are of each format, as in `{"jpeg": 12, "png": 3}`."""
    height: Range | None
    """Rows, in pixels."""
    width: Range | None
    """Columns, in pixels."""
    channels: Range | None
    """Channels: 1 is grey, 3 is RGB, 4 has alpha."""
    bits: Range | None
    """Bits of a sample."""
    unreadable: int
    """Those whose header is damaged."""


@dataclasses.dataclass(frozen=True)
class InspectedFeature:
    """A key of the records, and what is under it."""

    key: str
    """The key."""
    kind: Literal["bytes", "int64", "float", "mixed", "none"]
    """Which list it is."""
    records: int
    """Records that have the key."""
    missing: int
    """Records without a value under it."""
    values: Range | None
    """How many values it has in a record."""
    range: Range | None
    """The least and the greatest number."""
    length: Range | None
    """The bytes of a value of `bytes`."""
    nan: int
    """Values that are not a number."""
    infinite: int
    """Values that are infinite."""
    single: dict[str, int]
    """Where a record has one value of `bytes`: how many are "text", "images", "raw" and "empty"."""
    images: ImageStats | None
    """What the images are, if there are any."""
    role: str | None
    """What it means: "image", "class_label", "text", "tensor" or "strings"; `None` if it is not known."""
    details: dict[str, Any]
    """What belongs to its role, as in the manifest: dtype, shape, classes and so on."""
    steps: Range | None = None
    """For a list of a SequenceExample: how many steps it has."""


@dataclasses.dataclass(frozen=True)
class ClassCount:
    """How often a class occurs."""

    label: int
    """The number that is stored."""
    name: str | None
    """Its name, if it has one."""
    records: int
    """Its records."""


@dataclasses.dataclass(frozen=True)
class ShownFeature:
    """A feature of one record."""

    key: str
    """Its key."""
    kind: Literal["bytes", "int64", "float"] | None
    """Which list it is; `None` for a list of a SequenceExample."""
    values: int
    """How many values it has, or steps."""
    text: str
    """What it holds, shortened; an image by its format and size."""

    @property
    def value(self) -> int | float | list[int | float] | None:
        """The number, or up to 8 numbers; `None` for bytes and for more."""
        number: Callable[[str], int | float] | None = {"int64": int, "float": float}.get(self.kind or "")
        if number is None or "..." in self.text:
            return None
        numbers = [number(text) for text in self.text.strip("[]").split(", ") if text]
        return numbers[0] if self.values == 1 else numbers


@dataclasses.dataclass(frozen=True)
class ShownRecord:
    """One record, in a form to be read."""

    shard: str
    """Its shard."""
    record: int
    """Its number in that, counted from 0."""
    offset: int
    """Where it starts, in uncompressed bytes."""
    bytes: int
    """The bytes of its payload."""
    features: list[ShownFeature]
    """What is in it."""
    fault: str | None
    """Why nothing can be read, if it is no Example."""


@dataclasses.dataclass(frozen=True)
class InspectedSet:
    """A data set."""

    dir: str
    """Its folder."""
    name: str
    """Its name."""
    records: int
    """Its intact records."""
    shards: int
    """Its shards."""
    bytes: int
    """The bytes of its shard files."""
    examples: int
    """Records that are a `tf.train.Example`."""
    sequence_examples: int
    """Records that are a `tf.train.SequenceExample`."""
    malformed: int
    """Records that are neither."""
    splits: dict[str, InspectedSplit]
    """Its splits by name, in order."""
    features: dict[str, InspectedFeature]
    """Its features by key."""
    lists: dict[str, InspectedFeature]
    """The lists of its SequenceExamples by key."""
    compression: list[str]
    """How its shards are compressed: mostly one of "none", "gzip" and "zlib"."""
    described_by: Literal["manifest", "tfds", "records"]
    """Where the meaning of features comes from."""
    label: str | None
    """The key of the label."""
    classes: list[ClassCount]
    """How many records each class has, those without a record too."""
    damaged: int
    """Places that could not be read as records: `shardify.validate` says more."""
    warnings: list[str]
    """Files that are no TFRecords, and metadata that cannot be used."""

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, in the order of their labels."""
        return [one.name for one in self.classes if one.name is not None]


@dataclasses.dataclass(frozen=True)
class InspectReport:
    """What is in the shards."""

    datasets: list[InspectedSet]
    """The data sets, in the order of the paths: one for each folder that is one by itself."""
    records: int
    """Intact records of all of them."""
    shards: int
    """Shards."""
    bytes: int
    """Bytes of the shard files."""
    features: dict[str, InspectedFeature]
    """The features of all of them by key."""
    lists: dict[str, InspectedFeature]
    """The lists of all SequenceExamples by key."""
    shown: list[ShownRecord]
    """The records that were asked for."""
    unreadable: list[Error]
    """Why shards could not be read."""
    seconds: float
    """How long it took."""

    @property
    def dataset(self) -> InspectedSet:
        """The data set, if there is one only."""
        if len(self.datasets) != 1:
            raise ValueError(f"there are {len(self.datasets)} data sets: choose one of .datasets")
        return self.datasets[0]

    @property
    def splits(self) -> dict[str, InspectedSplit]:
        """The splits of the only data set."""
        return self.dataset.splits

    @property
    def classes(self) -> list[ClassCount]:
        """The classes of the only data set."""
        return self.dataset.classes

    @property
    def class_names(self) -> list[str]:
        """The names of the classes of the only data set, in the order of their labels."""
        return self.dataset.class_names

    @property
    def ok(self) -> bool:
        """Whether every shard and record could be read, and nothing looks wrong."""
        odd = (one.damaged or one.malformed or one.warnings for one in self.datasets)
        return not self.unreadable and not any(odd)

    def __str__(self) -> str:
        return describe(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows."""
        printer.text("InspectReport(...)" if cycle else str(self))
