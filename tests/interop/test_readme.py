"""What the README and the recipes say is so: every block of them runs as it stands, every command in their tables too."""

import re
import shutil

import numpy as np
import pytest

from conftest import IMAGES, ROOT, shardify

PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "docs/recipes.md")}
BLOCKS = [(name, *block) for name, text in PAGES.items() for block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
VERBS = ["convert", "validate", "repair", "report", "inspect", "index", "reshard", "export", "snippet"]

# Lines that a test cannot run as they stand, and why that is no loss.
ELSEWHERE = {
    "tests/run": "runs this test",
    "pip install ./python": "is what tests/run does before this test",
    "cargo install --path .": "builds what tests/run builds, once more",
}
# The same, with the program that is there already.
CARGO_RUN = "cargo run --release -- "


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with everything that the commands name."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(IMAGES, "imgs")
    shutil.copytree(IMAGES, "fixtures/images")
    pictures = sorted(path for path in (tmp_path / "imgs").rglob("*") if path.is_file())
    rows = [f"{path.relative_to(tmp_path / 'imgs')},{path.relative_to(tmp_path / 'imgs').parts[0]}" for path in pictures]
    (tmp_path / "labels.csv").write_text("file,label\n" + "\n".join(rows) + "\n", "utf-8")
    (tmp_path / "list.csv").write_text("file,label\n" + "\n".join(f"imgs/{row}" for row in rows) + "\n", "utf-8")
    x, y = np.zeros((20, 8, 8, 3), "uint8"), np.arange(20) % 4
    for name, array in {"x": x, "x_train": x, "y": y, "y_train": y, "w": np.ones(20, "float32")}.items():
        np.save(f"{name}.npy", array)
    np.savez("data.npz", x_train=x, y_train=y, x_test=x[:5], y_test=y[:5])
    shutil.copytree(ROOT / "fixtures" / "foreign" / "tensorflow" / "slim", "data")
    shardify("convert", "imgs", "old", "--seed", "1")


def python(needs):
    """The blocks of Python that need this package; of the others, those that need none of these."""
    kinds = {"torch": "import torch", "dali": "nvidia.dali"}
    found = [(name, code) for name, language, code in BLOCKS if language == "python"]
    if needs in kinds:
        return [block for block in found if kinds[needs] in block[1]]
    return [block for block in found if not any(word in block[1] for word in kinds.values())]


def run(blocks):
    """Runs blocks one after the other, as somebody pastes them; each may read what an earlier one wrote."""
    scopes = []
    for name, code in blocks:
        scope = {}
        exec(compile(code, name, "exec"), scope)  # noqa: S102
        scopes.append(scope)
    return scopes


def test_every_block_is_of_a_kind_that_is_run():
    assert {language for _, language, _ in BLOCKS} == {"sh", "python", "text"}
    # What is no command and no Python is the list of what comes out.
    assert [name for name, language, _ in BLOCKS if language == "text"] == ["README.md"]
    assert len(python("torch")) == len(python("dali")) == 1


def test_python_of_the_readme(here, images):
    convert, keras, by_number = run([block for block in python(None) if block[0] == "README.md"])
    assert convert["report"].records == 1000
    assert keras["model"].history.epoch == [0]
    assert len(by_number["data"]) == len(images) and by_number["picture"]["image"].ndim == 3


def test_python_of_the_recipes(here, images):
    shardify("convert", "imgs", "out")
    convert, report, _, tfds, plain, grain = run([block for block in python(None) if block[0] != "README.md"])
    assert convert["report"].records == 1000
    assert report["found"].ok and len(report["found"].mean) == 3
    assert grain["data"][0]["x"].shape == (32, 32, 32, 3)
    for scope in tfds, plain:
        labels = [int(label) for _, label in scope["train"]]
        assert len(labels) == len(images)
        assert set(labels) == {0, 1, 2, 3}


def arrays():
    np.save("a.npy", np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3), "uint8"))
    shardify("convert", "a.npy", "arrays", "--feature", "x")


@pytest.mark.torch
def test_python_for_torch(here):
    arrays()
    (scope,) = run(python("torch"))
    assert len(scope["loader"]) == 4


@pytest.mark.dali
def test_python_for_dali(here):
    shardify("convert", "imgs", "out")
    (scope,) = run(python("dali"))
    assert scope["images"].as_array().shape == (8, 224, 224, 3)


@pytest.mark.parametrize("name, block", [(name, code) for name, language, code in BLOCKS if language == "sh"])
def test_blocks_of_commands_run(here, name, block):
    # What an earlier block wrote.
    if not re.search(r"convert \S+ (\S+ )*out/", block):
        shardify("convert", "imgs", "out")
    for line in block.splitlines():
        if line not in ELSEWHERE:
            program, _, words = line.partition(" ") if not line.startswith(CARGO_RUN) else ("shardify", "", line.removeprefix(CARGO_RUN))
            assert program == "shardify", line
            shardify(*words.split())


COMMANDS = sorted({command for text in PAGES.values() for command in re.findall(rf"`shardify ((?:{'|'.join(VERBS)}) [^`|]*)", text)})


def test_every_verb_is_shown():
    assert {command.split()[0] for command in COMMANDS} == set(VERBS)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_tables_run(here, command):
    words = command.split()
    if words[0] != "convert":
        shardify("convert", "imgs", "out")
    shardify(*words)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    folder = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)|(?:src|srcset)=\"([^\"]+)\"", PAGES[name]):
        path = "".join(target)
        if "://" not in path:
            assert (folder / path).exists(), path
