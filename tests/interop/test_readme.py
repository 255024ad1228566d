"""What the README says is so: its Python reads what its commands write, and its commands run as they stand."""

import re
import shutil

import numpy as np
import pytest

from conftest import IMAGES, ROOT, shardify

README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with everything that the README's commands name."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(IMAGES, "imgs")
    pictures = sorted(path for path in (tmp_path / "imgs").rglob("*") if path.is_file())
    rows = [f"{path.relative_to(tmp_path / 'imgs')},{path.relative_to(tmp_path / 'imgs').parts[0]}" for path in pictures]
    (tmp_path / "labels.csv").write_text("file,label\n" + "\n".join(rows) + "\n", "utf-8")
    (tmp_path / "list.csv").write_text("file,label\n" + "\n".join(f"imgs/{row}" for row in rows) + "\n", "utf-8")
    x, y = np.zeros((20, 8, 8, 3), "uint8"), np.arange(20) % 4
    for name, array in {"x": x, "x_train": x, "y": y, "y_train": y, "w": np.ones(20, "float32")}.items():
        np.save(f"{name}.npy", array)
    np.savez("data.npz", x_train=x, y_train=y, x_test=x[:5], y_test=y[:5])


BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_python_blocks_run_one_after_the_other(here, images):
    """As somebody pastes them, from the first on; each reads what an earlier one wrote."""
    assert len(BLOCKS) == 6
    scopes = []
    for block in BLOCKS:
        scope = {}
        exec(block, scope)  # noqa: S102
        scopes.append(scope)
    convert, keras, torch, grain, tfds, plain = scopes
    assert convert["report"].records == 1000
    assert keras["model"].history.epoch == [0]
    assert len(torch["data"]) == len(images) and torch["picture"]["image"].ndim == 3
    assert grain["data"][0]["x"].shape == (32, 32, 32, 3)
    for scope in tfds, plain:
        labels = [int(label) for _, label in scope["train"]]
        assert len(labels) == len(images)
        assert set(labels) == {0, 1, 2, 3}


VERBS = ["convert", "validate", "repair", "inspect", "index", "reshard", "export", "snippet"]
COMMANDS = sorted(set(re.findall(rf"shardify ((?:{'|'.join(VERBS)}) [^\n`|]*)", README)))


def test_every_verb_is_shown():
    assert {command.split()[0] for command in COMMANDS} == set(VERBS)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(here, command):
    words = command.split("#")[0].split()
    if words[0] != "convert":
        shardify("convert", "imgs", "out")
        shardify("convert", "imgs", "old", "--seed", "1")
        shutil.copytree(ROOT / "fixtures" / "foreign" / "tensorflow" / "slim", "data")
    shardify(*words)
