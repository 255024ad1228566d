"""OpenCV, a process for each core, each writing its own shards with the package `tfrecord`.

    resize_opencv.py IMAGES OUT jpeg|raw full|reduced

reduced: the decoder shrinks (scaled DCT) to the nearest half, quarter or eighth that is not below the size asked for,
which costs a look at the file's header. INTER_AREA is what OpenCV recommends for shrinking.
"""

import functools
import os
import sys
from multiprocessing import Pool

import cv2
from peer import CORES, SHORT, SIZE, images, kept, shard, timed
from tfrecord.writer import TFRecordWriter

REDUCED = [(8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2)]


def shape_of(path):
    """Height and width, from the start of the frame."""
    with open(path, "rb") as file:
        data = file.read(65536)
    at = 2
    while at + 9 <= len(data):
        if 0xC0 <= data[at + 1] <= 0xC2:
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return SHORT, SHORT


def resize(path, mode):
    flag = cv2.IMREAD_COLOR
    if mode == "reduced":
        short = min(shape_of(path))
        flag = next((flag for factor, flag in REDUCED if short // factor >= SHORT), flag)
    image = cv2.imread(path, flag)
    height, width = image.shape[:2]
    size, (left, top) = kept(width, height)
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image[top : top + SIZE, left : left + SIZE]


def work(number, shards, files, out, form, mode):
    cv2.setNumThreads(1)
    writer = TFRecordWriter(shard(out, number, shards))
    for path, label in files[number::shards]:
        image = resize(path, mode)
        if form == "jpeg":
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        else:
            data = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes()
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
