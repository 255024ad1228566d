"""Runs a command several times and prints its wall time, CPU time and peak memory: medians, and the worst peak.

    python3 benches/measure.py [-n RUNS] [--remove PATH] [--sync PATH] COMMAND...

--remove deletes an output before each run, outside of the time; --sync ends each run, inside of the time, with `fsync`
of every file below PATH, for programs that do not sync what they write. CPU and memory are those of the command and
of all processes that it started. With --json, one run is made and its figures are printed, with the last line that it
wrote.

A process is charged with the memory of the one that starts it, from before its own program is loaded: no peak is
below that of this script, which therefore imports little and is best started with `python3 -I -S`.
"""

import os
import sys
import threading
import time

TICK = 0.2  # seconds; reading how much memory is shared walks the page tables of what is measured
MANY = 1000  # files are synced by one `sync` of everything, which is faster than one `fsync` after another
PR_SET_CHILD_SUBREAPER = 36


def descendants(pid):
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                for child in file.read().split():
                    found += [int(child), *descendants(int(child))]
    except OSError:
        pass  # it ended meanwhile
    return found


def proportional(pid):
    """Memory in KB, where a page that several processes share counts as a part for each."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0)
    except OSError:
        return 0


class Sampler(threading.Thread):
    """Watches the sum of a process and those below it. Of one alone the kernel knows the peak."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()

    def run(self):
        wait = TICK / 4
        while not self.ended.wait(wait):
            wait = TICK
            below = descendants(self.pid)
            if below:
                self.peak = max(self.peak, sum(map(proportional, [self.pid, *below])))


def adopt_orphans():
    """Makes processes whose parent ended this one's, so that their CPU time is counted too."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def fsync(path):
    files = [path] if os.path.isfile(path) else [os.path.join(d, f) for d, _, names in os.walk(path) for f in names]
    if len(files) > MANY:
        os.sync()
        return
    for name in files:
        with open(name, "rb") as file:
            os.fsync(file.fileno())


def measure(command, sync=None, stdout=os.devnull, stderr=os.devnull):
    """wall: until the command ended; synced: until what it wrote was on the disk; cpu, both in seconds; peak in MB."""
    actions = [
        (os.POSIX_SPAWN_OPEN, fd, name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for fd, name in [(1, stdout), (2, stderr)]
    ]
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    sampler = Sampler(pid)
    sampler.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    sampler.ended.set()
    if sync:
        fsync(sync)
    synced = time.perf_counter() - start
    cpu, peak = usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss, sampler.peak) / 1024
    while True:  # orphans that have ended
        try:
            orphan, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if orphan == 0:
            break
        cpu += usage.ru_utime + usage.ru_stime
    return {"status": os.waitstatus_to_exitcode(status), "wall": wall, "synced": synced, "cpu": cpu, "peak": peak}


def run(command: list[str], sync: str | None) -> tuple[float, float, float]:
    got = measure(command, sync)
    if got["status"]:
        raise SystemExit(f"{command} failed with status {got['status']}")
    return got["synced"], got["cpu"], got["peak"]


def one(command, sync, folder):
    """One run as a line of JSON: its figures, and the last line that the command wrote, which may be JSON too."""
    import json

    stdout, stderr = os.path.join(folder, "stdout"), os.path.join(folder, "stderr")
    adopt_orphans()
    got = measure(command, sync, stdout, stderr)
    with open(stdout, errors="replace") as file:
        got["said"] = (file.read().strip().splitlines() or [""])[-1]
    if got["status"]:
        with open(stderr, errors="replace") as file:
            got["error"] = file.read()[-4000:]
    print(json.dumps(got))


def medians(args):
    import shutil
    import statistics

    runs = []
    for _ in range(args.n):
        if args.remove:
            shutil.rmtree(args.remove, ignore_errors=True)
            if os.path.exists(args.remove):
                os.remove(args.remove)
        os.sync()
        runs.append(run(args.command, args.sync))
    wall, cpu, peak = map(statistics.median, zip(*runs))
    peak = max(run[2] for run in runs)
    print(f"{wall:7.2f} s wall  {cpu:7.2f} s CPU  {peak:5.0f} MB peak  {' '.join(args.command)}")


def main():
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("--remove")
    parser.add_argument("--sync")
    parser.add_argument("--json", metavar="DIR", help="one run, its output in DIR")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    if args.json:
        one(args.command, args.sync, args.json)
    else:
        medians(args)


if __name__ == "__main__":
    # What --json needs most is that this process is small.
    if len(sys.argv) > 5 and sys.argv[1] == "--json" and sys.argv[3] == "--sync":
        one(sys.argv[5:], sys.argv[4] or None, sys.argv[2])
    else:
        main()
