"""Runs a step in a process of its own."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
from typing import Any

from .data import Data


def run(data: Data, step: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Runs a function of step.py and returns its result, or `failed` and `stderr`."""
    result_file = data.folder / "result.json"
    given = json.dumps({"folder": str(data.folder), "rows": data.rows, "files": data.files, **arguments})
    command = [sys.executable, "-m", "story.step", step, str(result_file), given]
    # The folder above this one is where a script in it looks for modules, and others do not.
    path = [str(pathlib.Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == 0:
        result: dict[str, Any] = json.loads(result_file.read_text("utf-8"))
        return result
    if done.returncode == -signal.SIGKILL:
        failed = "killed, as the system does where memory runs out"
    else:
        failed = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return {"failed": failed, "stderr": done.stderr}
