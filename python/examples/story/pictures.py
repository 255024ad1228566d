"""Makes the pictures of the story: clouds in eight colours.

Noise of all scales looks like clouds, and compresses and decodes like a photograph. The class is the colour, so that a
model can learn it. Picture i is the same in every run, in the array as among the files.
"""

from __future__ import annotations

import functools
import json
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image

from .data import COLOURS, FILE_SIZE, SIZE, Data

_PART = 200
"""Pictures that a worker makes at a time."""


def make(data: Data) -> None:
    """Makes the pictures, unless an earlier run did."""
    done = data.folder / "pictures.json"  # written last: what it tells of is complete
    want = {"rows": data.rows, "files": data.files}
    if done.exists() and json.loads(done.read_text("utf-8")) == want:
        return
    done.unlink(missing_ok=True)
    for path in data.images.glob("*/*.jpg"):
        path.unlink()
    for colour in COLOURS:
        (data.images / colour).mkdir(parents=True, exist_ok=True)
    np.save(data.y, _labels(data.rows))
    np.lib.format.open_memmap(data.x, mode="w+", dtype=np.uint8, shape=(data.rows, *SIZE[::-1], 3)).flush()
    count = max(data.rows, data.files)
    with ProcessPoolExecutor() as workers:
        for _ in workers.map(functools.partial(_make_part, data), range(0, count, _PART)):
            pass  # but raise what a worker raised
    done.write_text(json.dumps(want), "utf-8")


def _make_part(data: Data, start: int) -> None:
    x = np.load(data.x, mmap_mode="r+")
    stop = min(start + _PART, max(data.rows, data.files))
    for i, label in enumerate(_labels(stop)[start:], start):
        image = _picture(i, label)
        if i < data.rows:
            x[i] = image.resize(SIZE)
        if i < data.files:
            image.save(data.images / list(COLOURS)[label] / f"{i:06}.jpg", quality=95)


def _labels(count: int) -> np.ndarray:
    """The labels of the first `count` pictures, at random."""
    return np.random.default_rng(1).integers(len(COLOURS), size=count)


def _picture(i: int, label: int) -> Image.Image:
    """A piece of a sky, in the colour of its class."""
    rng = np.random.default_rng([2, i])
    skies = _skies()
    sky = skies[rng.integers(len(skies))]
    left, top = (int(rng.integers(whole - part + 1)) for whole, part in zip(sky.size, FILE_SIZE))
    piece = sky.crop((left, top, left + FILE_SIZE[0], top + FILE_SIZE[1]))
    brightness = rng.uniform(0.6, 1.0)
    tint = [brightness * share for share in list(COLOURS.values())[label]]
    return piece.point([int(share * value) for share in tint for value in range(256)])


@functools.cache
def _skies() -> list[Image.Image]:
    """Large pictures to cut pieces out of, made once in each worker."""
    rng = np.random.default_rng(3)
    return [_sky(rng, 1500, 1125) for _ in range(4)]


def _sky(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    sky = np.full((height, width, 3), 150, np.float32)
    for cell, strength in [(375, 60), (125, 40), (40, 25), (12, 20), (4, 16), (1, 16)]:
        grey = rng.normal(size=(height // cell, width // cell, 1))
        colour = rng.normal(size=(height // cell, width // cell, 3))
        noise = np.clip(128 + 60 * (0.9 * grey + 0.3 * colour), 0, 255).astype(np.uint8)
        sky += (np.asarray(Image.fromarray(noise).resize((width, height)), np.float32) / 128 - 1) * strength
    return Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))
