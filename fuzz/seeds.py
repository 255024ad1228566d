#!/usr/bin/env python3
"""Copies fixtures to CORPUS/TARGET/seeds, with the bytes before them that a target takes its choices from."""

import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SHARDS = ["broken/tfrecord/*.tfrecord*", "foreign/**/*.tfrecord*"]

# Target: the patterns of its fixtures, and what stands before their bytes.
SEEDS = {
    "records": (SHARDS, b"\0\1"),
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


if __name__ == "__main__":
    main()
