"""`shardify.report`."""

import numpy as np
import pytest
import shardify as wheel

from conftest import IMAGES


def test_a_page_and_what_it_says(tmp_path):
    wheel.convert(IMAGES, tmp_path / "out")
    seen = []
    made = wheel.report(tmp_path / "out", out=tmp_path / "page.html", progress=seen.append)
    assert made.ok and (made.records, made.errors, made.warnings) == (30, 0, 0)
    page = (tmp_path / "page.html").read_bytes()
    assert page.startswith(b"<!doctype html>") and made.page_bytes == len(page)
    assert len(made.mean) == len(made.deviation) == 3 and all(0 < mean < 1 for mean in made.mean)
    assert made.details["classes"]["rows"]["total"] == 4
    assert seen


def test_what_it_refuses(tmp_path):
    wheel.convert(np.zeros((4, 3), np.float32), out=tmp_path / "out")
    made = wheel.report(tmp_path / "out", out=tmp_path / "page.html")
    assert (made.mean, made.ok) == ((), False)  # the rows repeat each other
    assert made.details["origin"]["command"] is None  # no command makes them: they were in memory
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(wheel.OutputError) as caught:
        wheel.report(tmp_path / "out", out=tmp_path / "mine.html")
    assert "overwrite=True" in caught.value.hint
    wheel.report(tmp_path / "out", out=tmp_path / "mine.html", overwrite=True)
    with pytest.raises(wheel.NotFoundError):
        wheel.report(tmp_path / "nowhere", out=tmp_path / "page.html")
