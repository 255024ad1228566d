"""`shardify.open`: a data set whose records are read in any order."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from . import _shardify
from ._errors import DamageError, InputError, OptionsError
from ._features import Feature, feature
from ._keys import Keys
from ._native import StrPath, native, paths as _paths

if TYPE_CHECKING:
    from ._shardify import Records

Row = dict[str, Any]
"""A record: its features by their keys."""


def open(
    path: StrPath | Iterable[StrPath],
    split: str | Iterable[str] | None = None,
    *,
    decode: bool = False,
    verify: bool = True,
    memory_map: bool = True,
    writable: bool = False,
    features: Iterable[str] | None = None,
    threads: int | None = None,
) -> Dataset:
    """Opens a data set for access to any record by its number or name, in any order, as often as one likes.

    What comes back is a map-style `Dataset` for PyTorch and a `RandomAccessDataSource` for Grain. It can be pickled (another
    process opens the same data set anew), and used by forked and spawned processes and by several threads at once.

    All shards that manifest or TFDS metadata name must be there, as long as the manifest says and with as many records.
    Where the records are is read from `index/SHARD.idx`, which `shardify.convert` and `shardify.index` write; shards without
    one are walked through, which takes a read for each record or each 64 kB. Indexes are not trusted: the framing of each
    record that is read must confirm them.

    Half of the files that a process may have open (`ulimit -n`) stay open at most. Of a data set of more shards, the others are
    opened for each read, which is slower: raise the limit, or make fewer shards with `shardify.reshard`.

    Args:
        path: a folder of shards, a shard, or a pattern of names; one or several, of one data set. Anybody's TFRecords will do,
            but not compressed ones.
        split: the split, or several, one after the other; `None` if there is only one.
        decode: whether images are decoded to arrays of height x width x channels, uint8 or, for deep PNGs, uint16. Otherwise
            they are the bytes of their files.
        verify: whether the checksum of each record is compared when it is read. Its length is always checked.
        memory_map: whether shards are mapped into memory. A mapped shard must not be cut while it is open: to touch what is
            gone kills the process. Choose `False` for file systems that other machines write to; records are then read one
            by one, which takes half a microsecond longer, and arrays are copies.
        writable: whether arrays are copies that may be written to, which PyTorch asks for. Otherwise they are read-only and,
            where they are mapped, stand in the shard itself, at whatever byte that is.
        features: the keys of the features that a record is to have; all if `None`.
        threads: worker threads while the data set is opened; none is left afterwards.

    Raises:
        DamageError: a shard is missing, cut, or longer than it was, or its index does not describe it.
        InputError: the path holds no data set, several, or compressed shards.
        OptionsError: there are several splits and none is named, or there is no such split or feature.
        StorageError: the operating system refused.
    """
    options = {
        "paths": [os.path.abspath(one) for one in _paths(path)],
        "splits": [] if split is None else [split] if isinstance(split, str) else list(split),
        "features": None if features is None else [features] if isinstance(features, str) else list(features),
        "decode": decode,
        "verify": verify,
        "memory_map": memory_map,
        "writable": writable,
        "threads": threads,
    }
    if options["splits"] == [] and split is not None:
        raise OptionsError("split names none: leave it out if there is only one")
    info, _, rows = native(_shardify.open, options)
    return Dataset(options, json.loads(info), rows)


class Dataset(Sequence[Row]):
    """The records of a data set, or of a part of it, as dictionaries of their features.

    `ds[7]`, `ds[-1]` and `ds["some/file.jpg"]` are records; `ds[10:20]` and `ds[[3, 1, 2]]` are again data sets, of the same
    files. Made by `shardify.open`.
    """

    __slots__ = ("__weakref__", "_info", "_options", "_rows")

    def __init__(self, options: dict[str, Any], info: dict[str, Any], rows: _shardify.Rows) -> None:
        self._options, self._info, self._rows = options, info, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, which: SupportsIndex | str) -> Row: ...
    @overload
    def __getitem__(self, which: slice | Sequence[int]) -> Dataset: ...
    def __getitem__(self, which: Any) -> Any:
        """A record by its number or its name, or a part of the data set by a slice, numbers, or a mask of truth values.

        Raises:
            IndexError: there are not so many records.
            KeyError: no record has this name.
            DamageError: the record is not what was written, with shard, record and byte.
            InputError: the image of the record cannot be decoded; the records have no names; several have this one.
        """
        if type(which) is int:
            return self._rows.row(which)
        if isinstance(which, str):
            return self._rows.row(self._position(which))
        if hasattr(which, "__index__") and getattr(which, "ndim", 0) == 0:
            return self._rows.row(which.__index__())
        return Dataset(self._options, self._info, self._rows.part(_positions(which, len(self))))

    def __getitems__(self, positions: Sequence[SupportsIndex]) -> list[Row]:
        """Several records at once, which is faster than one by one. PyTorch calls this for each batch."""
        return self._rows.rows(positions)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __contains__(self, name: object) -> bool:
        """Whether a record has this name."""
        return isinstance(name, str) and bool(self._rows.find(name))

    def keys(self) -> Keys:
        """The names of the records, in their order. They are read when they are asked for, once.

        Checksums are not compared for them where shards are mapped: that would read all pictures. Who reads a record by its
        name has it checked then.

        Raises:
            InputError: the records have no names.
        """
        return Keys(self._rows)

    @property
    def records(self) -> Records:
        """The serialized records (`tf.train.Example`), as bytes, by their numbers; checked like all else."""
        return self._rows.records()

    @property
    def name(self) -> str:
        """The name of the data set."""
        return str(self._info["name"])

    @property
    def split(self) -> str:
        """The split that was opened; several with a plus between them."""
        return "+".join(self._info["split"])

    @property
    def splits(self) -> list[str]:
        """The names of all splits that there are."""
        return list(self._info["splits"])

    @property
    def features(self) -> dict[str, Feature]:
        """What each record has, by its keys. As metadata say, or else as a few records show."""
        return {field["key"]: feature(field, self._info, self._options["decode"]) for field in self._info["features"]}

    @property
    def class_names(self) -> list[str]:
        """The class names; the index is the stored label less `label_offset`."""
        return list(self._info["class_names"])

    @property
    def label_offset(self) -> int:
        """What was added to class indexes when they were stored."""
        return int(self._info["label_offset"])

    def __repr__(self) -> str:
        # Grain compares this when it goes on from a checkpoint: it must be the same in every process.
        keys = ", ".join(field["key"] for field in self._info["features"])
        whole = self._info["records"]
        part = "" if len(self) == whole else f" of {whole}"
        return f"<shardify.Dataset {self.name}, {self.split}: {len(self)}{part} records of {keys}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self._options, self._info["records"], self._rows.order())

    def __copy__(self) -> Dataset:
        return self

    def __deepcopy__(self, memo: object) -> Dataset:
        # Nothing of it changes: there is no need to open the shards again.
        return self

    def _position(self, name: str) -> int:
        found = self._rows.find(name)
        if not found:
            raise KeyError(name)
        if len(found) > 1:
            some = ", ".join(map(str, found[:10]))
            raise InputError(
                f"{len(found)} records have the name {name!r}: {some}", path=self._info["path"], hint="choose one by its number"
            )
        return found[0]


def _positions(which: Any, length: int) -> Any:
    """What the native half understands: a slice, or a list of whole numbers."""
    if isinstance(which, slice):
        return which
    import numpy as np

    array = np.asarray(which)
    if array.dtype == bool and array.ndim == 1:
        if len(array) != length:
            raise IndexError(f"a mask of {len(array)} truth values for {length} records")
        return np.flatnonzero(array).tolist()
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError("records are chosen by a number, a name, a slice, or a list of numbers or truth values")
    return array.tolist()


def _again(options: dict[str, Any], records: int) -> tuple[dict[str, Any], _shardify.Rows]:
    info, _, rows = native(_shardify.open, options)
    known: dict[str, Any] = json.loads(info)
    if known["records"] != records:
        raise DamageError(
            f"the data set had {records} records, and has {known['records']}",
            path=known["path"],
            hint="open it anew when nothing writes to it",
        )
    return known, rows


def _reopen(options: dict[str, Any], records: int, order: Any) -> Dataset:
    """A pickled data set."""
    info, rows = _again(options, records)
    return Dataset(options, info, rows.ordered(order))


def _records(options: dict[str, Any], records: int, order: Any) -> Records:
    """Pickled records."""
    return _again(options, records)[1].ordered(order).records()
