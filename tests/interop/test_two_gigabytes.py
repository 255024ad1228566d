"""The example of the 2 GB limit does what it says, at sizes that a test can afford."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from conftest import ROOT

EXAMPLES = ROOT / "python" / "examples"
WAYS = ["arrays", "slices", "shards", "sequence", "jpeg", "raw"]


def tell(tmp_path, *args, code=0):
    """Runs the example with a folder for temporary files of its own, and returns its figures and what it printed."""
    scratch, figures = tmp_path / "scratch", tmp_path / "figures.json"
    scratch.mkdir(exist_ok=True)
    command = [sys.executable, EXAMPLES / "two_gigabytes.py", "--json", figures, *args]
    env = {**os.environ, "TMPDIR": str(scratch)}
    done = subprocess.run(list(map(str, command)), env=env, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == code, done.stdout + done.stderr
    assert not list(scratch.iterdir()), "nothing stays unasked"
    return json.loads(figures.read_text("utf-8")), done


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return tell(tmp_path_factory.mktemp("small"), "--gigabytes", "0.02")


def test_tensorflow_itself_refuses_the_array(small):
    figures, done = small
    embed = figures["steps"]["embed"]
    assert 2**31 <= embed["x_bytes"] < 2**31 + 1_000_000
    assert len(embed["errors"]) == 2
    for error in embed["errors"].values():
        assert error == "ValueError: Cannot create a tensor proto whose content is larger than 2GB."
        assert error in done.stdout
    assert embed["peak_bytes"] < 5e9


def test_every_way_trains_on_every_picture(small):
    figures, _ = small
    rows = figures["array"]["rows"]
    assert rows == 133
    assert {way: figures["steps"][way]["samples"] for way in WAYS} == dict.fromkeys(WAYS, rows)
    for name in ["convert-memory", "convert-npy", "convert-jpeg", "convert-raw"]:
        assert figures["steps"][name]["records"] == rows


def test_each_figure_is_printed(small):
    figures, done = small
    for way in WAYS:
        assert figures["steps"][way]["samples_per_second"] > 0
        assert f"{figures['steps'][way]['peak_bytes'] / 1e6:.0f} MB" in done.stdout


def test_shards_need_less_memory_than_arrays(tmp_path):
    figures, _ = tell(tmp_path, "--gigabytes", "0.4", "--images", "1", "--only", "slices", "shards")
    array, steps = figures["array"]["bytes"], figures["steps"]
    # Some 3.2 times the array, and nothing of it; what both take beside, TensorFlow, cancels out.
    assert steps["slices"]["peak_bytes"] - steps["shards"]["peak_bytes"] > 2 * array
    assert steps["convert-npy"]["peak_bytes"] < array / 4


def test_the_array_holds_the_pictures_of_the_files(tmp_path):
    tell(tmp_path, "--gigabytes", "0.002", "--work", tmp_path / "work", "--only", "raw")
    from PIL import Image

    x, y = np.load(tmp_path / "work" / "x.npy"), np.load(tmp_path / "work" / "y.npy")
    files = sorted((tmp_path / "work" / "pictures").glob("*/*.jpg"), key=lambda path: path.name)
    classes = sorted(path.name for path in (tmp_path / "work" / "pictures").iterdir())
    assert len(files) == len(x) == len(y)
    for file, row, label in zip(files, x, y):
        image = Image.open(file)
        assert (image.size, classes.index(file.parent.name)) == ((500, 375), label)
        assert np.abs(np.asarray(image.resize((224, 224)), "int16") - row).mean() < 3


def test_a_kept_folder_is_used_again_and_a_failed_step_is_told(tmp_path):
    work = tmp_path / "work"
    same = ["--gigabytes", "0.002", "--work", work, "--only", "arrays", "sequence"]
    tell(tmp_path, *same)
    os.truncate(work / "x.npy", 1000)
    figures, done = tell(tmp_path, *same, code=1)
    assert "failed" in figures["steps"]["arrays"]
    assert figures["steps"]["sequence"]["samples"] == 13
    assert "failed: ValueError" in done.stdout
    assert "Traceback" in done.stderr


def test_what_does_not_fit_is_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES)
    import two_gigabytes
    from story import machine

    def main(*args):
        monkeypatch.setattr(sys, "argv", ["two_gigabytes.py", "--work", str(tmp_path / "work"), *args])
        code = two_gigabytes.main()
        return code, capsys.readouterr().out

    monkeypatch.setattr(machine, "available_memory", lambda: 1_000_000_000)
    code, out = main("--gigabytes", "0.11", "--images", "1", "--only", "embed", "arrays")
    assert code == 0
    assert out.count("skipped: needs about") == 2
    assert "1.00 GB are available (--force tries it)" in out

    monkeypatch.setattr(machine, "free_disk", lambda folder: 1_000_000)
    with pytest.raises(SystemExit, match=r"needs 1\.3 GB, 0\.0 GB are free"):
        main("--gigabytes", "0.5", "--images", "1000")
    monkeypatch.setattr(machine, "missing", lambda: ["pillow"])
    with pytest.raises(SystemExit, match="first run: pip install pillow"):
        main()
