"""TensorFlow ops in tf.data, as input pipelines for ImageNet are written: only the part that the crop keeps is decoded.

resize_tf.py IMAGES OUT jpeg|raw
"""

import os
import sys

import tensorflow as tf
from peer import SHORT, SIZE, images, shard, timed


def resize(path, label, form):
    data = tf.io.read_file(path)
    shape = tf.io.extract_jpeg_shape(data)
    height, width = shape[0], shape[1]
    side = tf.cast(tf.round(tf.cast(tf.minimum(height, width), tf.float32) * SIZE / SHORT), tf.int32)
    window = tf.stack([(height - side) // 2, (width - side) // 2, side, side])
    image = tf.image.decode_and_crop_jpeg(data, window, channels=3)
    image = tf.image.resize(image, [SIZE, SIZE], method="bicubic", antialias=True)
    image = tf.saturate_cast(tf.round(image), tf.uint8)
    if form == "jpeg":
        return tf.io.encode_jpeg(image, quality=90, optimize_size=False, chroma_downsampling=True), label
    return image, label


def main(folder, out, form):
    os.makedirs(out)
    paths, labels = zip(*images(folder))
    data = tf.data.Dataset.from_tensor_slices((list(paths), list(labels)))
    data = data.map(lambda path, label: resize(path, label, form), num_parallel_calls=tf.data.AUTOTUNE).prefetch(
        tf.data.AUTOTUNE
    )
    shards = 4
    writers = [tf.io.TFRecordWriter(shard(out, number, shards)) for number in range(shards)]
    for number, (image, label) in enumerate(data.as_numpy_iterator()):
        feature = {
            "image": tf.train.Feature(
                bytes_list=tf.train.BytesList(value=[image if form == "jpeg" else image.tobytes()])
            ),
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        }
        writers[number % shards].write(
            tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
        )
    for writer in writers:
        writer.close()


if __name__ == "__main__":
    with timed():
        main(*sys.argv[1:])
