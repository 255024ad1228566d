"""Class folders of real images: what TFDS, tf.data and Pillow see in the shards."""

import collections
import io
import json
import shutil
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw, ImageOps
from readers import builder, example, parsed, payloads, rows

from conftest import CLASSES, IMAGES, REENCODED, class_of

SPEC = {
    "image": tf.io.FixedLenFeature([], tf.string),
    "image/channels": tf.io.FixedLenFeature([], tf.int64),
    "image/format": tf.io.FixedLenFeature([], tf.string),
    "image/height": tf.io.FixedLenFeature([], tf.int64),
    "image/width": tf.io.FixedLenFeature([], tf.int64),
    "label": tf.io.FixedLenFeature([], tf.int64),
    "filename": tf.io.FixedLenFeature([], tf.string),
}


CAP = "50KB"  # above the largest record, far below the sum


def by_name(records):
    found = {record["filename"].decode(): record for record in records}
    assert len(found) == len(records), "a file is in two records"
    return found


def upright_rgb(path):
    """The image as a person sees it, by Pillow."""
    return np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))


def distance(a, b):
    assert a.shape == b.shape
    return np.abs(a.astype(int) - b.astype(int)).mean()


@pytest.fixture
def out(convert):
    return convert(IMAGES)


def test_tfds_yields_every_file_once_with_its_label_and_class_names(out, images):
    found = by_name(rows(out))
    assert found.keys() == images.keys()
    names = builder(out).info.features["label"].names
    assert names == CLASSES
    assert builder(out).info.splits["train"].num_examples == len(images)
    for name, record in found.items():
        assert names[record["label"]] == class_of(name)
        assert record["image"].dtype == np.uint8
        assert record["image"].shape[2] == 3


def test_tfds_decodes_the_pixels_that_pillow_decodes(out, images):
    for name, record in by_name(rows(out)).items():
        image = Image.open(images[name])
        if image.mode in ("RGBA", "LA") or image.mode.startswith("I"):
            continue  # TensorFlow drops alpha and Pillow cannot reduce 16 bits the same way: tests of their own below
        # Two JPEG decoders differ by a rounding, and CMYK has no one conversion.
        limit = 6 if image.mode == "CMYK" else 3 if image.format == "JPEG" else 0
        assert distance(record["image"], upright_rgb(images[name])) <= limit, name


def test_tfds_supervised_pairs_are_image_and_label(out, images):
    pairs = list(builder(out).as_dataset("train", as_supervised=True))
    labels = collections.Counter(CLASSES[int(label)] for _, label in pairs)
    assert labels == collections.Counter(map(class_of, images))
    assert all(image.shape[2] == 3 for image, _ in pairs)


def test_plain_tf_data_reads_every_key(out, images):
    found = by_name(parsed(out, SPEC))
    assert found.keys() == images.keys()
    for name, record in found.items():
        assert CLASSES[record["label"]] == class_of(name)
        decoded = tf.io.decode_image(record["image"], channels=3, expand_animations=False)
        assert decoded.shape[:2] == (record["image/height"], record["image/width"]), name


def test_recorded_sizes_channels_and_formats_are_pillows(out, images):
    found = by_name(parsed(out, SPEC))
    for name, record in found.items():
        upright = ImageOps.exif_transpose(Image.open(images[name]))
        assert (record["image/width"], record["image/height"]) == upright.size, name
        kind = record["image/format"].decode()
        starts = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
        assert record["image"].startswith(starts[kind]), name
    channels = {name: int(record["image/channels"]) for name, record in found.items()}
    assert channels["flower/dahlia.jpg"] == 3
    assert channels["flower/grey.jpg"] == 1
    assert channels["sign/yield.png"] == 3
    assert channels["sign/end.png"] == 1
    assert channels["sign/stop.png"] == 4
    assert found["landscape/really_a_png.jpg"]["image/format"] == b"png"


def test_kept_images_are_byte_identical_to_their_files(out, images):
    found = by_name(parsed(out, SPEC))
    changed = {name for name, record in found.items() if record["image"] != images[name].read_bytes()}
    assert changed <= REENCODED


def test_sideways_photograph_is_stored_upright_and_without_its_tag(out, images):
    record = by_name(parsed(out, SPEC))["flower/phone.jpg"]
    pixels = tf.io.decode_image(record["image"], channels=3).numpy()
    assert pixels.shape == (160, 120, 3)
    assert distance(pixels, upright_rgb(images["flower/phone.jpg"])) < 3
    stored = Image.open(io.BytesIO(record["image"]))
    assert stored.getexif().get(0x0112, 1) == 1


def test_exif_keep_leaves_the_photograph_alone(convert, images):
    out = convert(IMAGES, "--exif", "keep")
    record = by_name(parsed(out, SPEC))["flower/phone.jpg"]
    assert record["image"] == images["flower/phone.jpg"].read_bytes()
    decoded = tf.io.decode_image(record["image"])
    assert decoded.shape[:2] == (record["image/height"], record["image/width"])


def test_cmyk_is_close_to_pillows_rgb(out, images):
    record = by_name(parsed(out, SPEC))["landscape/print.jpg"]
    pixels = tf.io.decode_image(record["image"], channels=3).numpy()
    assert distance(pixels, upright_rgb(images["landscape/print.jpg"])) < 6


def test_webp_has_the_pixels_of_libwebp(out, images):
    record = by_name(parsed(out, SPEC))["flower/web.webp"]
    pixels = tf.io.decode_image(record["image"], channels=3).numpy()
    assert np.array_equal(pixels, upright_rgb(images["flower/web.webp"]))


def test_sixteen_bit_png_keeps_all_its_bits(out, images):
    found = by_name(parsed(out, SPEC))
    moon = tf.io.decode_png(found["landscape/moon16.png"]["image"], dtype=tf.uint16).numpy()
    assert np.array_equal(moon[..., 0], np.asarray(Image.open(images["landscape/moon16.png"])).astype(np.uint16))
    colour = tf.io.decode_png(found["temple/colour16.png"]["image"], dtype=tf.uint16).numpy()
    assert colour.shape == (45, 60, 3)
    assert np.array_equal(colour >> 8, np.asarray(Image.open(images["temple/colour16.png"])))
    assert len(np.unique(colour & 255)) > 100


def test_alpha_is_kept_in_the_record(out, images):
    record = by_name(parsed(out, SPEC))["sign/stop.png"]
    pixels = tf.io.decode_png(record["image"], channels=4).numpy()
    assert np.array_equal(pixels, np.asarray(Image.open(images["sign/stop.png"])))


def test_manifest_holds_the_size_count_and_crc32_of_every_shard(convert, images):
    out = convert(IMAGES, "--max-shard", CAP, "--split", "train=0.7,test=0.3")
    listed = {}

    def collect(node):  # wherever the manifest keeps its shards
        if isinstance(node, dict):
            if {"name", "records", "bytes", "crc32"} <= node.keys():
                listed[node["name"]] = node
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                collect(item)

    collect(out.manifest)
    shards = [shard for split in out.splits for shard in out.shards(split)]
    assert sorted(listed) == sorted(shard.name for shard in shards)
    for shard in shards:
        data = shard.read_bytes()
        assert int(listed[shard.name]["bytes"]) == len(data) <= 50_000
        assert listed[shard.name]["crc32"] == f"{zlib.crc32(data):08x}"
        count = sum(1 for _ in tf.data.TFRecordDataset(str(shard)))
        assert int(listed[shard.name]["records"]) == count > 0
    assert sum(int(entry["records"]) for entry in listed.values()) == len(images)


def test_many_small_shards_hold_every_file_once(convert, images):
    out = convert(IMAGES, "--max-shard", CAP)
    assert len(out.shards()) > 2
    assert by_name(rows(out)).keys() == images.keys()
    lengths = [int(length) for length in out.info["splits"][0]["shardLengths"]]
    assert lengths == [sum(1 for _ in tf.data.TFRecordDataset(str(shard))) for shard in out.shards()]
    assert int(out.info["splits"][0]["numBytes"]) == sum(map(len, payloads(out)))


def test_shards_option_sets_their_number(convert, images):
    out = convert(IMAGES, "--shards", "4")
    assert len(out.shards()) == 4
    assert by_name(rows(out)).keys() == images.keys()


def test_order_is_shuffled_by_seed_and_sorted_on_request(convert):
    def order(*options):
        return [example(payload)["filename"][0].decode() for payload in payloads(convert(IMAGES, *options))]

    plain = order("--no-shuffle")
    assert [class_of(name) for name in plain] == sorted(class_of(name) for name in plain)
    first, again, other = order("--seed", "1"), order("--seed", "1"), order("--seed", "2")
    assert first == again
    assert len({tuple(plain), tuple(first), tuple(other)}) == 3
    assert sorted(plain) == sorted(first) == sorted(other)


def test_threads_do_not_change_a_byte(convert):
    options = (IMAGES, "--max-shard", CAP, "--name", "same")
    one, two = (convert(*options, "--threads", n).files() for n in ("1", "2"))
    assert {name: zlib.crc32(data) for name, data in one.items()} == {name: zlib.crc32(data) for name, data in two.items()}


def test_splits_by_ratio_are_disjoint_and_complete(convert, images):
    out = convert(IMAGES, "--split", "train=0.6,validation=0.2,test=0.2")
    assert out.splits == ["train", "validation", "test"]
    found = {split: by_name(rows(out, split)) for split in out.splits}
    assert sum(map(len, found.values())) == len(images)
    assert set().union(*found.values()) == set(images)
    assert 15 <= len(found["train"]) <= 21


def test_stratified_splits_hold_every_class(convert, images):
    out = convert(IMAGES, "--split", "train=0.5,test=0.5", "--stratify")
    total = collections.Counter(map(class_of, images))
    for split in out.splits:
        part = collections.Counter(CLASSES[record["label"]] for record in rows(out, split))
        for name in CLASSES:
            assert abs(part[name] - total[name] / 2) <= 1


def test_split_folders_become_splits(convert, images, tmp_path):
    folder = tmp_path / "data"
    for number, (name, path) in enumerate(images.items()):
        target = folder / ("train", "train", "val", "test")[number % 4] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    out = convert(folder)
    assert len(out.splits) == 3
    assert {"train", "test"} < set(out.splits)
    found = {}
    for split in out.splits:
        for record in rows(out, split):
            parts = record["filename"].decode().split("/")
            assert parts[0] == split or {parts[0], split} == {"val", "validation"}
            assert CLASSES[record["label"]] == parts[1]
            found["/".join(parts[1:])] = split
    assert found.keys() == images.keys()


def test_flat_folder_has_no_label(convert, tmp_path):
    folder = tmp_path / "flat"
    folder.mkdir()
    for path in (IMAGES / "temple").iterdir():
        shutil.copy(path, folder)
    out = convert(folder)
    assert "label" not in out.features
    assert {record["filename"].decode() for record in rows(out)} == {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("header", ["file,label\n", "label,file\n", ""])
def test_labels_file_gives_the_labels(convert, tmp_path, images, header):
    want = {name: "big" if path.stat().st_size > 5000 else "small" for name, path in images.items()}
    flip = header.startswith("label")
    lines = [f"{label},{name}\n" if flip else f"{name},{label}\n" for name, label in want.items()]
    listing = tmp_path / "labels.csv"
    listing.write_text(header + "".join(lines), "utf-8")
    out = convert(IMAGES, "--labels", str(listing))
    names = builder(out).info.features["label"].names
    assert names == ["big", "small"]
    assert {record["filename"].decode(): names[record["label"]] for record in rows(out)} == want


def test_list_as_input_gives_files_labels_and_splits(convert, tmp_path, images):
    listing = tmp_path / "list.csv"
    shutil.copytree(IMAGES, tmp_path / "pictures")
    want = {name: (class_of(name), "test" if number % 5 == 0 else "train") for number, name in enumerate(images)}
    listing.write_text(
        "file,label,split\n" + "".join(f"pictures/{name},{label},{split}\n" for name, (label, split) in want.items()), "utf-8"
    )
    out = convert(listing)
    found = {}
    for split in out.splits:
        for record in rows(out, split):
            found[record["filename"].decode().removeprefix("pictures/")] = (CLASSES[record["label"]], split)
    assert found == want


def test_slim_keys_suit_a_slim_parser_and_tfds(convert, images):
    out = convert(IMAGES, "--keys", "slim")
    spec = {  # as in TF-Slim's build_image_data and its readers
        "image/encoded": tf.io.FixedLenFeature((), tf.string, default_value=""),
        "image/format": tf.io.FixedLenFeature((), tf.string, default_value="jpeg"),
        "image/colorspace": tf.io.FixedLenFeature((), tf.string),
        "image/channels": tf.io.FixedLenFeature((), tf.int64),
        "image/height": tf.io.FixedLenFeature((), tf.int64),
        "image/width": tf.io.FixedLenFeature((), tf.int64),
        "image/class/label": tf.io.FixedLenFeature([], tf.int64, default_value=-1),
        "image/class/text": tf.io.FixedLenFeature([], tf.string, default_value=""),
        "image/filename": tf.io.FixedLenFeature([], tf.string, default_value=""),
    }
    records = parsed(out, spec)
    assert sorted(record["image/filename"].decode().split("/")[-1] for record in records) == sorted(
        name.split("/")[-1] for name in images
    )
    for record in records:
        assert record["image/format"] in (b"JPEG", b"PNG")
        name = CLASSES[record["image/class/label"] - 1]  # 0 is kept for the background
        assert record["image/class/text"].decode() == name
        decoded = tf.io.decode_image(record["image/encoded"], channels=3)
        assert decoded.shape[:2] == (record["image/height"], record["image/width"])

    names = builder(out).info.features["image/class/label"].names
    found = collections.Counter(names[record["image/class/label"]] for record in rows(out))
    assert found == collections.Counter(map(class_of, images))
    assert len(list(builder(out).as_dataset("train", as_supervised=True))) == len(images)


@pytest.fixture
def damaged(tmp_path, images):
    folder = tmp_path / "damaged"
    for name in ("temple/gate.jpg", "temple/roof.jpg", "flower/dahlia.jpg", "sign/stop.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(images[name], folder / name)
    whole = images["flower/dahlia.jpg"].read_bytes()
    (folder / "flower" / "cut.jpg").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "flower" / "empty.jpg").write_bytes(b"")
    return folder


def test_damaged_input_stops_the_run_by_name(convert, damaged):
    out = convert(damaged, code=2)
    assert "cut.jpg" in out.stderr or "empty.jpg" in out.stderr
    assert not (out.path / "shardify.json").exists()
    assert not list(out.path.glob("*.tfrecord-*")) if out.path.exists() else True


def test_damaged_input_is_skipped_on_request_and_listed(convert, damaged):
    out = convert(damaged, "--on-error", "skip", code=1)
    assert by_name(rows(out)).keys() == {"temple/gate.jpg", "temple/roof.jpg", "flower/dahlia.jpg", "sign/stop.png"}
    failures = [json.loads(line) for line in (out.path / "failures.jsonl").read_text("utf-8").splitlines()]
    text = json.dumps(failures)
    assert len(failures) == 2
    assert "flower/cut.jpg" in text
    assert "flower/empty.jpg" in text


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_resized_images_look_like_pillows(convert, images, kind):
    out = convert(IMAGES, "--resize", "48", "--format", kind, "--color", "rgb")
    for name, record in by_name(parsed(out, SPEC)).items():
        assert record["image/format"].decode() == kind
        pixels = tf.io.decode_image(record["image"], channels=3).numpy()
        image = Image.open(images[name])
        height, width = pixels.shape[:2]
        assert (height, width) == (record["image/height"], record["image/width"])
        assert min(height, width) == 48, name
        if image.mode in ("RGBA", "LA", "1", "P") or image.mode.startswith("I"):
            continue  # how alpha, palettes and 16 bits are reduced is a choice; sizes were compared
        upright = ImageOps.exif_transpose(image).convert("RGB")
        assert abs(width / height - upright.width / upright.height) < 0.05
        expected = np.asarray(upright.resize((width, height), Image.Resampling.BICUBIC))
        assert distance(pixels, expected) < 9, name


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_fixed_size_makes_one_shape_that_batches(convert, images, fit):
    out = convert(IMAGES, "--size", "64x48", "--fit", fit, "--format", "jpeg")
    dataset = builder(out).as_dataset("train", batch_size=len(images))
    batch = next(iter(dataset))
    assert batch["image"].shape == (len(images), 48, 64, 3)


def test_grey_on_request(convert, images):
    out = convert(IMAGES, "--color", "gray", "--format", "png")
    for name, record in by_name(parsed(out, SPEC)).items():
        assert record["image/channels"] == 1
        pixels = tf.io.decode_png(record["image"]).numpy()
        assert pixels.shape[2] == 1, name
        image = Image.open(images[name])
        if image.mode in ("RGB", "L") and name != "flower/phone.jpg":
            assert distance(pixels[..., 0], np.asarray(image.convert("L"))) < 3, name


def test_raw_pixels_of_one_size_need_no_decoder(convert, images):
    out = convert(IMAGES, "--size", "40x30", "--fit", "stretch", "--format", "raw", "--color", "rgb")
    for record in rows(out):
        assert record["image"].shape == (30, 40, 3)
        assert record["image"].dtype == np.uint8
    temple = by_name(rows(out))["temple/gate.jpg"]["image"]
    expected = np.asarray(Image.open(images["temple/gate.jpg"]).resize((40, 30), Image.Resampling.BICUBIC))
    assert distance(temple, expected) < 12


def test_raw_pixels_of_many_sizes_load_in_tfds(convert, images):
    out = convert(IMAGES, "--format", "raw", "--color", "rgb")
    for name, record in by_name(rows(out)).items():
        upright = ImageOps.exif_transpose(Image.open(images[name]))
        assert record["image"].shape == (upright.height, upright.width, 3), name


def chroma_factors(data):
    """The sampling factors of luma, from the frame header."""
    at = data.index(b"\xff\xc0")
    return data[at + 11] >> 4, data[at + 11] & 15


def peak_ratio(a, b):
    """PSNR in decibels."""
    return 10 * np.log10(255**2 / squared_error(a, b))


def squared_error(a, b):
    return np.mean((a.astype(float) - b.astype(float)) ** 2)


def photograph(seed, size):
    """Something with what photographs have: light that changes slowly, edges, and texture of every size."""
    random = np.random.default_rng(seed)
    width, height = size
    total = np.zeros((height, width, 3))
    for octave in range(2, 9):
        grid = random.normal(size=(2 + (height << octave) // 2000, 2 + (width << octave) // 2000, 3))
        # Photographs have far less colour than brightness.
        grid = 0.8 * grid.mean(axis=2, keepdims=True) + 0.2 * grid
        for channel in range(3):
            layer = Image.fromarray(grid[..., channel].astype(np.float32))
            total[..., channel] += np.asarray(layer.resize(size, Image.Resampling.BICUBIC)) * 60 * 0.6**octave
    picture = Image.fromarray(np.clip(128 + 2 * total, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = random.integers(0, width), random.integers(0, height)
        wide, high = random.integers(4, 4 + width // 6), random.integers(4, 4 + height // 6)
        grey = int(random.integers(40, 215))
        draw.polygon([(x, y), (x + wide, y + high // 3), (x + wide // 2, y + high)], fill=(grey, grey - 15, grey - 30))
    grain = random.normal(scale=2.5, size=(height, width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


PHOTOGRAPH_SIZES = [(2000, 1500), (500, 375), (375, 500), (1001, 667), (333, 251), (160, 140)]
PHOTOGRAPH_KINDS = {
    "420": {"subsampling": 2},
    "422": {"subsampling": 1},
    "444": {"subsampling": 0},
    "progressive": {"subsampling": 2, "progressive": True},
    "gray": {},
}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder, and the pictures in it by their names."""
    folder, paths = tmp_path_factory.mktemp("photographs"), {}
    for number, size in enumerate(PHOTOGRAPH_SIZES):
        picture = photograph(number, size)
        for kind, options in PHOTOGRAPH_KINDS.items():
            path = folder / "class" / f"{kind}-{size[0]}x{size[1]}.jpg"
            path.parent.mkdir(exist_ok=True)
            picture.convert("L" if kind == "gray" else "RGB").save(path, quality=92, **options)
            paths[path.relative_to(folder).as_posix()] = path
    return folder, paths


def short_side_then_centre(image, short, side):
    """Everything decoded, resized with antialiasing: the part that torchvision's `Resize` and `CenterCrop` keep."""
    scaled = [length * short // min(image.size) for length in image.size]
    scale = [length / resized for length, resized in zip(image.size, scaled)]
    start = [round((resized - side) / 2) * by for resized, by in zip(scaled, scale)]
    end = [first + side * by for first, by in zip(start, scale)]
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC, box=(*start, *end)))


def test_resized_photographs_are_those_of_pillow(convert, photographs):
    folder, paths = photographs
    options = ("--resize", "128", "--size", "112x112", "--color", "rgb", "--format", "raw")
    raw = by_name(parsed(convert(folder, *options), SPEC))
    assert raw.keys() == paths.keys()
    for name, record in raw.items():
        wanted = short_side_then_centre(Image.open(paths[name]).convert("RGB"), 128, 112)
        got = np.frombuffer(record["image"], np.uint8).reshape(112, 112, 3)
        assert peak_ratio(wanted, got) >= 48, name


@pytest.mark.parametrize("quality", [75, 90, 95, 100])
def test_resized_photographs_lose_no_more_as_jpeg_than_by_pillow(convert, photographs, quality):
    folder, paths = photographs
    options = ("--resize", "128", "--size", "112x112", "--format", "jpeg", "--quality", str(quality))
    ours = by_name(parsed(convert(folder, *options), SPEC))
    assert ours.keys() == paths.keys()
    for name, record in ours.items():
        wanted = short_side_then_centre(Image.open(paths[name]), 128, 112)
        theirs = io.BytesIO()
        Image.fromarray(wanted).save(theirs, "JPEG", quality=quality, subsampling=2)
        got, best = (np.asarray(Image.open(io.BytesIO(data))) for data in (record["image"], theirs.getvalue()))
        loss = peak_ratio(wanted, best) - peak_ratio(wanted, got)
        # Where JPEG loses next to nothing, it counts that two resizers round differently: by half a level, 54 dB.
        rounding = squared_error(wanted, got) - squared_error(wanted, best)
        assert loss <= 0.3 or rounding <= 0.25, name


@pytest.mark.parametrize("quality", [50, 75, 90, 95])
@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_encoded_jpeg_is_as_good_and_as_small_as_pillows(convert, images, photographs, tmp_path, quality, color):
    # Pixels that need nothing but to be encoded: a JPEG that is resized never becomes RGB. In smooth pictures, of which
    # little is lost, chance decides about a few tenths of a decibel, so single ones are only compared roughly.
    sources, folder = {}, tmp_path / "sources"
    for number, path in enumerate([*images.values(), *photographs[1].values()]):
        with Image.open(path) as image:
            if image.mode in ("L", "RGB"):
                name = f"class/{number}.png"
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                image = image.convert("L" if color == "gray" else "RGB")
                image.thumbnail((300, 300))
                image.save(folder / name)
                sources[name] = np.asarray(image)
    ours = by_name(parsed(convert(folder, "--format", "jpeg", "--quality", str(quality)), SPEC))
    assert ours.keys() == sources.keys()
    lengths, losses = [0, 0], []
    for name, record in ours.items():
        pixels = sources[name]
        theirs = io.BytesIO()
        Image.fromarray(pixels).save(theirs, "JPEG", quality=quality, subsampling=2)
        assert Image.open(theirs).quantization == Image.open(io.BytesIO(record["image"])).quantization
        if color == "rgb":
            assert chroma_factors(record["image"]) == chroma_factors(theirs.getvalue()) == (2, 2)
        for decode in (
            lambda data: np.asarray(Image.open(io.BytesIO(data))),
            lambda data: np.squeeze(tf.io.decode_jpeg(data).numpy()),
        ):
            assert decode(record["image"]).shape == pixels.shape
            loss = peak_ratio(pixels, decode(theirs.getvalue())) - peak_ratio(pixels, decode(record["image"]))
            assert loss < 0.4, name
            losses.append(loss)
        lengths[0] += len(record["image"])
        lengths[1] += len(theirs.getvalue())
    assert np.mean(losses) < 0.05
    assert abs(lengths[0] / lengths[1] - 1) < 0.02
