"""Draws report-light.png and report-dark.png: the top of a report about the pictures in fixtures/, in Chromium.

    cargo build --release
    tests/run --all        (installs Playwright into .interop/page)
    .interop/page/bin/python docs/pictures/report.py [--bin target/release/shardify]
"""

import argparse
import io
import os
import pathlib
import shutil
import subprocess
import tempfile

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIZE = {"width": 1160, "height": 1180}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target/release/shardify")
    binary = parser.parse_args().bin.resolve()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shutil.copytree(ROOT / "fixtures/images", f"{folder}/photos")
        # Something to find: a picture that is in two classes.
        shutil.copy(f"{folder}/photos/temple/gate.jpg", f"{folder}/photos/landscape/evening.jpg")
        for words in (
            ["convert", "photos", "out", "--split", "train=0.8,test=0.2", "--stratify", "--max-shard", "60kB", "--quiet"],
            ["report", "out", "--quiet"],
        ):
            subprocess.run([binary, *words], cwd=folder, check=words[0] == "convert")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scheme in ("light", "dark"):
            page = browser.new_context(viewport=SIZE, color_scheme=scheme).new_page()
            page.goto(pathlib.Path(folder, "report.html").as_uri())
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            # 256 colours are hard to tell from all, in a third of the bytes.
            palette = picture.quantize(256, kmeans=4)
            picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(HERE / f"report-{scheme}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
