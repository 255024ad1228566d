"""Runs a command several times and prints its wall time, CPU time and peak memory: medians, and the worst peak.

    python3 benches/measure.py [-n RUNS] [--remove PATH] [--sync PATH] COMMAND...

--remove deletes an output before each run, outside of the time; --sync ends each run, inside of the time, with `sync PATH`
on every file below PATH, for programs that do not sync what they write.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import time


def run(command: list[str], sync: str | None) -> tuple[float, float, float]:
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command} failed with status {status}")
    if sync:
        files = [sync] if os.path.isfile(sync) else [os.path.join(d, f) for d, _, names in os.walk(sync) for f in names]
        for path in files:
            with open(path, "rb") as file:
                os.fsync(file.fileno())
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("--remove")
    parser.add_argument("--sync")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    runs = []
    for _ in range(args.n):
        if args.remove:
            shutil.rmtree(args.remove, ignore_errors=True)
            if os.path.exists(args.remove):
                os.remove(args.remove)
        os.sync()
        runs.append(run(args.command, args.sync))
    wall, cpu, peak = zip(*runs)
    print(f"{statistics.median(wall):7.2f} s wall  {statistics.median(cpu):7.2f} s CPU  {max(peak):5.0f} MB peak  {' '.join(args.command)}")
