"""Measures shardify beside floors and peers, in turns. Started by benches/compare/run, whose --help says how."""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import about
import keep
import npy
import plot
import report
import resize
import scale
import shards
from job import OURS, Bench

HERE = pathlib.Path(__file__).resolve().parent
MEASURE = HERE.parent / "measure.py"
GROUPS = {"keep": keep, "resize": resize, "npy": npy, "validate": shards, "index": shards, "scale": scale}
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "NO_GCE_CHECK": "true",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "WANDB_MODE": "disabled",
}


def options():
    parser = argparse.ArgumentParser(prog="benches/compare/run", description=__doc__)
    parser.add_argument(
        "--out",
        type=pathlib.Path,
        default=pathlib.Path(f"docs/benchmarks/{datetime.date.today()}"),
        help="default: docs/benchmarks/DATE",
    )
    parser.add_argument(
        "--only",
        metavar="GROUPS",
        type=lambda text: text.split(","),
        default=list(GROUPS),
        help=f"some of {','.join(GROUPS)}",
    )
    parser.add_argument("--job", default="", help="only jobs that have this in their names")
    parser.add_argument("--runs", type=int, default=5, help="turns that count, after one that warms the cache")
    parser.add_argument("--slow-runs", type=int, help="turns of the commands that take longest (default: as --runs)")
    parser.add_argument("--photos", type=int, default=10_000, help="photographs of keep")
    parser.add_argument("--resized", type=int, default=2000, help="photographs of 500x375 to resize")
    parser.add_argument("--large", type=int, default=100, help="photographs of 12 megapixels to resize")
    parser.add_argument("--rows", type=int, default=60_000, help="rows of the uint8 array")
    parser.add_argument("--array-gb", type=float, default=4, help="size of the large array")
    parser.add_argument("--shards-gb", type=float, default=2, help="size of each set of shards")
    parser.add_argument(
        "--scale",
        type=lambda text: [int(n) for n in text.split(",")],
        default=[10**4, 10**5, 10**6],
        help="numbers of records",
    )
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(".bench"), help=argparse.SUPPRESS)
    parser.add_argument(
        "--prepare", action="store_true", help="measure nothing, only install the peers and make the inputs"
    )
    parser.add_argument("--draw", action="store_true", help="measure nothing, only write tables and plot again")
    args = parser.parse_args()
    if unknown := set(args.only) - set(GROUPS):
        parser.error(f"no such group: {', '.join(unknown)}")
    args.slow_runs = args.slow_runs or args.runs
    return args


def remove(path):
    if path is not None and path.is_dir():
        shutil.rmtree(path)
    elif path is not None:
        path.unlink(missing_ok=True)


def run(entry, scratch):
    """One run of one command: what it took, after a check of what it wrote; None and a reason if it failed."""
    remove(entry.out)
    os.sync()
    try:
        return run_and_check(entry, scratch)
    finally:
        remove(entry.out)


def run_and_check(entry, scratch):
    sync = str(entry.out) if entry.out and entry.kind != OURS else ""
    # -I -S: the measuring process is small, as its memory counts for the command's.
    command = [sys.executable, "-I", "-S", MEASURE, "--json", scratch, "--sync", sync, *entry.command]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=os.environ | ENVIRONMENT)
    if done.returncode:
        return None, done.stderr[-2000:]
    got = json.loads(done.stdout)
    if got["status"]:
        return None, f"status {got['status']}: {got.get('error', '')[-2000:]}"
    said = got.pop("said")
    got["inner"] = json.loads(said)["seconds"] if said.startswith('{"seconds"') else None
    if entry.says not in said:
        return None, f"it says {said!r}, not {entry.says!r}"
    try:
        if entry.check:
            entry.check(entry.out)
        if entry.quality:
            got["quality"] = entry.quality(entry.out)
    except Exception as error:  # whatever is wrong with an output is wrong with that command alone
        return None, f"its output is wrong: {type(error).__name__}: {error}"
    return got, None


def take_turns(job, args, scratch):
    runs, failed, qualities = {entry.name: [] for entry in job.entries}, {}, {}
    for turn in range(args.runs + 1):
        line = []
        # Forth and back, so that none always follows the same other.
        for entry in job.entries if turn % 2 == 0 else reversed(job.entries):
            if entry.name in failed or (entry.slow and turn > args.slow_runs):
                continue
            if entry.name in qualities:
                entry = dataclasses.replace(entry, quality=None)
            got, why = run(entry, scratch)
            if got is None:
                failed[entry.name] = why
                print(f"  FAILED {entry.name}: {why}", flush=True)
                continue
            if "quality" in got:
                qualities[entry.name] = got.pop("quality")
            if turn > 0:
                runs[entry.name].append(got)
            line.append(f"{entry.name} {got['synced']:.2f}")
        print(f"  {'warm-up' if turn == 0 else f'turn {turn}'}: {', '.join(line)}", flush=True)
    return runs, failed, qualities


def measure(bench, args, results, path):
    scratch = bench.folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    bad, start = [], time.monotonic()
    for group in dict.fromkeys(GROUPS[name] for name in args.only):
        for job in group.jobs(bench):
            if args.job not in job.name or args.prepare:
                continue
            minutes = (time.monotonic() - start) / 60
            print(f"== {job.name}  [{minutes:.1f} min]", flush=True)
            when = about.when(bench)
            runs, failed, qualities = take_turns(job, args, scratch)
            bad += [f"{job.name}: {name}" for name in failed]
            results["jobs"][job.name] = {
                "group": job.group,
                "records": job.records,
                "bytes": job.bytes,
                "note": job.note,
                "when": when,
                "entries": [
                    {
                        "name": entry.name,
                        "kind": entry.kind,
                        "command": about.command(bench, entry),
                        "runs": runs[entry.name],
                        "quality": qualities.get(entry.name),
                        "failed": failed.get(entry.name),
                    }
                    for entry in job.entries
                ],
            }
            path.write_text(json.dumps(results, indent=1) + "\n")
    return bad


def main():
    args = options()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {"jobs": {}}
    bad = []
    if not args.draw:
        folder = args.folder.resolve()
        bench = Bench(
            shardify=pathlib.Path(os.environ["SHARDIFY_BIN"]).resolve(),
            folder=folder,
            python=folder / "peers" / "bin" / "python",
            img2dataset=folder / "img2dataset" / "bin" / "python",
            mds=folder / "mds" / "bin" / "python",
            dali=HERE.parent.parent / ".interop" / "dali" / "bin" / "tfrecord2idx",
            cores=len(os.sched_getaffinity(0)),
            options=args,
        )
        results["machine"] = about.machine(bench)
        if os.getloadavg()[0] > 0.5:
            print(
                f"something else runs on this machine (load {os.getloadavg()[0]:.1f}): figures will not be worth much",
                flush=True,
            )
        bad = measure(bench, args, results, path)
        if args.prepare:
            return
    (args.out / "README.md").write_text(report.page(results))
    plot.draw(results, args.out / "ratios.png")
    print(f"wrote {path}, README.md and ratios.png beside it")
    if bad:
        sys.exit("failed, and left out: " + "; ".join(bad))


if __name__ == "__main__":
    main()
