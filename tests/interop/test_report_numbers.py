"""The numbers of `shardify report` beside those of NumPy and Pillow on the same data."""

import collections

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from conftest import IMAGES, shardify, shardify_json

ENDS = (0, 1)  # exit codes: nothing is wrong, or something is


def report(out, folder, *options):
    return shardify_json("report", out, "-o", folder / "report.html", *options, code=ENDS)


def same(numbers, values, rel=1e-9):
    """All that is told of many numbers."""
    values = np.asarray(values, np.float64)
    assert numbers["count"] == len(values)
    assert (numbers["min"], numbers["max"]) == (values.min(), values.max())
    assert numbers["mean"] == pytest.approx(values.mean(), rel=rel)
    assert numbers["deviation"] == pytest.approx(values.std(), rel=rel, abs=1e-12)
    bins = numbers["histogram"]
    edges = bins["start"] + bins["width"] * np.arange(len(bins["counts"]) + 1)
    # NumPy counts what is at the last edge into the last interval; none of these numbers is there.
    assert edges[0] <= values.min() and values.max() < edges[-1]
    assert bins["counts"] == np.histogram(values, edges)[0].tolist()


def picture(rng, size, mode):
    width, height = size
    small = rng.integers(0, 256, (5, 7, 4), np.uint8)
    return Image.fromarray(small, "RGBA").resize((width, height), Image.BICUBIC).convert(mode)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """PNG files in two splits and three classes, of every mode: they decode to the same pixels everywhere."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(7)
    for number in range(60):
        split, name = ("train", "train", "test")[number % 3], ("ant", "bee", "cat")[number % 7 % 3]
        folder = root / split / name
        folder.mkdir(parents=True, exist_ok=True)
        mode = ("RGB", "L", "RGBA", "LA")[number % 4]
        picture(rng, (20 + 3 * number, 150 - 2 * number), mode).save(folder / f"{number:02}.png")
    return root


def test_sizes_classes_and_channels(pictures, tmp_path):
    shardify("convert", pictures, tmp_path / "out", "--max-shard", "400kB")
    found = report(tmp_path / "out", tmp_path)
    files = sorted(pictures.glob("*/*/*.png"))
    opened = [Image.open(file) for file in files]

    images = found["images"]
    assert (images["total"], images["decoded"]) == (60, 60)
    assert images["formats"] == [["png", 60]]
    same(images["width"], [image.width for image in opened])
    same(images["height"], [image.height for image in opened])
    same(images["aspect"], [image.width / image.height for image in opened])
    same(images["bytes"], [file.stat().st_size for file in files])

    # Grey counts in all three channels, alpha in none.
    pixels = [np.asarray(image) for image in opened]
    pixels = [array[..., None] if array.ndim == 2 else array for array in pixels]
    colour = [array[..., :1].repeat(3, -1) if array.shape[-1] < 3 else array[..., :3] for array in pixels]
    flat = np.concatenate([array.reshape(-1, 3) for array in colour]) / 255
    assert images["mean"] == pytest.approx(flat.mean(0).tolist(), rel=1e-9)
    assert images["deviation"] == pytest.approx(flat.std(0).tolist(), rel=1e-9)

    splits = [split["name"] for split in found["splits"]]
    counts = collections.Counter((file.parent.parent.name, file.parent.name) for file in files)
    for row in found["classes"]["rows"]["items"]:
        assert row["per_split"] == [counts[split, row["name"]] for split in splits]
    assert sum(shard["bytes"] for split in found["splits"] for shard in split["fill"]["items"]) == found["bytes"]


def test_jpeg_pictures(tmp_path):
    """Decoders of JPEG differ by one here and there."""
    shardify("convert", IMAGES, tmp_path / "out", "--format", "jpeg", "--color", "rgb")
    back = tmp_path / "back"
    shardify("export", tmp_path / "out", back)
    files = sorted(back.glob("**/*.jpg")) + sorted(back.glob("**/*.jpeg"))
    assert len(files) == 30
    flat = np.concatenate([np.asarray(Image.open(file).convert("RGB")).reshape(-1, 3) for file in files]) / 255
    images = report(tmp_path / "out", tmp_path)["images"]
    assert images["mean"] == pytest.approx(flat.mean(0).tolist(), abs=2e-3)
    assert images["deviation"] == pytest.approx(flat.std(0).tolist(), abs=2e-3)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "float16", "float32", "float64"])
def test_arrays(dtype, tmp_path):
    rng = np.random.default_rng(3)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        x = (rng.standard_normal((500, 6, 7)) * 40).astype(kind)
        x[3, 0, :3] = [np.nan, np.inf, -np.inf]
        x[9, 2, 2] = np.nan
    else:
        info = np.iinfo(kind)
        x = rng.integers(max(info.min, -(2**40)), min(info.max, 2**40), (500, 6, 7)).astype(kind)
    x[17], x[20], x[21, 0] = 5, 0, 0
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", np.arange(500) % 3)
    shardify("convert", tmp_path / "x.npy", tmp_path / "out", "--labels", tmp_path / "y.npy", "--max-shard", "20kB")
    found = report(tmp_path / "out", tmp_path)
    (array,) = found["arrays"]
    assert (array["key"], array["dtype"], array["shape"], array["records"]) == ("x", dtype, [6, 7], 500)
    wide = x.astype(np.float64)
    assert array["nan"] == np.isnan(wide).sum()
    assert array["positive_infinity"] == np.isposinf(wide).sum()
    assert array["negative_infinity"] == np.isneginf(wide).sum()
    assert array["zeros"] == (wide == 0).sum()
    assert array["records_not_finite"] == (~np.isfinite(wide)).any((1, 2)).sum()
    assert array["constant_records"] == 2
    same(array["values"], wide[np.isfinite(wide)], rel=1e-7)
    assert [row["records"] for row in found["classes"]["rows"]["items"]] == np.bincount(np.arange(500) % 3).tolist()


def test_equal_rows(tmp_path):
    x = np.random.default_rng(5).integers(0, 256, (300, 40), np.uint8)
    x[250], x[251], x[299] = x[0], x[0], x[1]
    np.save(tmp_path / "x.npy", x)
    shardify("convert", tmp_path / "x.npy", tmp_path / "out", "--no-shuffle")
    exact = report(tmp_path / "out", tmp_path)["exact"]
    groups = [[place["record"] for place in group["members"]["items"]] for group in exact["groups"]["items"]]
    assert groups == [[0, 250, 251], [1, 299]]
    assert exact["surplus"] == 3


def test_similar_pictures(tmp_path):
    """Copies of other size, quality, brightness and format are found; other pictures are not."""
    rng = np.random.default_rng(11)
    folder = tmp_path / "imgs"
    folder.mkdir()
    for number in range(40):
        grid = rng.integers(0, 256, (7, 9, 3), np.uint8)
        base = Image.fromarray(grid).resize((320, 240), Image.BICUBIC).filter(ImageFilter.GaussianBlur(2))
        base.save(folder / f"{number:02}-base.png")
        if number % 2 == 0:
            base.save(folder / f"{number:02}-poor.jpg", quality=35)
            base.resize((200, 150)).save(folder / f"{number:02}-small.png")
            ImageEnhance.Brightness(base).enhance(0.85).save(folder / f"{number:02}-dark.jpg", quality=90)
    shardify("convert", folder, tmp_path / "out")
    near = report(tmp_path / "out", tmp_path)["near"]
    groups = [{place["filename"] for place in group["members"]["items"]} for group in near["groups"]["items"]]
    wanted = [
        {f"{number:02}-{kind}" for kind in ("base.png", "poor.jpg", "small.png", "dark.jpg")} for number in range(0, 40, 2)
    ]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, wanted))
