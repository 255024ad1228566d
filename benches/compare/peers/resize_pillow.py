"""Pillow, a process for each core, each writing its own shards with the package `tfrecord`.

    resize_pillow.py IMAGES OUT jpeg|raw draft|thumbnail|full

draft: the decoder shrinks as far as it can (scaled DCT), the rest is resized. thumbnail: what Image.thumbnail does by
default: the decoder leaves twice the size that is asked for. full: everything is decoded. All end with the
antialiased bicubic filter.
"""

import functools
import io
import os
import sys
from multiprocessing import Pool

from peer import CORES, SIZE, images, kept, shard, timed
from PIL import Image
from tfrecord.writer import TFRecordWriter


def resize(path, mode):
    with Image.open(path) as image:
        size, (left, top) = kept(*image.size)
        if mode != "full":
            spare = 2 if mode == "thumbnail" else 1
            image.draft("RGB", (size[0] * spare, size[1] * spare))
        image = image.convert("RGB").resize(
            size, Image.Resampling.BICUBIC, reducing_gap=2.0 if mode == "thumbnail" else None
        )
    return image.crop((left, top, left + SIZE, top + SIZE))


def work(number, shards, files, out, form, mode):
    writer = TFRecordWriter(shard(out, number, shards))
    for path, label in files[number::shards]:
        image = resize(path, mode)
        if form == "jpeg":
            buffer = io.BytesIO()
            image.save(buffer, "jpeg", quality=90)
            data = buffer.getvalue()
        else:
            data = image.tobytes()
        writer.write({"image": (data, "byte"), "label": (label, "int")})
    writer.close()


def main(folder, out, form, mode):
    os.makedirs(out)
    shards = 4 * CORES
    with Pool(CORES) as pool:
        pool.map(
            functools.partial(work, shards=shards, files=images(folder), out=out, form=form, mode=mode),
            range(shards),
            1,
        )
        pool.close()
        pool.join()


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
