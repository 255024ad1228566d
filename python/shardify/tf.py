"""`shardify.tf.dataset`: a data set of shards as a `tf.data.Dataset`. TensorFlow is imported here and not before."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ._errors import InputError, OptionsError
from ._native import StrPath
from ._tf_open import Split, open_split
from ._tf_parse import Plan, plans
from ._tf_read import read

__all__ = ["dataset"]

_CYCLE = 16
_VECTOR = 128
"""Records that are parsed together where nobody asks for batches."""
_SHUFFLE_BYTES = 128 << 20
_SHUFFLE_RECORDS = 16384


def dataset(
    path: StrPath,
    split: str = "train",
    *,
    batch_size: int | None = None,
    decode: bool = True,
    shuffle: bool = False,
    seed: int | None = None,
    shuffle_buffer: int | None = None,
    supervised: bool | None = None,
    features: list[str] | None = None,
    image_size: tuple[int, int] | None = None,
    drop_remainder: bool = False,
    repeat: bool | int = False,
    shard: tuple[int, int] | None = None,
    cycle_length: int | None = None,
    deterministic: bool | None = None,
    prefetch: int | None = None,
    options: tf.data.Options | None = None,
) -> tf.data.Dataset:
    """Builds the whole input pipeline for `model.fit` or a loop of your own.

    Shards are read in parallel and checked: each must be there with the size that the manifest says when this is
    called, and a record that is damaged, or missing at the end of a file, becomes a
    `tf.errors.InvalidArgumentError` that names file and record when it is reached, inside of `model.fit` too. Records
    are parsed a batch at a time wherever they have one shape.

    Of SequenceExamples, only the context is read.

    Where all features are of one size, batches are plain tensors. Lists of differing length become `tf.RaggedTensor`s
    in batches.

    The shards that `shardify convert` writes are shuffled as a whole already, so that any stretch of them is a fair
    sample. `shuffle=True` makes epochs differ: in the order of the files, and within a buffer.

    For several workers, `strategy.experimental_distribute_dataset` and `model.fit` share out the files
    (`AutoShardPolicy.FILE`, which `AUTO` tries first), so that there should be as many shards as workers; TensorFlow
    forgets the number of batches then. With `shard`, this function shares them out and the number is kept.

    Args:
        path: the folder with `shardify.json`, or a URL of it that TensorFlow can read (`gs://...`).
        split: the split.
        batch_size: records in a batch; single records if `None`.
        decode: whether images become pixels, [height, width, channels]; otherwise they stay files, as `tf.string`.
            Arrays come as they were, bit for bit, in either case.
        shuffle: whether records come in another order in each epoch. Otherwise they come in the order of the shards.
        seed: makes the order of a shuffle the same in each run (the epochs of one run still differ).
        shuffle_buffer: records in the buffer; as many as take 128 MiB, and at most 16,384, if `None`.
        supervised: whether pairs of what a model is given and of what it is to say come, or dicts of all features;
            pairs if `None` and the data set knows which is which.
        features: come in the dicts, instead of all but those that repeat others (`image/height` and so on).
        image_size: height and width in pixels, to which images are resized (bilinear, antialiased); those that are
            stored as pixels with differing channels become RGB. Images that differ in size cannot be batched without.
        drop_remainder: whether a last batch that is not full is left out.
        repeat: `True` for epochs without end, or how many there are; batches do not run across epochs.
        shard: which part of the files is read, and of how many: (0, 4) is every fourth from the first.
        cycle_length: files that are read at the same time, in turns; 16 if `None` and `shuffle` or not
            `deterministic`, else 1, which keeps the order.
        deterministic: whether the order must not depend on which thread is faster; `True` if `None`, unless there is
            `shuffle` without a `seed`.
        prefetch: batches (records if `batch_size` is `None`) that are ready ahead; as TensorFlow finds best if `None`.
        options: further options of the data set.

    Raises:
        InputError: there is no manifest, a broken one, or one without features; there is no such split; images of
            differing sizes would have to be batched.
        DamageError: a shard is missing or has another size than the manifest says.
        OptionsError: an option cannot be honoured.
        StorageError: the folder cannot be read.
    """
    opened = _part(open_split(path, split), shard)
    keys, is_pair = _keys(opened, supervised, features)
    if image_size is not None:
        image_size = _size(image_size)
    columns = plans(opened.fields, keys, decode=decode, image_size=image_size)
    _check(opened, columns, batch_size, image_size)
    if deterministic is None:
        deterministic = not shuffle or seed is not None
    if cycle_length is None:
        cycle_length = _CYCLE if shuffle or not deterministic else 1
    raw = read(
        opened,
        cycle=max(1, min(cycle_length, len(opened.shards))),
        shuffle=shuffle,
        seed=seed,
        deterministic=deterministic,
    )
    is_vectorised = all(column.is_vectorised for column in columns.values())
    step = (batch_size or _VECTOR) if is_vectorised else None
    drop = drop_remainder and batch_size is not None
    if shuffle:
        raw = raw.unbatch().shuffle(_buffer(opened, shuffle_buffer), seed, reshuffle_each_iteration=True)
        raw = raw if step is None else raw.batch(step, drop_remainder=drop)
    else:
        raw = raw.unbatch() if step is None else raw.rebatch(step, drop_remainder=drop)

    spec = {key: value for column in columns.values() for key, value in column.spec().items()}

    def parse(serialised: Any) -> Any:
        if step is None:
            parsed, lead = tf.io.parse_single_example(serialised, spec), []
        else:
            lead = [step if drop else -1]
            parsed = tf.io.parse_example(tf.ensure_shape(serialised, [step]) if drop else serialised, spec)
        values = {key: column.value(parsed, lead) for key, column in columns.items()}
        return tuple(values[key] for key in keys) if is_pair else values

    found = raw.map(parse, num_parallel_calls=tf.data.AUTOTUNE, deterministic=deterministic)
    if step is None and batch_size is not None:
        is_ragged = any(None in column.shape for column in columns.values())
        batch = found.ragged_batch if is_ragged else found.batch
        found = batch(batch_size, drop_remainder=drop)
    elif step is not None and batch_size is None:
        found = found.unbatch()
    count = opened.records
    if batch_size is not None:
        count = count // batch_size if drop else -(-count // batch_size)
    found = found.apply(tf.data.experimental.assert_cardinality(count))
    if repeat is not False:
        found = found.repeat(None if repeat is True else repeat)
    found = found.prefetch(tf.data.AUTOTUNE if prefetch is None else prefetch)
    return found if options is None else found.with_options(options)


def _part(split: Split, shard: tuple[int, int] | None) -> Split:
    """The files that one of several workers reads."""
    if shard is None:
        return split
    index, count = shard
    if not 0 <= index < count:
        raise OptionsError(f"shard={shard!r}: the first number counts from 0 and is less than the second")
    shards = split.shards[index::count]
    if not shards:
        raise OptionsError(
            f"shard={shard!r}: there are only {len(split.shards)} shards",
            path=split.folder,
            hint="shardify.reshard can make more",
        )
    return Split(split.folder, shards, split.compression, split.fields, split.supervised_keys)


def _keys(split: Split, supervised: bool | None, features: list[str] | None) -> tuple[list[str], bool]:
    """The features that are wanted, and whether they come as a pair."""
    if supervised and features is not None:
        raise OptionsError("supervised=True and features cannot both be had")
    if features is not None:
        if not features:
            hint = f"there are {', '.join(split.fields)}"
            raise OptionsError("features: none is named", path=split.folder, hint=hint)
        for key in features:
            if key not in split.fields:
                raise OptionsError(
                    f"features: there is no {key!r}", path=split.folder, hint=f"there are {', '.join(split.fields)}"
                )
        return list(features), False
    if supervised or supervised is None and split.supervised_keys is not None:
        if split.supervised_keys is None:
            raise OptionsError(
                "supervised: the data set does not say what is input and what is label",
                path=split.folder,
                hint="supervised=False gives dicts of all features",
            )
        return list(split.supervised_keys), True
    keys = [field.key for field in split.fields.values() if not field.auxiliary]
    if not keys:
        raise InputError("the manifest names no feature that could be read", path=split.folder)
    return keys, False


def _size(wanted: Any) -> tuple[int, int]:
    try:
        height, width = map(int, wanted)
    except (TypeError, ValueError):
        height = width = 0
    if min(height, width) < 1:
        raise OptionsError(f"image_size={wanted!r}: a height and a width in pixels are wanted, as in (224, 224)")
    return height, width


def _check(
    split: Split, columns: dict[str, Plan], batch_size: int | None, image_size: tuple[int, int] | None
) -> None:
    if batch_size is not None and batch_size < 1:
        raise OptionsError(f"batch_size: {batch_size} is less than 1")
    if image_size is not None and not any(column.is_image for column in columns.values()):
        raise OptionsError(
            "image_size: no feature becomes pixels that could be resized",
            path=split.folder,
            hint=f"what is read: {', '.join(columns)}",
        )
    open_ = [key for key, column in columns.items() if column.is_image and None in column.shape]
    if batch_size is not None and open_:
        raise InputError(
            f"images of differing sizes or channels cannot be batched ({', '.join(open_)})",
            path=split.folder,
            hint="image_size=(224, 224) resizes them, shardify.convert(..., size=...) does so once for all epochs; "
            "decode=False gives files",
        )


def _buffer(split: Split, wanted: int | None) -> int:
    if wanted is None:
        wanted = min(_SHUFFLE_RECORDS, _SHUFFLE_BYTES // split.record_bytes)
    return max(1, min(wanted, split.records))
