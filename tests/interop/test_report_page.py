"""The page of `shardify report` in a browser: it loads nothing, works by keyboard, fits a phone, and axe-core has no complaint."""

import os
import pathlib
import shutil

import numpy as np
import pytest

pytestmark = pytest.mark.page

sync_api = pytest.importorskip("playwright.sync_api")

from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from PIL import Image  # noqa: E402

from conftest import BROKEN, FOREIGN, IMAGES, shardify  # noqa: E402

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "<script>window.hacked = 1<\\script> & \"cats\""
MAX_BYTES = 5_000_000


def pictures(folder):
    """What there is to say of pictures: equal, similar, blank and odd ones, in two splits and classes with hostile names."""
    rng = np.random.default_rng(2)
    for number in range(48):
        split = ("train", "test")[number % 4 == 0]
        name = (HOSTILE, "dog", "Dog", "a class name that is so long that it has to be broken into lines" * 2)[number % 5 % 4]
        place = folder / split / name
        place.mkdir(parents=True, exist_ok=True)
        grid = rng.integers(0, 256, (5, 6, 3), np.uint8)
        size = (int(rng.integers(40, 400)), int(rng.integers(40, 400)))
        image = Image.fromarray(grid).resize(size, Image.BICUBIC)
        if number in (5, 6):
            image = Image.new("RGB", (90, 60), "white")
        image.save(place / f"{number}.jpg", quality=90)
        if number % 9 == 0:
            other = folder / "test" / "dog"
            other.mkdir(parents=True, exist_ok=True)
            shutil.copy(place / f"{number}.jpg", other / f"copy-{number}.jpg")
            image.resize((size[0] * 2, size[1] * 2)).save(other / f"large-{number}.jpg", quality=70)


def many_classes(folder):
    """A thousand classes of arrays that are pictures, and an array with NaN."""
    rng = np.random.default_rng(4)
    grids = rng.integers(0, 256, (3000, 4, 4, 3), np.uint8)
    np.save(folder / "x.npy", grids.repeat(8, 1).repeat(8, 2))
    np.save(folder / "y.npy", np.minimum(np.arange(3000) % 1001, 999))
    weights = rng.standard_normal(3000).astype(np.float32)
    weights[5] = np.nan
    np.save(folder / "w.npy", weights)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    root = tmp_path_factory.mktemp("pages")
    made = {}

    def add(name, *path, code=(0, 1)):
        shardify("report", *path, "-o", root / f"{name}.html", "--quiet", code=code)
        made[name] = root / f"{name}.html"

    shardify("convert", IMAGES, root / "clean", "--split", "train=0.8,test=0.2", "--max-shard", "60kB")
    add("clean", root / "clean", code=0)
    pictures(root / "imgs")
    shardify("convert", root / "imgs", root / "wrong")
    add("wrong", root / "wrong", code=1)
    many_classes(root)
    arrays = (root / "x.npy", root / "many", "--labels", root / "y.npy", "--array", f"weight={root / 'w.npy'}")
    shardify("convert", *arrays, "--max-shard", "2MB")
    add("many", root / "many", code=1)
    add("foreign", FOREIGN / "tensorflow" / "slim")
    shutil.copy(next(BROKEN.glob("*.tfrecord")), root / "broken.tfrecord")
    add("damaged", root / "broken.tfrecord")
    return made


NAMES = ["clean", "wrong", "many", "foreign", "damaged"]


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "there is no Chromium (Debian: apt install chromium); the variable CHROMIUM may name one"
    quiet = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
    quiet += ["disable-component-update", "disable-sync"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{word}" for word in quiet])
        yield browser
        browser.close()


class Opened:
    """A page, with whatever the browser complained of or asked for."""

    def __init__(self, browser, path, width=1280, scheme="light", **more):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        self.page = self.context.new_page()
        self.complaints, self.asked = [], []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(pathlib.Path(path).as_uri())

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            assert self.complaints == []
            assert [url for url in self.asked if not url.startswith(("data:", "file:"))] == []
            assert len([url for url in self.asked if url.startswith("file:")]) == 1
        self.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_fits_and_is_accessible(browser, pages, name, width, scheme):
    with Opened(browser, pages[name], width, scheme) as opened:
        page = opened.page
        for details in page.query_selector_all("details:not([open])"):
            details.evaluate("it => { it.open = true; }")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        told = [(it["id"], [node["html"][:200] for node in it["nodes"][:3]]) for it in found.response["violations"]]
        assert told == []


@pytest.mark.parametrize("name", NAMES)
def test_small_enough(pages, name):
    assert pages[name].stat().st_size < MAX_BYTES


def test_pictures_by_keyboard(browser, pages):
    with Opened(browser, pages["wrong"]) as opened:
        page = opened.page
        thumbs = page.locator("#pictures .thumb")
        captions = [thumbs.nth(at).get_attribute("data-caption") for at in range(3)]
        caption, viewer = page.locator("#viewer-caption"), page.locator("#viewer")
        thumbs.nth(0).focus()
        page.keyboard.press("Enter")
        assert viewer.is_visible() and caption.inner_text() == captions[0]
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert caption.inner_text() == captions[2]
        page.keyboard.press("ArrowLeft")
        assert caption.inner_text() == captions[1]
        assert page.evaluate("document.getElementById('viewer-image').naturalWidth") > 0
        page.keyboard.press("Escape")
        assert not viewer.is_visible()
        page.wait_for_function("caption => document.activeElement.dataset.caption === caption", arg=captions[1])


def test_readers_are_tabs(browser, pages):
    with Opened(browser, pages["clean"]) as opened:
        page = opened.page
        tabs = page.get_by_role("tab")
        titles = tabs.all_inner_texts()
        assert titles == ["tf.data", "TFDS", "DALI", "PyTorch", "Grain"]
        tabs.nth(0).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.textContent") == titles[2]
        assert page.locator("#readers pre:visible").inner_text().count("dali") > 0
        page.keyboard.press("End")
        assert "grain" in page.locator("#readers pre:visible").inner_text()


def test_code_is_copied(browser, pages):
    with Opened(browser, pages["clean"], permissions=["clipboard-read", "clipboard-write"]) as opened:
        page = opened.page
        page.locator("#origin .copy").click()
        page.get_by_text("Copied", exact=True).first.wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("shardify convert ") and copied == page.locator("#origin pre").inner_text()


def test_light_and_dark_by_choice(browser, pages):
    with Opened(browser, pages["clean"]) as opened:
        page = opened.page
        colour = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(colour)
        page.locator("#theme").click()
        assert page.evaluate(colour) != light
        page.locator("#theme").click()
        assert page.evaluate(colour) == light


def test_names_stay_text(browser, pages):
    with Opened(browser, pages["wrong"]) as opened:
        page = opened.page
        assert page.evaluate("window.hacked") is None
        assert page.locator("script").count() == 1
        assert page.get_by_role("heading", name=HOSTILE).count() == 1


def test_without_scripts(browser, pages):
    """Everything is there; only enlarging, copying and tabs are missing."""
    with Opened(browser, pages["clean"], java_script_enabled=False) as opened:
        page = opened.page
        assert page.locator("#readers pre:visible").count() >= 4
        assert page.locator(".copy:visible, #theme:visible").count() == 0


def test_what_the_page_says(browser, pages):
    with Opened(browser, pages["wrong"]) as opened:
        text = opened.page.inner_text("main")
        for part in ("across splits", "blank", "differ in case", "Similar pictures", "For normalisation", "shardify convert"):
            assert part in text, part
