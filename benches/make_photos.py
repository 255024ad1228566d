"""Crops photographs the size of ImageNet's out of wallpapers, in class folders, for measuring.

    apt-get install mate-backgrounds
    python3 benches/make_photos.py OUT [COUNT]

Crops of few sources: fine for speed and memory, no data set. Needs Pillow. The same COUNT gives the same pictures.
"""

import glob
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor

from PIL import Image

SOURCES = "/usr/share/backgrounds/mate/nature/*.jpg", "/usr/share/backgrounds/mate/abstract/Elephants*.jpg"
PARTS = 40


def make(part: int, out: str, count: int) -> None:
    sources = sorted(path for pattern in SOURCES for path in glob.glob(pattern))
    if not sources:
        sys.exit("no wallpapers found: apt-get install mate-backgrounds")
    rnd = random.Random(part)
    image = Image.open(sources[part % len(sources)]).convert("RGB")
    for i in range(part, count, PARTS):
        folder = os.path.join(out, f"n{i % 100:03d}")
        os.makedirs(folder, exist_ok=True)
        width, height = 500 + rnd.randrange(-40, 41), 375 + rnd.randrange(-30, 31)
        x, y = rnd.randrange(image.width - width), rnd.randrange(image.height - height)
        crop = image.crop((x, y, x + width, y + height))
        crop.save(os.path.join(folder, f"img_{i:06d}.jpg"), quality=rnd.choice([92, 94, 95, 96]))


if __name__ == "__main__":
    out, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    with ProcessPoolExecutor() as pool:
        list(pool.map(make, range(PARTS), [out] * PARTS, [count] * PARTS))
