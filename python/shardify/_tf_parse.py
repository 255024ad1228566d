"""From serialised records to tensors, as the manifest describes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from ._tf_manifest import Field

_SAME_BITS = {"uint64": tf.int64, "uint32": tf.int32}
"""Types that `decode_raw` does not know, by what it is told instead."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a feature is parsed and decoded."""

    field: Field
    image_size: tuple[int, int] | None
    decode: bool
    """Whether images are decoded."""
    parts: tuple[Field, Field] | None
    """The features that hold bytes and shape of a tensor, where all its dimensions are open."""

    @property
    def is_image(self) -> bool:
        """Whether this becomes pixels, of an image file or as they are."""
        field = self.field
        if field.role == "image":
            return self.decode
        return field.role == "tensor" and field.dtype == "uint8" and len(field.shape) == 3

    @property
    def is_vectorised(self) -> bool:
        """Whether a whole batch can be parsed at once."""
        if self.field.role == "image":
            return not self.decode
        return None not in self.field.shape

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of one record's value, as far as it is known."""
        if self.field.role == "image" and not self.decode:
            return ()
        if self.is_image and self.image_size:
            return (*self.image_size, self.field.shape[2] or 3)
        if self.field.role == "image":
            return (*self.field.shape[:2], self.field.shape[2] or 3)
        return self.field.shape

    def spec(self) -> dict[str, Any]:
        """What `tf.io.parse_example` is told."""
        field = self.field
        if self.parts is not None:
            value, shape = self.parts
            return {
                value.key: tf.io.FixedLenFeature([], tf.string),
                shape.key: tf.io.FixedLenFeature([len(field.shape)], tf.int64),
            }
        dtype = {"bytes": tf.string, "int64": tf.int64, "float": tf.float32}[field.kind]
        if field.role not in ("tensor", "strings") or field.encoding == "bytes":
            return {field.key: tf.io.FixedLenFeature([], dtype)}
        if None not in field.shape:
            return {field.key: tf.io.FixedLenFeature(field.shape, dtype)}
        return {field.key: tf.io.FixedLenSequenceFeature([], dtype, allow_missing=True)}

    def value(self, parsed: dict[str, Any], lead: list[int]) -> Any:
        """The value. `lead` stands before the shape: the length of a batch, or -1, or nothing for one record."""
        if self.parts is not None:
            bytes_, shape = (parsed[part.key] for part in self.parts)
            value = tf.reshape(self._raw(bytes_), shape)
        else:
            value = self._decoded(parsed[self.field.key], lead)
        if self.is_image and self.image_size:
            value = _resized(value, self.image_size, self.field.shape[2])
        if not lead:
            value = tf.ensure_shape(value, self.shape)
        return value

    def _decoded(self, value: Any, lead: list[int]) -> Any:
        field = self.field
        if field.role == "image" and self.decode:
            channels = field.shape[2] or 3
            return tf.io.decode_image(value, channels, tf.as_dtype(field.dtype), expand_animations=False)
        if field.role == "tensor" and field.encoding == "bytes":
            value = self._raw(value)
        elif field.role == "tensor":
            value = _from_list(value, tf.as_dtype(field.dtype))
        if field.role == "tensor" and field.encoding == "bytes" or None in field.shape and field.role != "image":
            value = tf.reshape(value, [*lead, *(-1 if dim is None else dim for dim in field.shape)])
        return value

    def _raw(self, value: Any) -> Any:
        dtype = tf.as_dtype(self.field.dtype)
        stored = _SAME_BITS.get(self.field.dtype)
        raw = tf.io.decode_raw(value, stored or dtype)
        return raw if stored is None else tf.bitcast(raw, dtype)


def _from_list(value: Any, dtype: Any) -> Any:
    if value.dtype == dtype:
        return value
    # Of a uint64, the list holds the bits.
    return tf.bitcast(value, dtype) if dtype == tf.uint64 else tf.cast(value, dtype)


def _resized(image: Any, size: tuple[int, int], channels: int | None) -> Any:
    if channels is None:
        # Grey, grey + alpha, RGB and RGBA are RGB afterwards, as `decode_image` has it.
        rgb = tf.gather([[0, 0, 0], [0, 0, 0], [0, 1, 2], [0, 1, 2]], tf.shape(image)[-1] - 1)
        image = tf.gather(image, rgb, axis=-1)
    same = tf.reduce_all(tf.equal(tf.shape(image)[-3:-1], size))
    return tf.cond(same, lambda: image, lambda: _other_size(image, size))


def _other_size(image: Any, size: tuple[int, int]) -> Any:
    resized = tf.image.resize(image, size, antialias=True)
    return tf.saturate_cast(tf.round(resized), image.dtype)


def plans(
    fields: dict[str, Field], keys: list[str], *, decode: bool, image_size: tuple[int, int] | None
) -> dict[str, Plan]:
    """How the features with these keys are read."""
    made = {}
    for key in keys:
        field = fields[key]
        value, shape = fields.get(f"{key}/value"), fields.get(f"{key}/shape")
        is_apart = field.role == "tensor" and field.encoding == "bytes" and value is not None and shape is not None
        parts = (value, shape) if is_apart and value is not None and shape is not None else None
        made[key] = Plan(field, image_size, decode, parts)
    return made


