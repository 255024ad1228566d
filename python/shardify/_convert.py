"""`shardify.convert` and `shardify.dry_run`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Union

from . import _shardify
from ._arrays import Array, Memory, as_array, is_path, numbers_of, words_in
from ._convert_report import ConvertReport, ConvertSplit, ConvertWarning, DryRun, DrySplit
from ._errors import InputError
from ._native import StrPath, call
from ._options import Compression, Existing, OnError, Shards, Size, Split, shards_text, split_text
from ._progress import Watcher

Inputs = Union[StrPath, Array, Iterable[StrPath], Sequence[Union[StrPath, Array]], Mapping[str, Array]]
"""What is converted: see `convert`."""


def convert(
    inputs: Inputs,
    out: StrPath,
    *,
    labels: StrPath | Array | None = None,
    class_names: StrPath | Sequence[str] | None = None,
    layout: Literal["auto", "class", "split", "flat"] = "auto",
    arrays: Mapping[str, StrPath | Array] | None = None,
    resize: int | None = None,
    size: tuple[int, int] | None = None,
    fit: Literal["crop", "pad", "stretch"] = "crop",
    only_shrink: bool = False,
    filter: Literal["nearest", "box", "bilinear", "bicubic", "lanczos3"] = "bicubic",
    format: Literal["keep", "jpeg", "png", "raw"] = "keep",
    quality: int = 95,
    color: Literal["keep", "rgb", "gray"] = "keep",
    exif: Literal["apply", "keep"] = "apply",
    verify: Literal["structure", "decode"] = "structure",
    max_pixels: int = 100_000_000,
    name: str | None = None,
    max_shard: Size | None = None,
    shards: Shards | None = None,
    compression: Compression = "none",
    keys: Literal["tfds", "slim"] = "tfds",
    label_offset: int | None = None,
    feature: str | None = None,
    seed: int = 0,
    shuffle: bool = True,
    split: Split | None = None,
    stratify: bool = False,
    on_error: OnError = "stop",
    max_errors: int | str | None = None,
    existing: Existing = "refuse",
    threads: int | None = None,
    progress: Watcher = None,
) -> ConvertReport:
    """Turns images or arrays into shards, with indexes, TFDS metadata and a manifest.

        shardify.convert("imgs/", "out/", max_shard="512MB")
        shardify.convert(x_train, labels=y_train, out="out/")
        shardify.convert({"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}, "out/")

    Arrays in memory are read where they are and must not be written to meanwhile. They are copied in two cases only: one in
    Fortran order is turned in a scratch file in `out`, in bounded memory, and one that lies in neither order (a slice with
    steps, an axis moved) is made contiguous in memory first. The shards have the same bytes as those of the same arrays in
    `.npy` files.

    Args:
        inputs: what is converted:
            a folder of images (`DIR/class/**`, `DIR/split/class/**` or flat), a list of them (`.csv`: file,label[,split]), a
            `.npy` or `.npz` file; or several of a kind;
            an array whose row i becomes record i (NumPy, `np.memmap`, or a tensor of PyTorch, TensorFlow or JAX); a list or
            tuple of arrays is one array after the other;
            or a mapping of names to arrays, which are told by their names as in an `.npz` file: `x_train`, `y_train`,
            `x_test`, `y_test` become splits, `x` and `y` one whole, and others with as many rows further columns.
        out: the folder to write to.
        labels: for images, a list file,label[,split]; for arrays, a `.npy` file, an array or a list with a class number (-1
            for none) or any other target for each row. Text or UTF-8 bytes, one word a row, become class numbers.
        class_names: the names of the classes, the name of class 0 first, or a file with one a line. By default sorted.
        layout: how an image folder is laid out.
        arrays: further columns of arrays: names, with files or arrays of as many rows.
        resize: pixels that the shorter side of each image is resized to.
        size: final width and height of each image, in pixels.
        fit: how an image of another aspect ratio meets `size`.
        only_shrink: never enlarge, with `resize`.
        filter: the resampling filter.
        format: how images are stored. "keep" leaves the bytes of JPEG and PNG files as they are, and stores arrays as tensors;
            "png", "jpeg" and "raw" store a uint8 array of pixels as images.
        quality: JPEG quality of images that are encoded again, 1 to 100.
        color: the channels of stored images.
        exif: "apply" turns images upright as their EXIF orientation says.
        verify: how kept images are checked; "decode" decodes every pixel.
        max_pixels: images of more pixels (width times height) are refused.
        name: the name of the data set and of its files; by default that of the first input, or that of the folder `out` if
            the input is in memory.
        max_shard: no shard is larger, framing included: bytes, or text as in "512MB" or "256MiB"; below 2 GiB. By default
            256 MB.
        shards: a fixed number of shards: for every split, or a mapping of splits to numbers.
        compression: "gzip" suits arrays; TFDS, DALI and Grain cannot read it.
        keys: the feature names: those of TFDS ("image", "label") or of TF-Slim.
        label_offset: what is added to class numbers when they are stored; by default 0, and 1 with `keys="slim"`.
        feature: the feature name of the main array; by default "x".
        seed: the seed of order and splits, from 0 up.
        shuffle: whether all records are shuffled; otherwise they keep the order of the inputs.
        split: splits by ratio: a mapping of names to shares of 1, as in `{"train": 0.9, "test": 0.1}`.
        stratify: give every split the class shares of the whole.
        on_error: what happens with an input that cannot be used: "stop" raises, "skip" leaves it out and lists it in
            `failures.jsonl`, which raises nothing.
        max_errors: with "skip", raise when more inputs fail: a number, or text as in "0.5%".
        existing: what happens if `out` is not empty: see `shardify.Existing`. Arrays in memory are the same for "resume" if
            type, shape, order and checksum are.
        threads: worker threads; one for each core if `None`. The bytes written do not depend on it.
        progress: see `shardify.Watcher`.

    Raises:
        InputError: an input cannot be used (with file, row or line), or inputs do not fit together.
        OptionsError: an option has a value that cannot be honoured.
        OutputError: `out` is not empty, is being written to, or holds something else than what is to be resumed.
        StorageError: the operating system refused to read or write.
        KeyboardInterrupt: Ctrl-C was pressed; finished shards are kept for `existing="resume"`.
        ConvertWarning: issued by `warnings.warn` for each of the report's warnings.
    """
    report = call(_shardify.convert, _options(locals()), progress)
    report["splits"] = [ConvertSplit(**split) for split in report["splits"]]
    done = ConvertReport(**report)
    for warning in done.warnings:
        warnings.warn(warning, ConvertWarning, stacklevel=2)
    return done


def dry_run(
    inputs: Inputs,
    out: StrPath,
    *,
    labels: StrPath | Array | None = None,
    class_names: StrPath | Sequence[str] | None = None,
    layout: Literal["auto", "class", "split", "flat"] = "auto",
    arrays: Mapping[str, StrPath | Array] | None = None,
    resize: int | None = None,
    size: tuple[int, int] | None = None,
    fit: Literal["crop", "pad", "stretch"] = "crop",
    only_shrink: bool = False,
    filter: Literal["nearest", "box", "bilinear", "bicubic", "lanczos3"] = "bicubic",
    format: Literal["keep", "jpeg", "png", "raw"] = "keep",
    quality: int = 95,
    color: Literal["keep", "rgb", "gray"] = "keep",
    exif: Literal["apply", "keep"] = "apply",
    verify: Literal["structure", "decode"] = "structure",
    max_pixels: int = 100_000_000,
    name: str | None = None,
    max_shard: Size | None = None,
    shards: Shards | None = None,
    compression: Compression = "none",
    keys: Literal["tfds", "slim"] = "tfds",
    label_offset: int | None = None,
    feature: str | None = None,
    seed: int = 0,
    shuffle: bool = True,
    split: Split | None = None,
    stratify: bool = False,
    on_error: OnError = "stop",
    max_errors: int | str | None = None,
    existing: Existing = "refuse",
    threads: int | None = None,
    progress: Watcher = None,
) -> DryRun:
    """Says what `convert` would read and write with the same arguments, and what looks wrong, without writing anything.

    The first bytes of every image are looked at, and a few records are made.

    Args:
        inputs: this and all others: see `convert`.

    Raises:
        InputError, OptionsError: what would keep the whole run from starting. What would stop it later, and the state of
            the folder `out`, are problems of the report.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    report = call(_shardify.dry_run, _options(locals()), progress)
    del report["dry_run"]
    report["splits"] = [DrySplit(**split) for split in report["splits"]]
    return DryRun(**report)


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments as the native half takes them."""
    options = {name: value for name, value in given.items() if name != "progress"}
    memory, class_names = Memory(), options["class_names"]
    inputs, labels, arrays = options["inputs"], options["labels"], options["arrays"]
    if arrays is not None and not isinstance(arrays, Mapping):
        raise TypeError(f"arrays is a mapping of names to files and arrays, not {type(arrays).__name__}")
    if isinstance(class_names, Mapping):
        raise TypeError("class_names is a sequence of names, the name of class 0 first, not a mapping")
    if isinstance(inputs, Mapping):
        memory.add_all(inputs)
        options["inputs"] = []
    else:
        main = options["feature"] or "x"
        options["inputs"] = [memory.path(name, one) for name, one in _each(main, inputs)]
    if labels is not None and not is_path(labels):
        labels = as_array("labels", labels)
        words = words_in(labels)
        if words is not None:
            labels, class_names = numbers_of(words, class_names)
    if class_names is not None and not is_path(class_names):
        class_names = [str(name) for name in class_names]
    options["labels"] = None if labels is None else memory.path("labels", labels)
    options["arrays"] = [(name, memory.path(name, one)) for name, one in (arrays or {}).items()]
    options["out"], options["memory"], options["class_names"] = os.fspath(options["out"]), memory.items, class_names
    if isinstance(options["size"], list):
        options["size"] = tuple(options["size"])
    options["max_errors"] = None if options["max_errors"] is None else str(options["max_errors"])
    options["shards"], options["split"] = shards_text(options["shards"]), split_text(options["split"])
    return options


def _each(main: str, inputs: Any) -> list[tuple[str, Any]]:
    """The inputs, each with the name that it gets if it is an array."""
    if is_path(inputs) or hasattr(inputs, "__array__"):
        return [(main, inputs)]
    if isinstance(inputs, bytes):
        raise TypeError(f"paths are text or pathlib.Path, not bytes: os.fsdecode({inputs!r}) makes text of it")
    several = isinstance(inputs, Sequence)
    given = []
    for one in inputs:
        if not is_path(one) and not hasattr(one, "__array__"):
            raise TypeError(
                f"inputs are paths and arrays, not {type(one).__name__}: make one array of the rows, with np.array(...)"
            )
        if not is_path(one) and not several:
            # What it gives may be rows and not arrays, as with a tf.data.Dataset, and never end.
            raise TypeError(f"arrays come one after the other in a list or tuple, not in {type(inputs).__name__}")
        given.append(one)
    inputs = given
    in_memory = [id(one) for one in inputs if not is_path(one)]
    if len(set(in_memory)) < len(in_memory):
        raise InputError("an array is given twice: its rows would be written twice", hint="give each array once")
    return [(f"{main}[{number}]" if len(inputs) > 1 else main, one) for number, one in enumerate(inputs)]
