"""The committed fixtures are what their scripts make."""

import platform
import subprocess
import sys

import pytest

from conftest import ROOT

pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="encoders may differ elsewhere"
)


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("make_images.py", "images"),
        ("tfrecord/generate.py", "tfrecord"),
        ("broken/tfrecord/generate.py", "broken/tfrecord"),
    ],
)
def test_scripts_make_the_committed_files(tmp_path, script, folder):
    subprocess.run([sys.executable, ROOT / "fixtures" / script, tmp_path], check=True, capture_output=True, timeout=120)

    def files(top):
        found = (path for path in top.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".md"))
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in found}

    assert files(tmp_path) == files(ROOT / "fixtures" / folder)
