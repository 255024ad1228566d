"""Crops photographs out of wallpapers, in class folders, for measuring: of the size of ImageNet's, or of 12 megapixels.

    apt-get install mate-backgrounds [lomiri-wallpapers-16.04 lomiri-wallpapers-20.04]
    python3 benches/make_photos.py OUT [COUNT] [--detailed | --large | --tiny] [--sources DIR]

Crops of few sources: fine for speed and memory, no data set. Needs Pillow. The same COUNT gives the same pictures.
DIR is where the packages are unpacked (`dpkg -x PACKAGE.deb DIR`), instead of /.

Wallpapers are smooth: crops of 500x375 take about 50 kB. --detailed takes those that are not, the lomiri packages'
too, and most of them at a half or a third of their size, as the photographs of ImageNet are reduced: about 95 kB.
--large takes the lomiri packages too. Every second picture is a crop of 4000x3000 out of one photograph that is
larger; few such exist in packages, so the others join four crops of 2000x1500. Nothing is scaled: each pixel is one
of the source. --tiny gives 64x48 pixels, cut out likewise.
"""

import argparse
import glob
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor

from PIL import Image

MATE = ["usr/share/backgrounds/mate/nature/*.jpg", "usr/share/backgrounds/mate/abstract/Elephants*.jpg"]
LARGE = [
    "usr/share/backgrounds/mate/abstract/Elephants_5640x3172.jpg",
    "usr/share/backgrounds/Dragonfly_by_Bolly.jpg",
    "usr/share/backgrounds/Kleiber_by_Lukas_Baubkus.jpg",
]
PARTS_OF_LARGE = [
    *LARGE,
    "usr/share/backgrounds/life_by_Aitzol_Berasategi.jpg",
    "usr/share/backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg",
    "usr/share/backgrounds/sunset_by_Aitzol_Berasategi.jpg",
    "usr/share/backgrounds/aitzgorri_by_Aitzol_Berasategi.jpg",
    "usr/share/backgrounds/friends_by_Aitzol_Berasategi.jpg",
    "usr/share/backgrounds/seeding_by_Clements_Engelhardt.jpg",
    "usr/share/backgrounds/umang_by_Abhishek_Mudgal.jpg",
    "usr/share/backgrounds/mate/nature/Wood.jpg",
    "usr/share/backgrounds/mate/nature/Garden.jpg",
    "usr/share/backgrounds/mate/nature/TwoWings.jpg",
]
# (source, the factor by which it is reduced)
DETAILED = [
    ("usr/share/backgrounds/mate/abstract/Elephants_5640x3172.jpg", 1),
    ("usr/share/backgrounds/mate/abstract/Elephants_5640x3172.jpg", 2),
    ("usr/share/backgrounds/mate/abstract/Elephants_5640x3172.jpg", 3),
    ("usr/share/backgrounds/life_by_Aitzol_Berasategi.jpg", 1),
    ("usr/share/backgrounds/life_by_Aitzol_Berasategi.jpg", 2),
    ("usr/share/backgrounds/life_by_Aitzol_Berasategi.jpg", 3),
    ("usr/share/backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg", 1),
    ("usr/share/backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg", 2),
    ("usr/share/backgrounds/aitzgorri_by_Aitzol_Berasategi.jpg", 3),
    ("usr/share/backgrounds/Dragonfly_by_Bolly.jpg", 3),
]
PARTS = 40


def find(root: str, patterns: list[str]) -> list[str]:
    found = sorted(path for pattern in patterns for path in glob.glob(os.path.join(root, pattern)))
    if len(found) < len(patterns):
        sys.exit(f"{root}: {patterns} are not all there: see the head of this script for the packages")
    return found


def cut(image: Image.Image, width: int, height: int, rnd: random.Random) -> Image.Image:
    x, y = rnd.randrange(image.width - width + 1), rnd.randrange(image.height - height + 1)
    return image.crop((x, y, x + width, y + height))


def path_of(out: str, i: int) -> str:
    folder = os.path.join(out, f"n{i % 100:03d}")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, f"img_{i:06d}.jpg")


def make(part: int, out: str, count: int, root: str, kind: str) -> None:
    rnd = random.Random(part)
    if kind == "detailed":
        source, factor = DETAILED[part % len(DETAILED)]
        image = Image.open(find(root, [source])[0]).convert("RGB").reduce(factor)
    else:
        sources = find(root, MATE)
        image = Image.open(sources[part % len(sources)]).convert("RGB")
    for i in range(part, count, PARTS):
        if kind == "tiny":
            width, height = 64, 48
        else:
            width, height = 500 + rnd.randrange(-40, 41), 375 + rnd.randrange(-30, 31)
        x, y = rnd.randrange(image.width - width), rnd.randrange(image.height - height)
        crop = image.crop((x, y, x + width, y + height))
        crop.save(path_of(out, i), quality=rnd.choice([92, 94, 95, 96]))


def make_large(i: int, out: str, root: str) -> None:
    rnd = random.Random(i)
    if i % 2 == 0:
        sources = find(root, LARGE)
        picture = cut(Image.open(sources[i // 2 % len(sources)]).convert("RGB"), 4000, 3000, rnd)
    else:
        picture = Image.new("RGB", (4000, 3000))
        for corner, source in zip(
            [(0, 0), (2000, 0), (0, 1500), (2000, 1500)], rnd.sample(find(root, PARTS_OF_LARGE), 4)
        ):
            picture.paste(cut(Image.open(source).convert("RGB"), 2000, 1500, rnd), corner)
    picture.save(path_of(out, i), quality=rnd.choice([90, 91, 92]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("count", type=int, nargs="?")
    for kind in ("detailed", "large", "tiny"):
        parser.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind)
    parser.add_argument("--sources", default="/")
    args = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        if args.kind == "large":
            count = args.count or 60
            list(pool.map(make_large, range(count), [args.out] * count, [args.sources] * count))
        else:
            same = [[value] * PARTS for value in (args.out, args.count or 20_000, args.sources, args.kind)]
            list(pool.map(make, range(PARTS), *same))
