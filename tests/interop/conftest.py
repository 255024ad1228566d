"""What the reader tests share: running the binary, and looking at what it wrote.

Nothing here may import TensorFlow: the DALI environment has none.
"""

import dataclasses
import json
import os
import pathlib
import subprocess

import pytest

# Before TensorFlow is imported anywhere: no log noise, and no search for a GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = ROOT / "fixtures" / "images"
BROKEN = ROOT / "fixtures" / "broken" / "tfrecord"
FOREIGN = ROOT / "fixtures" / "foreign"


def binary():
    path = (ROOT / os.environ.get("SHARDIFY_BIN", "target/release/shardify")).resolve()
    assert path.is_file(), f"{path} is missing; run `tests/run --interop`, which builds it, or set SHARDIFY_BIN"
    return path


def shardify(*args, code=0):
    """Runs the binary and returns the finished process; fails unless it exits with `code`, or one of several."""
    command = [str(binary()), *map(str, args)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), (
        f"{' '.join(command)}\nexit code {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}"
    )
    return done


def shardify_json(*args, code=0):
    """Runs the binary with `--json` and returns the one object it prints."""
    return json.loads(shardify(*args, "--json", code=code).stdout)


@dataclasses.dataclass(frozen=True)
class Output:
    """A folder that shardify wrote, or made loadable."""

    path: pathlib.Path
    stderr: str = ""

    def _json(self, name):
        return json.loads((self.path / name).read_text("utf-8"))

    @property
    def manifest(self):
        return self._json("shardify.json")

    @property
    def features(self):
        return self._json("features.json")["featuresDict"]["features"]

    @property
    def info(self):
        return self._json("dataset_info.json")

    @property
    def splits(self):
        return [split["name"] for split in self.info["splits"]]

    @property
    def class_names(self):
        return (self.path / "label.labels.txt").read_text("utf-8").splitlines()

    def shards(self, split="train"):
        """The shards of one split in order; also checks that their names count up without a gap."""
        found = sorted(self.path.glob(f"*-{split}.tfrecord-*"))
        assert found, f"no shard of {split} in {sorted(p.name for p in self.path.iterdir())}"
        for number, shard in enumerate(found):
            stem = shard.name.removesuffix(".gz")
            assert stem.endswith(f"-{split}.tfrecord-{number:05}-of-{len(found):05}"), shard.name
        return found

    def index(self, shard):
        return self.path / "index" / f"{shard.name}.idx"

    def files(self):
        """Every file by its relative path, with its bytes."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def convert(tmp_path):
    """`convert(INPUT..., option...)` runs `shardify convert` into a new folder and returns the Output."""
    count = 0

    def run(*args, code=0):
        nonlocal count
        count += 1
        out = tmp_path / f"out{count}"
        inputs = [arg for arg in args if isinstance(arg, pathlib.Path)]
        options = [arg for arg in args if not isinstance(arg, pathlib.Path)]
        done = shardify("convert", *inputs, out, "--quiet", *options, code=code)
        return Output(out, done.stderr)

    return run


def image_files(folder=IMAGES):
    """Every image below `folder` by its path relative to it."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="session")
def images():
    found = image_files()
    assert len(found) == 30
    return found


def class_of(name):
    return name.split("/")[0]


CLASSES = ["flower", "landscape", "sign", "temple"]

# Not passed through as they are: TensorFlow would show them turned, or in another shape, or in other colours.
REENCODED = {"flower/phone.jpg", "flower/web.webp", "landscape/print.jpg"}
