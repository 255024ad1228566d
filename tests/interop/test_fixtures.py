"""The committed fixtures are what their scripts make."""

import os
import platform
import subprocess
import sys

import pytest

from conftest import FOREIGN, ROOT

# The package `tfrecord` writes keys in order with it; see its script.
IN_PYTHON = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}


def make(script, out):
    environment = {**os.environ, **(IN_PYTHON if "tfrecord_package" in script else {})}
    command = [sys.executable, ROOT / "fixtures" / script, out]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)


pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="encoders may differ elsewhere"
)


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("make_images.py", "images"),
        ("tfrecord/generate.py", "tfrecord"),
        ("broken/tfrecord/generate.py", "broken/tfrecord"),
        ("foreign/tensorflow/generate.py", "foreign/tensorflow"),
        ("foreign/tfrecord_package/generate.py", "foreign/tfrecord_package/data"),
    ],
)
def test_scripts_make_the_committed_files(tmp_path, script, folder):
    make(script, tmp_path)

    def files(top):
        found = (path for path in top.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".md"))
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in found}

    assert files(tmp_path) == files(ROOT / "fixtures" / folder)


def test_tensorflow_reads_what_is_said_of_foreign_data_sets(tmp_path):
    make("foreign/describe.py", tmp_path)
    assert (tmp_path / "expected.json").read_text() == (FOREIGN / "expected.json").read_text()
