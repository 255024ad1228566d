"""A hand-written builder of TensorFlow Datasets over the rows of an array: npy_tfds.py ARRAY OUT [LABELS]"""

import sys

import numpy as np
import tensorflow_datasets as tfds
from peer import timed


class Rows(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")
    rows = labels = None

    def _info(self):
        encoding = "bytes" if self.rows.dtype == np.uint8 else "none"
        features = {"x": tfds.features.Tensor(shape=self.rows.shape[1:], dtype=self.rows.dtype, encoding=encoding)}
        if self.labels is not None:
            features["label"] = tfds.features.ClassLabel(num_classes=int(self.labels.max()) + 1)
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, _):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for at in range(len(self.rows)):
            example = {"x": self.rows[at]}
            if self.labels is not None:
                example["label"] = int(self.labels[at])
            yield at, example


if __name__ == "__main__":
    tfds.disable_progress_bar()
    with timed():
        Rows.rows = np.load(sys.argv[1], mmap_mode="r")
        Rows.labels = np.load(sys.argv[3]) if len(sys.argv) > 3 else None
        Rows(data_dir=sys.argv[2]).download_and_prepare()
