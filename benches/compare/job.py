"""What is measured, as plain data: a job is a set of commands that do the same work and take turns."""

import dataclasses
import pathlib
from collections.abc import Callable

FLOOR, PEER, OURS = "floor", "peer", "shardify"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One command. `check` looks at its output after each run, outside of the time, and raises if it is not what was
    asked for.
    """

    name: str
    kind: str
    command: list
    out: pathlib.Path | None = None
    check: Callable | None = None
    # Quality of pixels: measured once, as it does not change from run to run.
    quality: Callable | None = None
    # Takes --slow-runs turns.
    slow: bool = False
    # For commands without output: what the last line that they print must hold.
    says: str = ""


@dataclasses.dataclass(frozen=True)
class Job:
    group: str
    name: str
    records: int
    bytes: int
    entries: list[Entry]
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Bench:
    """Where things are, and how much is measured."""

    shardify: pathlib.Path
    folder: pathlib.Path
    python: pathlib.Path
    img2dataset: pathlib.Path
    mds: pathlib.Path
    dali: pathlib.Path
    cores: int
    options: object

    @property
    def data(self):
        return self.folder / "data"

    @property
    def out(self):
        return self.folder / "out"

    def peer(self, script, *words, python=None):
        return [python or self.python, pathlib.Path(__file__).parent / "peers" / f"{script}.py", *words]

    def ours(self, *words, threads=None):
        return [self.shardify, *words, "--threads", threads or self.cores, "--progress", "never"]

    def threads(self):
        """One, two, and as many as there are cores."""
        return sorted({1, min(2, self.cores), self.cores})
