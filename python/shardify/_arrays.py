"""Arrays in memory: whatever becomes a NumPy array, as the native half reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import _shardify
from ._errors import InputError
from ._native import StrPath

Array = Union["npt.NDArray[Any]", "npt.ArrayLike"]
"""A NumPy array, or what becomes one without a copy: an `np.memmap`, a tensor of PyTorch, TensorFlow or JAX in the memory of
the host; or numbers in lists."""

_Item = tuple[str, str, bool, list[int], "npt.NDArray[np.uint8]"]

# Every split has to be numbered by the same names.
_NUMBER_THEM = "number the values, in all splits alike: names = np.unique(every_one); ids = np.searchsorted(names, x)"

# What a kind of dtype holds, and what becomes of it.
_REFUSED = {
    "O": (
        "Python objects, not plain numbers",
        'if all rows have one shape, make numbers of them: np.array(list(x), dtype="float32")',
    ),
    "U": ("text", _NUMBER_THEM),
    "S": ("text", _NUMBER_THEM),
    "T": ("text", _NUMBER_THEM),
    "M": ("dates", 'give them as whole numbers: x.astype("int64")'),
    "m": ("durations", 'give them as whole numbers: x.astype("int64")'),
    "c": ("complex numbers", "put both parts on a new last axis: np.stack([x.real, x.imag], axis=-1)"),
    "V": ("bytes of a type that NumPy does not know, as bfloat16", 'convert it: x.astype("float32")'),
}


def is_path(given: object) -> bool:
    """Whether it is a path, as text or `pathlib.Path`."""
    return isinstance(given, (str, os.PathLike))


class Memory:
    """The arrays in memory that a call is given, each under the path that stands for it."""

    def __init__(self) -> None:
        self.items: list[_Item] = []

    def path(self, name: str, given: StrPath | Array) -> str:
        """A path as it is; for an array, the path that stands for it once it is taken in."""
        if isinstance(given, (str, os.PathLike)):
            return os.fspath(given)
        if any("\ud800" <= c <= "\udfff" for c in name):
            raise InputError(f"the name of an array is not valid Unicode: {name!r}")
        taken = {item[0] for item in self.items}
        while name in taken:
            name += "'"
        self.items.append(_item(name, as_array(name, given)))
        return place(name)

    def add_all(self, named: Mapping[str, Array]) -> None:
        """Takes in arrays that say by their names what they are."""
        for name, given in named.items():
            if not isinstance(name, str):
                raise TypeError(f"the names of arrays are text, not {type(name).__name__}: {name!r}")
            if is_path(given):
                raise InputError(
                    "arrays that are told by their names are arrays in memory, and this is a path",
                    path=os.fspath(given),  # type: ignore[arg-type]
                    hint='np.load(path, mmap_mode="r") gives an array that takes no memory',
                )
            self.path(name, given)


def place(name: str) -> str:
    """How messages call an array in memory."""
    return f"{name} (in memory)"


def as_array(name: str, given: Array) -> npt.NDArray[Any]:
    """The NumPy array, without a copy where that can be."""
    if isinstance(given, np.ma.MaskedArray):
        raise InputError(
            "it is a masked array, and records have no mask",
            path=place(name),
            hint="fill in what is masked: x.filled(0), and give np.ma.getmaskarray(x) as a further column if it matters",
        )
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"no NumPy array can be made of it: {error}", path=place(name)) from error
    return array


def _item(name: str, array: npt.NDArray[Any]) -> _Item:
    if array.dtype.names is not None:
        raise InputError(
            "it holds records of named fields (a structured dtype), not plain numbers",
            path=place(name),
            hint='give each field as an array of its own: arrays={"field": x["field"]}',
        )
    if array.dtype.kind in _REFUSED:
        what, hint = _REFUSED[array.dtype.kind]
        raise InputError(f"its dtype is {array.dtype}: it holds {what}", path=place(name), hint=hint)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        hint = 'convert it: x.astype("float64")'
        raise InputError(f"its dtype is {array.dtype}: long doubles differ from machine to machine", path=place(name), hint=hint)
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    shape = list(array.shape)
    if fortran:
        array = array.T
    # Only what lies in neither order is copied.
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return name, array.dtype.str, fortran, shape, data


def words_in(labels: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The labels, if they are words; TensorFlow and HDF5 give those as bytes."""
    if labels.dtype.kind not in "OS":
        return labels if labels.dtype.kind in "UT" else None
    labels = labels.astype(object)
    are_words = [isinstance(value, (str, bytes)) for value in labels.flat]
    if not any(are_words):
        return None
    words = np.empty(labels.size, object)
    for number, value in enumerate(labels.flat):
        try:
            words[number] = value.decode() if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            hint = "decode them yourself, as in value.decode('latin-1')"
            raise _odd_one(labels, number, "labels that are bytes are UTF-8", hint) from None
    if not all(are_words):
        hint = "give every row a word, or a class number of its own: -1 stands for no class"
        raise _odd_one(labels, are_words.index(False), "some labels are words", hint)
    return words.reshape(labels.shape)


def _odd_one(labels: npt.NDArray[Any], number: int, what: str, hint: str) -> InputError:
    row = number // int(np.prod(labels.shape[1:]))
    return InputError(f"{what}, and this one is {labels.flat[number]!r}", path=place("labels"), row=row, hint=hint)


def numbers_of(
    labels: npt.NDArray[Any], class_names: StrPath | Iterable[str] | None
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The class numbers of labels that are text, and the names of the classes: the given ones, or those that occur, sorted."""
    # As objects, since a field as wide as the longest one for each could be more than the memory holds.
    found, numbers = np.unique(labels if labels.dtype.kind == "U" else labels.astype(object), return_inverse=True)
    numbers = numbers.reshape(labels.shape).astype(np.int64)
    names = [str(name) for name in found]
    if class_names is None:
        return numbers, names
    if isinstance(class_names, (str, os.PathLike)):
        given = _shardify.class_names(os.fspath(class_names))
    else:
        given = [str(name) for name in class_names]
    number_of = {name: number for number, name in enumerate(given)}
    missing = [name for name in names if name not in number_of]
    if missing:
        raise InputError(
            f"the labels hold {missing[0]!r}, which is not among the {len(given)} class names",
            path=place("labels"),
            hint="add it to class_names=, or correct the labels",
        )
    return np.array([number_of[name] for name in names], np.int64)[numbers], given
