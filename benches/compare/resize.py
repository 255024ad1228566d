"""resize: short side 256, the centre 224x224, as JPEG q90 and as raw bytes, of photographs of two sizes."""

import inputs
from job import FLOOR, OURS, PEER, Entry, Job
from quality import Quality, resized


def jobs(bench):
    sets = [
        ("500x375", inputs.photos(bench, bench.options.resized), bench.options.resized, False),
        ("12 MP", inputs.photos(bench, bench.options.large, "large"), bench.options.large, True),
    ]
    for name, photos, count, large in sets:
        quality, size = Quality(photos), inputs.size(photos)
        for form in ("jpeg", "raw"):
            entries = list(commands(bench, photos, count, form, large, quality))
            yield Job("resize", f"resize to {form.replace('jpeg', 'JPEG')}, {name}", count, size, entries)


def commands(bench, photos, count, form, large, quality):
    out, check = bench.out, resized(count, form)
    pixels = ["--format", "jpeg", "--quality", "90"] if form == "jpeg" else ["--format", "raw"]
    words = ["convert", photos, out, "--resize", "256", "--size", "224x224", *pixels]

    def peer(name, script, *words, geometry="resized", python=None, slow=False):
        return Entry(
            name, PEER, bench.peer(script, photos, out, *words, python=python), out, check, quality(geometry), slow
        )

    yield Entry("decode only, OpenCV", FLOOR, bench.peer("decode", photos, "opencv"))
    yield Entry("decode only, Pillow", FLOOR, bench.peer("decode", photos, "pillow"))
    for threads in reversed(bench.threads()):
        yield Entry(
            f"shardify convert --threads {threads}", OURS, bench.ours(*words, threads=threads), out, check, quality()
        )
    yield peer("TensorFlow ops, tf.data", "resize_tf", form, geometry="window", slow=True)
    yield peer("OpenCV", "resize_opencv", form, "full")
    if large:
        yield peer("OpenCV, reduced decode", "resize_opencv", form, "reduced")
    yield peer("Pillow, draft", "resize_pillow", form, "draft")
    if large:
        yield peer("Pillow, as Image.thumbnail", "resize_pillow", form, "thumbnail")
        yield peer("Pillow, full decode", "resize_pillow", form, "full")
    if form == "jpeg":
        yield peer("img2dataset", "resize_img2dataset", geometry="square", python=bench.img2dataset, slow=True)
