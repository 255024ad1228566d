"""How near resized pixels are to a reference of high quality: Pillow decodes everything and resizes with its
antialiased bicubic filter.

Each tool is compared with the reference for the part of the picture that it keeps, so that a crop of half a pixel
less is no loss of quality: `resized` (short side 256 as torchvision rounds it, then the centre), `window` (the same
part, in whole pixels of the source) or `square` (short side 224, the whole of it).
"""

import io
import statistics

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from peers.peer import SHORT, SIZE, images, kept
from verify import of_tfrecord

SAMPLE = 100
THUMB = 28


def box(size, geometry):
    width, height = size
    if geometry == "square":
        side = min(width, height)
        return (width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2
    if geometry == "window":
        side = round(min(width, height) * SIZE / SHORT)
        left, top = (width - side) // 2, (height - side) // 2
        return left, top, left + side, top + side
    (long_width, long_height), (left, top) = kept(width, height)
    x, y = width / long_width, height / long_height
    return left * x, top * y, (left + SIZE) * x, (top + SIZE) * y


def reference(path, geometry):
    with Image.open(path) as image:
        image = image.convert("RGB")
        return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box(image.size, geometry)))


def thumb(pixels):
    return pixels.reshape(SIZE // THUMB, THUMB, SIZE // THUMB, THUMB, 3).mean((1, 3), dtype=np.float32).ravel()


def pixels_of(value):
    if len(value) == SIZE * SIZE * 3 and not value.startswith(b"\xff\xd8\xff"):
        return np.frombuffer(value, np.uint8).reshape(SIZE, SIZE, 3)
    pixels = np.asarray(Image.open(io.BytesIO(value)).convert("RGB"))
    assert pixels.shape == (SIZE, SIZE, 3), pixels.shape
    return pixels


class Quality:
    def __init__(self, folder):
        paths = [path for path, _ in images(folder)]
        self.paths = paths[:: max(1, len(paths) // SAMPLE)][:SAMPLE]
        self.references = {}

    def __call__(self, geometry="resized"):
        def measure(out):
            """Means over a sample of the pictures. A tool may have shuffled: the nearest picture at 8x8 pixels is the
            one.
            """
            if geometry not in self.references:
                self.references[geometry] = [reference(path, geometry) for path in self.paths]
            values = list(of_tfrecord(out))
            thumbs = np.stack([thumb(pixels_of(value)) for value in values])
            psnr, ssim = [], []
            for wanted in self.references[geometry]:
                got = pixels_of(values[int(np.argmin(((thumbs - thumb(wanted)) ** 2).sum(1)))])
                psnr.append(min(99.0, peak_signal_noise_ratio(wanted, got)) if (wanted != got).any() else 99.0)
                ssim.append(structural_similarity(wanted, got, channel_axis=2))
            assert min(psnr) > 18, f"a picture is not the one that it should be: PSNR {min(psnr):.1f}"
            bytes_each = sum(map(len, values)) / len(values)
            return {
                "psnr": statistics.mean(psnr),
                "worst": min(psnr),
                "ssim": statistics.mean(ssim),
                "bytes": bytes_each,
            }

        return measure


def resized(records, form):
    """A check that there are so many pictures, all of the size that was asked for."""

    def check(out):
        got = 0
        for value in of_tfrecord(out):
            if form == "jpeg":
                with Image.open(io.BytesIO(value)) as image:
                    assert image.format == "JPEG" and image.size == (SIZE, SIZE), image
            else:
                assert len(value) == SIZE * SIZE * 3, len(value)
            got += 1
        assert got == records, f"{got} pictures, {records} expected"

    return check
