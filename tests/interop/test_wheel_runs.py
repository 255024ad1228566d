"""How a run from Python is watched, stopped and carried on."""

import errno
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import shardify as wheel
import tqdm

from conftest import Output, shardify

ROWS = 60_000


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Some 180 MB of rows in shards."""
    folder = tmp_path_factory.mktemp("rows")
    array = folder / "x.npy"
    np.save(array, np.random.default_rng(0).integers(0, 256, (ROWS, 3072), np.uint8))
    shardify("convert", array, folder / "out", "--max-shard", "20MB", "--quiet")
    array.unlink()
    yield folder / "out"
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def nothing_large_is_left(tmp_path):
    yield
    shutil.rmtree(tmp_path)


VERBS = {
    "inspect": lambda rows, out, **options: wheel.inspect(rows, **options),
    "index": lambda rows, out, **options: wheel.index(rows, check=True, **options),
    "validate": lambda rows, out, **options: wheel.validate(rows, **options),
    "reshard": lambda rows, out, **options: wheel.reshard(rows, out, shuffle=True, max_shard="20MB", **options),
    "repair": lambda rows, out, **options: wheel.repair(rows, out, **options),
    "export": lambda rows, out, **options: wheel.export(rows, out, **options),
}


@pytest.mark.parametrize("verb", VERBS)
def test_progress_tells_more_and_more(verb, rows, tmp_path):
    seen, threads = [], set()

    def watch(progress):
        threads.add(threading.current_thread())
        seen.append(progress)

    VERBS[verb](rows, tmp_path / "out", progress=watch)
    # `index` and `inspect` may be done before there is anything to tell but the end.
    assert len(seen) > (1 if verb in ("reshard", "repair", "export") else 0)
    assert threads == {threading.current_thread()}
    for before, after in zip(seen, seen[1:]):
        assert before.bytes_read <= after.bytes_read
        assert before.step != after.step or before.items <= after.items
    assert seen[-1].bytes_read > 100e6


@pytest.mark.parametrize("verb", VERBS)
def test_what_the_watcher_raises_stops_the_run(verb, rows, tmp_path):
    class Stop(Exception):
        pass

    calls = 0

    def watch(progress):
        nonlocal calls
        calls += 1
        raise Stop(progress.step)

    with pytest.raises(Stop):
        VERBS[verb](rows, tmp_path / "out", progress=watch)
    assert calls == 1
    assert not list((tmp_path / "out").glob("*.tfrecord*"))


def test_a_bar_of_tqdm_shows_the_run(rows, tmp_path, capfd):
    with tqdm.tqdm(file=open(os.devnull, "w")) as bar:
        wheel.reshard(rows, tmp_path / "a", progress=bar)
        # What comes after copying has no number of items, and leaves the bar full.
        assert (bar.desc, bar.n, bar.total) == ("publishing: ", ROWS, ROWS)
    wheel.repair(rows, tmp_path / "b", progress=True)
    assert "items" in capfd.readouterr().err


def test_nothing_is_printed(rows, tmp_path, capfd):
    for verb, run in VERBS.items():
        run(rows, tmp_path / verb)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("verb", VERBS)
def test_other_threads_go_on(verb, rows, tmp_path):
    ticks, done = 0, threading.Event()

    def tick():
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    started, before = time.monotonic(), ticks
    VERBS[verb](rows, tmp_path / "out")
    took, counted = time.monotonic() - started, ticks - before
    done.set()
    ticker.join()
    # A lock held throughout would leave one tick or two. A loaded machine gets by with a few.
    assert counted > 20 * took, f"{counted} ticks in {took:.3f} s"


SCRIPT = """
    import sys, shardify
    source, out = sys.argv[1:]

    def watch(progress):
        if progress.step == "copying" and progress.items > {after}:
            print("copying", flush=True)

    try:
        shardify.reshard(source, out, shuffle=True, max_shard="5MB", threads=1, progress=watch)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        raise
"""


def test_ctrl_c_stops_and_a_resumed_run_has_the_same_bytes(rows, tmp_path):
    script = textwrap.dedent(SCRIPT.format(after=ROWS // 16))
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(wheel.__file__).parents[1])}
    out = tmp_path / "out"
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(rows), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )
    assert run.stdout.readline() == "copying\n"
    run.send_signal(signal.SIGINT)
    stdout, stderr = run.communicate(timeout=60)
    assert stdout.endswith("interrupted\n") and "KeyboardInterrupt" in stderr, stderr
    assert not (out / "shardify.json").exists() and (out / ".shardify").is_dir()
    options = {"shuffle": True, "max_shard": "5MB"}
    with pytest.raises(wheel.OutputError, match="interrupted run"):
        wheel.reshard(rows, out, **options)
    report = wheel.reshard(rows, out, **options, existing="resume")
    assert report.outcome == "resumed" and 0 < report.resumed_shards < report.splits[0].shards
    whole = tmp_path / "whole"
    wheel.reshard(rows, whole, **options)
    assert Output(out).files() == Output(whole).files()


LIMITED = """
    import resource, sys, shardify
    # No file may grow beyond this, as if the disk were full.
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000_000, resource.RLIM_INFINITY))
    try:
        shardify.reshard(sys.argv[1], sys.argv[2], split="small=0.1,large=0.9", shards=1)
    except shardify.StorageError as error:
        print(error.errno, error.hint)
"""


def test_a_write_that_fails_says_how_to_go_on(rows, tmp_path):
    script, out = textwrap.dedent(LIMITED), tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(wheel.__file__).parents[1])}
    command = [sys.executable, "-c", script, str(rows), str(out)]
    said = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", env=environment).stdout
    assert said.startswith(str(errno.EFBIG)) and 'existing="resume"' in said, said
    report = wheel.reshard(rows, out, split="small=0.1,large=0.9", shards=1, existing="resume")
    assert (report.outcome, report.resumed_shards, report.records) == ("resumed", 1, ROWS)
