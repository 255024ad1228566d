"""Every format and oddity of fixtures/formats: what TensorFlow sees in the shard is what other decoders see in the file.

Wrong pixels without an error are the worst thing a converter can do, so these pictures include all that decoders get wrong.
"""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps
from readers import example, payloads

from conftest import ROOT

FORMATS = ROOT / "fixtures" / "formats"
ORIENTATION = 0x0112
BROKEN = ROOT / "fixtures" / "broken" / "images"

pytestmark = pytest.mark.skipif(not FORMATS.is_dir(), reason="fixtures/formats is not there")


@pytest.fixture
def pictures(tmp_path):
    """A folder of all the good files, and what is expected of each."""
    expected = json.loads((FORMATS / "expected.json").read_text("utf-8"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in expected:
        shutil.copy(FORMATS / name, folder)
    return folder, expected


def decoded(payload, channels):
    """As a training loop decodes it; what is not three-dimensional would not batch."""
    features = example(payload)
    pixels = tf.io.decode_image(features["image"][0], channels=channels).numpy()
    assert pixels.ndim == 3
    assert pixels.shape[:2] == (features["image/height"][0], features["image/width"][0])
    return features["filename"][0].decode(), pixels


def rgb_and_opaque(name, stored):
    """The expected pixels, and where they can be seen at all: under full transparency a decoder may put any colour.

    `stored` has the pixels in the order of the file; Pillow turns them upright by the file's tag.
    """
    image = Image.open(FORMATS / stored)
    image.getexif()[ORIENTATION] = Image.open(FORMATS / name).getexif().get(ORIENTATION, 1)
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits: TensorFlow takes the upper byte
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    rgba = np.asarray(image.convert("RGBA"))
    return rgba[..., :3].astype(int), rgba[..., 3] > 0


# Refused with the reason where their pixels are needed: decoders do not agree on them. Kept, they are libjpeg's business.
REFUSED = {"jpeg-4x1-chroma-2x1.jpg", "jpeg-progressive-4x1-chroma-2x1.jpg"}


@pytest.mark.parametrize("options", ["", "--verify decode", "--format png", "--format png --color rgb"])
def test_tensorflow_sees_the_pixels_that_other_decoders_see(convert, pictures, options):
    folder, expected = pictures
    if "--format" in options:
        for name in REFUSED:
            (folder / name).unlink()
            del expected[name]
    out = convert(folder, *options.split())
    wrong, seen = {}, set()
    for payload in payloads(out):
        name, pixels = decoded(payload, 3)
        seen.add(name)
        want, opaque = rgb_and_opaque(name, expected[name]["pixels"])
        if pixels.shape != want.shape:
            wrong[name] = f"{pixels.shape} is not {want.shape}"
            continue
        difference = np.abs(pixels.astype(int) - want)[opaque]
        # Decoders differ in rounding and in how they enlarge chroma, at edges; what was CMYK or lay sideways has been
        # encoded once more. Garbage is off by dozens.
        lossy = name.startswith("jpeg")
        if difference.size and (difference.mean() > 6 if lossy else difference.max() > 1):
            wrong[name] = f"off by {difference.mean():.1f} on average, {difference.max()} at most"
    assert seen == expected.keys()
    assert not wrong, "\n".join(f"{name}: {reason}" for name, reason in sorted(wrong.items()))


@pytest.mark.parametrize("verify", [True, False])
def test_whatever_is_let_through_tensorflow_can_decode(convert, pictures, verify):
    folder, expected = pictures
    broken = {path.name for path in BROKEN.iterdir() if path.suffix != ".json"}
    for name in broken:
        shutil.copy(BROKEN / name, folder / f"broken-{name}")
    out = convert(folder, "--on-error", "skip", *(["--verify", "decode"] if verify else []), code=1)
    undecodable, seen = set(), set()
    for payload in payloads(out):
        name = example(payload)["filename"][0].decode()
        seen.add(name)
        try:
            decoded(payload, 3)
        except tf.errors.InvalidArgumentError:
            undecodable.add(name)
    assert expected.keys() <= seen
    # What only a full decode can find, a structural check cannot.
    unseen = {name for name in undecodable if name.startswith("broken-decode-")} if not verify else set()
    assert undecodable == unseen
    if verify:
        assert seen == expected.keys()
