"""What people see: terminals of any width, with and without colour, and pipes."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import unicodedata

import pytest

from conftest import IMAGES, binary

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(folder, columns, *args, **environment):
    """What a terminal of so many columns receives."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "CI")}
    env |= {"TERM": "xterm-256color"} | environment
    run = subprocess.Popen([binary(), *args], cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while more := os.read(ours, 65536):
            seen += more
    except OSError:  # Linux's way to say that nobody writes any more
        pass
    os.close(ours)
    run.wait(60)
    return seen.decode("utf-8")


def lines(text):
    """The lines as they stand in the end: what a bar wrote before it was redrawn does not count."""
    text = ESCAPES.sub("", text).replace("\r\n", "\n")
    return [line.rsplit("\r", 1)[-1] for line in text.split("\n")]


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Pictures, two of which are broken, shards of them, and damaged shards."""
    desk = tmp_path_factory.mktemp("desk")
    shutil.copytree(IMAGES, desk / "imgs")
    (desk / "imgs/temple/cut.jpg").write_bytes((IMAGES / "temple/gate.jpg").read_bytes()[:900])
    (desk / "imgs/temple/note.jpg").write_text("not a picture\n")
    subprocess.run([binary(), "convert", "imgs", "out", "--on-error", "skip", "-q"], cwd=desk, check=False)
    shutil.copytree(desk / "out", desk / "bad")
    (shard,) = (desk / "bad").glob("*.tfrecord-*")
    data = bytearray(shard.read_bytes())
    data[60_000] ^= 1
    shard.write_bytes(data[:-100])
    return desk


RUNS = {
    "convert": ("convert", "imgs", "again", "--on-error", "skip", "--overwrite"),
    "inspect": ("inspect", "out"),
    "validate": ("validate", "bad"),
    "report": ("report", "out"),
    "help": ("convert", "--help"),
    "reshard": ("reshard", "out", "resharded", "--dry-run"),
    "repair": ("repair", "bad", "fixed", "--dry-run"),
}


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("name", RUNS)
def test_lines_fit_the_terminal(desk, name, columns):
    told = lines(on_terminal(desk, columns, *RUNS[name]))
    assert len(told) > 3
    # Code and paths are not broken, so that they can be copied.
    too_wide = [line for line in told if width(line) > columns and not line.startswith(("    ", "Usage:")) and " " in line.strip()]
    assert too_wide == []


def test_colours_where_they_help(desk):
    seen = on_terminal(desk, 80, "validate", "bad")
    assert "\x1b[1;31merror\x1b[0m" in seen
    assert "\x1b[1;32mno problem found" in on_terminal(desk, 80, "validate", "out")


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "dumb", "CI": "true"}], ids=str)
def test_no_colours_if_they_are_not_wanted(desk, name, environment):
    assert COLOURS.findall(on_terminal(desk, 80, *RUNS[name], **environment)) == []


@pytest.mark.parametrize("name", RUNS)
def test_pipes_get_plain_whole_lines(desk, name):
    done = subprocess.run([binary(), *RUNS[name]], cwd=desk, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL)
    assert "\x1b" not in done.stdout + done.stderr and "\r" not in done.stdout + done.stderr
    assert done.stdout


def test_a_bar_shows_and_goes(desk):
    seen = on_terminal(desk, 80, "convert", "imgs", "slow", "--on-error", "skip", "--threads", "1")
    assert re.search(r"converting \[[=> ]+\] +\d+%  \d+/32", seen)
    assert not any("converting" in line for line in lines(seen))
