"""Makes what `benches/care.py` repairs: a shard of 1 GB, the same with 100 random damages, a file of random noise and one of
zeros.

    python3 benches/make_damaged.py DIR [--bytes N]

Records of 1 kB to 200 kB hold random bytes. CRC-32C comes from the package `google-crc32c` or `crc32c`, which TensorFlow's tests
install too. Half of the damages are a flipped bit anywhere, the rest overwrite, drop or insert up to 4 kB.
"""

import argparse
import pathlib
import random
import struct

try:
    from google_crc32c import value as crc32c
except ImportError:
    from crc32c import crc32c

BLOCK = 1 << 20


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def damage(data: bytearray, noise: random.Random) -> bytearray:
    """Goes from the end to the front, so that places stay where they are."""
    for place in sorted(noise.sample(range(len(data)), 100), reverse=True):
        size = noise.randint(1, 4096)
        match noise.choice(["flip", "flip", "flip", "overwrite", "drop", "insert"]):
            case "flip":
                data[place] ^= 1 << noise.randrange(8)
            case "overwrite":
                data[place : place + size] = noise.randbytes(len(data[place : place + size]))
            case "drop":
                del data[place : place + size]
            case "insert":
                data[place:place] = noise.randbytes(size)
    return data


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    args = parser.parse_args()
    args.dir.mkdir(parents=True, exist_ok=True)
    noise = random.Random(20261125)
    data = bytearray()
    while len(data) < args.bytes:
        data += frame(noise.randbytes(int(1000 * 200 ** noise.random())))
    (args.dir / "whole.tfrecord").write_bytes(data)
    (args.dir / "damaged.tfrecord").write_bytes(damage(data, noise))
    with open(args.dir / "noise.tfrecord", "wb") as file:
        for _ in range(args.bytes // BLOCK):
            file.write(noise.randbytes(BLOCK))
    with open(args.dir / "zeros.tfrecord", "wb") as file:
        for _ in range(args.bytes // BLOCK):
            file.write(bytes(BLOCK))
