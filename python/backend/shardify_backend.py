"""Builds the wheel: maturin's work, and the command `shardify` beside it, which maturin leaves out of a wheel with a module.

The interface is that of PEP 517, whose hooks are called in the folder of pyproject.toml. Only building a wheel differs from
maturin.
"""

import json
import pathlib
import shutil
import subprocess

import maturin
from maturin import (  # noqa: F401
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

# maturin refuses to say anything about a package whose folder of data, named in pyproject.toml, is not there.
SCRIPTS = pathlib.Path("wheel-data") / "scripts"
SCRIPTS.mkdir(parents=True, exist_ok=True)


def _build_command():
    """Builds the command, and the module with it: alone, it would get some crates with fewer features, and all would be
    compiled again for the module."""
    packages = ["--package", "shardify", "--bin", "shardify", "--package", "shardify-python", "--lib"]
    cargo = ["cargo", "build", "--release", "--locked", *packages]
    built = subprocess.run([*cargo, "--message-format=json-render-diagnostics"], stdout=subprocess.PIPE, check=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    (binary,) = {message["executable"] for message in messages if message.get("executable")}
    shutil.copy2(binary, SCRIPTS / "shardify")


def build_wheel(*args, **kwargs):
    _build_command()
    return maturin.build_wheel(*args, **kwargs)


def build_editable(*args, **kwargs):
    _build_command()
    return maturin.build_editable(*args, **kwargs)
