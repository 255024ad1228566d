"""What a record of a data set has under a key."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, Optional

Shape = tuple[Optional[int], ...]
"""The lengths of the dimensions, `None` where records differ."""


@dataclasses.dataclass(frozen=True)
class Feature:
    """What each record has under a key."""

    kind: Literal["image", "label", "text", "strings", "tensor", "unknown"]
    """`image`: the bytes of a file, or an array if images are decoded; `label`: an `int`; `text`: a `str`; `strings`: a list
    of `str`, or of `bytes` if they are no text; `tensor`: an array, or a NumPy number if its shape is empty; `unknown`: what the
    record holds, as it stands."""
    dtype: str | None
    """NumPy's name of the element type of an array."""
    shape: Shape
    """The shape of an array."""
    classes: int | None = None
    """How many classes there are, of a label."""


def feature(field: Mapping[str, Any], info: Mapping[str, Any], decode: bool) -> Feature:
    """A field of a schema, as the native half has it."""
    role = field["role"]
    if role == "image":
        height, width, channels = field["shape"]
        return Feature("image", field["dtype"] if decode else None, (height, width, channels))
    if role == "class_label":
        names = info["class_names"] if field["key"] == info["label_key"] else []
        return Feature("label", None, (), len(names) or field["classes"])
    if role == "text":
        return Feature("text", None, ())
    if role == "strings":
        return Feature("strings", None, tuple(field["shape"]))
    if role == "tensor":
        return Feature("tensor", field["dtype"], tuple(field["shape"]))
    is_image = field["key"] == info["image_key"]
    return Feature("image" if is_image else "unknown", None, (None, None, None) if is_image else ())
