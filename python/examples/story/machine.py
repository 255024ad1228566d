"""What this machine has: packages, memory, disk."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pathlib
import platform
import shutil
import tempfile

NEEDED = {"tensorflow": "tensorflow", "keras": "keras", "numpy": "numpy", "PIL": "pillow", "shardify": "./python"}
"""Modules, and what pip installs them from, in a clone of shardify."""

_CONTAINER = pathlib.Path("/sys/fs/cgroup")
_CONTAINER_LIMITS = [
    ("memory.max", "memory.stat", "anon"),
    ("memory/memory.limit_in_bytes", "memory/memory.stat", "total_rss"),
]
"""The limit of a container, and what counts against it for good, unlike the page cache; in both versions of cgroups."""


def missing() -> list[str]:
    """What pip has to install first."""
    return [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]


def versions() -> dict[str, str]:
    """The versions of what the figures depend on. TensorFlow comes under several names."""
    found = {"python": platform.python_version()}
    for name in ["tensorflow", "tensorflow-cpu", "keras", "numpy", "pillow", "shardify"]:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes that a process can take without anything being killed, or `None` where the system does not tell."""
    found = []
    meminfo = pathlib.Path("/proc/meminfo")
    if meminfo.exists():
        fields = dict(line.split(":") for line in meminfo.read_text().splitlines())
        found.append(int(fields["MemAvailable"].split()[0]) * 1024)
    for limit_file, stat_file, used in _CONTAINER_LIMITS:
        limit, stat = _CONTAINER / limit_file, _CONTAINER / stat_file
        if limit.exists() and stat.exists() and (text := limit.read_text().strip()) != "max":
            fields = dict(line.split() for line in stat.read_text().splitlines())
            found.append(max(0, int(text) - int(fields[used])))
    return min(found, default=None)


def free_disk(folder: pathlib.Path) -> int:
    """Bytes that can be written there."""
    return shutil.disk_usage(folder).free


def scratch() -> str:
    """Where gigabytes may lie for a while: on a disk, which `/tmp` is not everywhere."""
    wanted = os.environ.get("TMPDIR")
    if wanted is None and os.access("/var/tmp", os.W_OK):
        return "/var/tmp"
    return wanted or tempfile.gettempdir()
