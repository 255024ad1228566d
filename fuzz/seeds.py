#!/usr/bin/env python3
"""Copies fixtures to CORPUS/TARGET/seeds, with the bytes before them that a target takes its choices from."""

import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SHARDS = ["broken/tfrecord/*.tfrecord*", "foreign/**/*.tfrecord*", "foreign/tensorflow/slim/*"]
IMAGES = ["images/**/*", "broken/images/*"]
TEXTS = ["**/*.csv", "**/*.txt", "**/*.json"]

# Target: the patterns of its fixtures, and what stands before their bytes.
SEEDS = {
    "records": (SHARDS, b"\0\1"),
    "inflate": (["**/*.gz", "**/*.zlib", "broken/tfrecord/*-unannounced*"], b"\0\1\0"),
    "example": (SHARDS, b""),
    "shard": (SHARDS, b"\0"),
    "npy": (["**/*.npy"], b""),
    "npz": (["**/*.npy", "**/*.npz"], b"\0"),
    "csv": (["**/*.csv", "**/*.tsv", "**/*.txt"], b"\0"),
    "image": (IMAGES, b"\0\7"),
    "manifest": (TEXTS, b""),
    "tfds": (TEXTS, b""),
    "index": (["**/*.idx", "**/*.tfindex"], b""),
}

# For what no fixture is: the texts are ours.
OWN = {
    "csv": [b"\0file,label,split\nimgs/a/1.png,a,train\n'imgs/b/3.png',b,test\n", b"\1file,label\na/1.png,0\n", b"\5file\tlabel\n1.png\t-1\n"],
    "index": [b"0 116\n116 200\n", b"\377 0 1\n"],
    "manifest": [
        b'{"format_version":1,"tool":"shardify 0.1.0","name":"d","compression":"none","seed":0,"inputs_sha256":"","options":{},'
        b'"class_names":["a"],"label_offset":0,"schema":[{"key":"image","kind":"bytes","role":"image","shape":[null,null,3],'
        b'"dtype":"uint8"},{"key":"label","kind":"int64","role":"class_label","classes":1}],"splits":[{"name":"train","records":1,'
        b'"bytes":9,"class_counts":[1],"shards":[{"name":"d-train.tfrecord-00000-of-00001","records":1,"bytes":9,"crc32":"0"}]}],'
        b'"files":[],"skipped":0}'
    ],
    "npy": [b"\0{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n", b"\1{'descr': '|u1', 'fortran_order': True, 'shape': (3,)}\n"],
    "names": [b"imgs-train.tfrecord-00003-of-00012.gz", b"train-00000-of-01024", b"00001.tfrecord", b"x_train_0_of_2.record"],
    "verbs": [bytes([verb, 1, 6, 1, 0, 60]) + b'{"format_version":1,"tool":"x","name":"d","compression":"none"' for verb in range(10)],
}


def main() -> None:
    corpus = Path(sys.argv[1])
    for target, (patterns, before) in SEEDS.items():
        to = corpus / target / "seeds"
        to.mkdir(parents=True, exist_ok=True)
        files = sorted({path for pattern in patterns for path in FIXTURES.glob(pattern) if path.is_file()})
        for number, path in enumerate(files):
            content = path.read_bytes()
            if len(content) <= 16_000:
                (to / f"{number:03}-{path.name}").write_bytes(before + content)
    for target, texts in OWN.items():
        to = corpus / target / "seeds"
        to.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(texts):
            (to / f"own-{number}").write_bytes(text)


if __name__ == "__main__":
    main()
