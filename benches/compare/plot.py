"""Draws how long floors and peers take beside shardify: a panel for each job, a bar for each command, on a logarithmic
axis.
"""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from job import FLOOR, OURS  # noqa: E402
from report import figures, ours, ratio  # noqa: E402

OURS_COLOR, FLOOR_COLOR, PEER_COLOR = "#111827", "#b4b8c0", "#3b7dd8"
INK, DIM, FAINT = "#1f2937", "#6b7280", "#e5e7eb"
LEAST, MOST = 0.08, 900
# In inches: a row, what a panel needs above its rows and below, the column of names, and bars.
ROW, ABOVE, BELOW, NAMES, BARS, EDGE, HEAD = 0.21, 0.28, 0.2, 2.2, 2.5, 0.1, 0.8


def rows_of(job):
    """(name, kind, times shardify's, the same without starting and importing, quality), the floors first, then from
    fast to slow.
    """
    base, rows = ours(job)["synced"], []
    for entry in job["entries"]:
        if entry["runs"] and entry["kind"] != OURS:
            got = figures(entry)
            inner = got["inner_synced"] and got["inner_synced"] / base
            rows.append((entry["name"], entry["kind"], got["synced"] / base, inner, decibels(entry)))
    return sorted(rows, key=lambda row: (row[1] != FLOOR, row[2]))


def decibels(entry):
    return f"{entry['quality']['psnr']:.0f} dB" if entry["quality"] else ""


def height(rows):
    return len(rows) * ROW + ABOVE + BELOW


def columns(panels):
    """Two columns, nearly as high as each other, in order."""
    if len(panels) == 1:
        return [panels]
    heights = [height(rows) for _, rows in panels]
    best = min(range(1, len(panels)), key=lambda at: abs(sum(heights[:at]) - sum(heights[at:])))
    return [panels[:best], panels[best:]]


def bar(axes, at, row):
    _, kind, times, inner, quality = row
    color = FLOOR_COLOR if kind == FLOOR else PEER_COLOR
    axes.barh(at, min(max(times, LEAST), MOST) - 1, left=1, height=0.68, color=color)
    if inner and kind != FLOOR and inner > LEAST:
        axes.plot(
            [min(inner, MOST)],
            [at],
            marker="o",
            markersize=3.6,
            markerfacecolor="white",
            markeredgecolor=INK,
            markeredgewidth=0.8,
        )
    end = max(times, 1, inner or 1)
    inside = end > MOST / 3
    where, color = ((times, "white") if times < MOST else (MOST, "white")) if inside else (end, INK)
    axes.annotate(
        f"{ratio(times, 1)}x",
        (where, at),
        xytext=(-5 if inside else 5, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center_baseline",
        fontsize=9,
        color=color,
    )
    axes.annotate(
        quality, (1, at), xycoords=("axes fraction", "data"), ha="right", va="center_baseline", fontsize=8, color=DIM
    )


def panel(axes, rows):
    axes.set_xscale("log")
    axes.set_xlim(LEAST, MOST)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows], fontsize=9, color=INK)
    axes.set_xticks([0.1, 1, 10, 100], [""] * 4)
    axes.minorticks_off()
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=FAINT, linewidth=0.9)
    for side in axes.spines.values():
        side.set_visible(False)
    for at, row in enumerate(rows):
        bar(axes, at, row)
    axes.axvline(1, color=OURS_COLOR, linewidth=1.8)


def heading(name, job):
    seconds = ours(job)["synced"]
    shown = f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
    quality = next((decibels(entry) for entry in job["entries"] if entry["kind"] == OURS), "")
    return f"{name}: shardify {shown}{quality and ', ' + quality}"


def draw(results, path):
    panels = [
        (heading(name, job), rows_of(job))
        for name, job in results["jobs"].items()
        if job["group"] != "scale" and ours(job) and rows_of(job)
    ]
    if not panels:
        return
    parts = columns(panels)
    wide = 2 * (NAMES + BARS) + 4 * EDGE
    high = HEAD + max(sum(height(rows) for _, rows in part) for part in parts)
    figure = plt.figure(figsize=(wide, high), dpi=150, facecolor="white")

    def write(x, y, text, size, **how):
        figure.text(x / wide, 1 - y / high, text, fontsize=size, color=INK, va="center", **how)

    cores = results["machine"]["cores"]
    write(EDGE, 0.2, "How many times as long as shardify", 13, fontweight="bold")
    about = [
        "Black line: shardify, 1x. Blue: peers, as whole processes; the dot is without starting and importing.",
        "Grey: floors, plain copies or decoding alone. dB: PSNR beside a reference. "
        f"Logarithmic axis; medians, {cores} cores, synced to disk.",
    ]
    for at, text in enumerate(about):
        write(EDGE, 0.46 + 0.18 * at, text, 9)
    for at, part in enumerate(parts):
        left, y = EDGE + at * (NAMES + BARS + 2 * EDGE), HEAD
        for name, rows in part:
            write(left, y + ABOVE / 2, name, 10, fontweight="bold")
            bottom = y + ABOVE + len(rows) * ROW
            panel(
                figure.add_axes([(left + NAMES) / wide, 1 - bottom / high, BARS / wide, len(rows) * ROW / high]), rows
            )
            y += height(rows)
    figure.savefig(path)
    plt.close(figure)
