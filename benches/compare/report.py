"""The page of a measurement: tables of medians, drawn from results.json alone."""

import statistics

from job import FLOOR, OURS, PEER

HEAD = """# {date}: shardify beside floors and peers

Made by `benches/compare/run`; [docs/benchmarks/README.md](../README.md) says how it measures and what can mislead.
The figures of every run are in [results.json](results.json).

Machine: {cores} cores ({processor}), {memory_gb} GB, Linux {kernel}, {filesystem}; load before it began
{load_before}; {rustc}; Python {python}.

Peers: {packages}; mosaicml-streaming {mosaicml-streaming}; img2dataset {img2dataset} with TensorFlow
{img2dataset_tensorflow}.

![Times of floors and peers beside shardify's](ratios.png)

Medians of whole processes, warm cache, in turns. **synced**: until all that was written is on the disk, which
shardify always sees to, and which counts in *x shardify* (its default, all cores). **unsynced**: until the process
ended. **inner**: the Python part without starting and importing, unsynced. **x shardify, inner**: that and the sync,
beside the whole of shardify.
"""


def median(runs, key):
    values = [run[key] for run in runs if run.get(key) is not None]
    return statistics.median(values) if values else None


def figures(entry):
    """Medians of one command, or None if it has no run."""
    runs = entry["runs"]
    if not runs:
        return None
    synced, wall, inner = (median(runs, key) for key in ("synced", "wall", "inner"))
    return {
        "synced": synced,
        "least": min(run["synced"] for run in runs),
        "most": max(run["synced"] for run in runs),
        "wall": wall,
        "inner": inner,
        "inner_synced": None if inner is None else inner + synced - wall,
        "cpu": median(runs, "cpu"),
        "peak": max(run["peak"] for run in runs),
        "runs": len(runs),
    }


def ours(job):
    """shardify as it runs by default: on all cores, which comes first."""
    return next((figures(entry) for entry in job["entries"] if entry["kind"] == OURS and entry["runs"]), None)


def number(value):
    """Three digits, or all before the point."""
    if value is None:
        return ""
    digits = next(digits for least, digits in [(100, 0), (10, 1), (1, 2), (0, 3)] if value >= least)
    return f"{value:.{digits}f}"


def ratio(value, base):
    if value is None or not base:
        return ""
    times = value / base
    return f"{times:.0f}" if times >= 9.5 else f"{times:.1f}" if times >= 2 else f"{times:.2f}"


def line(cells):
    return f"| {' | '.join(cells)} |"


def head(cells):
    return [line(cells), "|" + "---|" * len(cells)]


HEADS = (
    "command; runs; synced, s (least to most); unsynced, s; inner, s; CPU, s; peak, MB; records/s; "
    "x shardify; x shardify, inner"
)
PIXELS = "PSNR, dB (worst); SSIM; bytes each"
SHOWN = {FLOOR: "*floor:* {}", PEER: "{}", OURS: "**{}**"}


def table(job):
    base = ours(job)
    base = base["synced"] if base else None
    heads = HEADS.split("; ")
    pixels = any(entry["quality"] for entry in job["entries"])
    if pixels:
        heads += PIXELS.split("; ")
    lines = head(heads)
    for entry in job["entries"]:
        got, kind = figures(entry), entry["kind"]
        name = SHOWN[kind].format(entry["name"])
        if got is None:
            lines.append(line([name, "failed", *[""] * (len(heads) - 2)]))
            continue
        cells = [
            name,
            str(got["runs"]),
            f"{number(got['synced'])} ({number(got['least'])} to {number(got['most'])})",
            "" if kind == OURS else number(got["wall"]),
            number(got["inner"]),
            number(got["cpu"]),
            f"{got['peak']:.0f}",
            f"{job['records'] / got['synced']:,.0f}",
            ratio(got["synced"], base),
            ratio(got["inner_synced"], base) if kind == PEER else "",
        ]
        lines.append(line(cells + (quality(entry["quality"]) if pixels else [])))
    return lines


def quality(got):
    if not got:
        return ["", "", ""]
    return [f"{got['psnr']:.1f} ({got['worst']:.1f})", f"{got['ssim']:.4f}", f"{got['bytes']:,.0f}"]


def scale(jobs):
    """One table for all sizes: time for each record and peak."""
    lines = head(["job", "threads", "s", "us a record", "records/s", "CPU, us a record", "peak, MB"])
    for name, job in jobs:
        for entry in job["entries"]:
            if got := figures(entry):
                cells = [name.removeprefix("scale, "), entry["name"].split()[-1], number(got["synced"])]
                cells += [f"{got['synced'] / job['records'] * 1e6:.2f}", f"{job['records'] / got['synced']:,.0f}"]
                cells += [f"{got['cpu'] / job['records'] * 1e6:.2f}", f"{got['peak']:.0f}"]
                lines.append(line(cells))
    return lines


def summary(jobs):
    """Each job in a line: shardify beside the fastest floor, the fastest peer and the slowest."""
    lines = ["| job | shardify, s | beside the floors | fastest peer | slowest peer |", "|---|---|---|---|---|"]
    for name, job in jobs:
        base = ours(job)
        if job["group"] == "scale" or base is None:
            continue
        measured = [(entry, figures(entry)) for entry in job["entries"] if entry["runs"]]
        floors = [
            f"{base['synced'] / got['synced']:.2f}x {entry['name']}"
            for entry, got in measured
            if entry["kind"] == FLOOR
        ]
        peers = sorted(((got["synced"], entry["name"]) for entry, got in measured if entry["kind"] == PEER))
        ends = [f"{ratio(seconds, base['synced'])}x, {peer}" for seconds, peer in (peers[:1] + peers[-1:])]
        lines.append(f"| {name} | {number(base['synced'])} | {'; '.join(floors)} | {' | '.join(ends or ['', ''])} |")
    return lines


def page(results):
    jobs, machine = list(results["jobs"].items()), results["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    dates = sorted(job["when"]["date"] for _, job in jobs) or ["nothing"]
    lines = [HEAD.format(**machine | {"packages": packages, "date": dates[-1][:10]}), "## Summary", ""]
    lines += [
        "shardify's time as a multiple of each floor's; the peers' as multiples of shardify's.",
        "",
        *summary(jobs),
    ]
    for name, job in jobs:
        if job["group"] == "scale":
            continue
        lines += [
            "",
            f"## {name}",
            "",
            f"{job['records']:,} records, {job['bytes'] / 1e9:.2f} GB. {made(job)}{job['note']}".rstrip(),
            "",
            *table(job),
        ]
        lines += ["", *(f"    {entry['command']}" for entry in job["entries"])]
    sizes = [(name, job) for name, job in jobs if job["group"] == "scale"]
    if sizes:
        notes = dict.fromkeys(job["note"] for _, job in sizes)
        lines += ["", "## scale", "", f"{made(sizes[-1][1])}{' '.join(notes)}", "", *scale(sizes)]
    return "\n".join(lines) + "\n"


def made(job):
    return f"{job['when']['shardify']}, commit {job['when']['commit']}, {job['when']['date']}. "
