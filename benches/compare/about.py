"""What a measurement was made with: the machine, versions, the commit, and commands as a reader can type them."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import shlex
import subprocess

PACKAGES = (
    "tensorflow-cpu tensorflow-datasets webdataset array-record tfrecord opencv-python-headless pillow numpy".split()
)
HERE = pathlib.Path(__file__).resolve().parent


def said(*command, cwd=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def version_in(python, package):
    return said(str(python), "-c", f"import importlib.metadata as m; print(m.version('{package}'))")


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def machine(bench):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": bench.cores,
        "processor": processor(),
        "memory_gb": round(memory / 1e9),
        "kernel": platform.release(),
        "filesystem": said("findmnt", "-n", "-o", "FSTYPE", "-T", str(bench.folder)),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "rustc": said("rustc", "--version"),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "mosaicml-streaming": version_in(bench.mds, "mosaicml-streaming"),
        "img2dataset": version_in(bench.img2dataset, "img2dataset"),
        "img2dataset_tensorflow": version_in(bench.img2dataset, "tensorflow-cpu"),
    }


def when(bench):
    """Jobs may be measured again, one by one: each says of what."""
    changed = said("git", "status", "--porcelain", "--untracked-files=no", cwd=HERE)
    commit = said("git", "rev-parse", "--short", "HEAD", cwd=HERE)
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit + (" and changes" if changed not in ("", "unknown") else ""),
        "shardify": said(str(bench.shardify), "--version"),
    }


def command(bench, entry):
    text = shlex.join(map(str, entry.command))
    for path, name in [
        (bench.img2dataset, "python"),
        (bench.mds, "python"),
        (bench.python, "python"),
        (bench.shardify, "shardify"),
        (bench.data, "DATA"),
        (bench.out, "OUT"),
        (bench.dali, "tfrecord2idx"),
        (HERE.parent.parent, "."),
    ]:
        text = text.replace(str(path), name)
    return text.replace("./benches/compare/peers/", "benches/compare/peers/")
