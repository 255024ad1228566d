"""The floor of resizing: decoding alone, everything, a process for each core: decode.py IMAGES pillow|opencv"""

import sys
from multiprocessing import Pool

from peer import CORES, images, timed

if sys.argv[2] == "pillow":
    from PIL import Image

    def decode(path):
        with Image.open(path) as image:
            image.load()
else:
    import cv2

    cv2.setNumThreads(1)

    def decode(path):
        if cv2.imread(path, cv2.IMREAD_COLOR) is None:
            raise ValueError(path)


if __name__ == "__main__":
    with timed():
        paths = [path for path, _ in images(sys.argv[1])]
        with Pool(CORES) as pool:
            for _ in pool.imap_unordered(decode, paths, max(1, len(paths) // (8 * CORES))):
                pass
            pool.close()
            pool.join()
