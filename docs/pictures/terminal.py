"""Draws terminal.svg: what a terminal of 80 columns shows of a real run of shardify.

    cargo build --release
    python3 docs/pictures/terminal.py [--bin target/release/shardify]

Needs Python 3.10 and nothing else. The pictures are those in fixtures/, one of them cut off, so that something is skipped.
"""

import argparse
import fcntl
import html
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLUMNS = 80
COMMANDS = ["shardify convert imgs/ out/ --split train=0.8,test=0.2 --on-error skip", "shardify validate out/"]

# Of a character, and of a line, in pixels of the picture.
WIDTH, HEIGHT, FONT = 8.43, 19, 14
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#f2cc60", "34": "#79c0ff"}
ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def seen(binary, folder, command):
    """What a terminal receives of a command."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")} | {"TERM": "xterm-256color"}
    words = [str(binary), *command.split()[1:]]
    run = subprocess.Popen(words, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    received = b""
    try:
        while more := os.read(ours, 65536):
            received += more
    except OSError:  # nobody writes any more
        pass
    run.wait()
    return received.decode("utf-8").replace("\r\n", "\n")


def screen(text):
    """Lines of (text, colour, is bold) as they stand in the end: what a bar wrote is wiped out by what comes after it."""
    lines, colour, bold = [], None, False
    for line in text.split("\n"):
        parts = []
        for part in line.split("\r"):
            fresh, at = [], 0
            for escape in ESCAPE.finditer(part):
                fresh.append((part[at : escape.start()], colour, bold))
                at = escape.end()
                if escape[2] == "m":
                    for code in escape[1].split(";"):
                        colour = COLOURS.get(code, None if code in ("", "0") else colour)
                        bold = code == "1" or (bold and code not in ("", "0"))
                elif escape[2] == "K":
                    fresh = []
            fresh.append((part[at:], colour, bold))
            if any(text for text, *_ in fresh):
                parts = fresh
        lines.append([span for span in parts if span[0]])
    while lines and not any(text.strip() for text, *_ in lines[-1]):
        lines.pop()
    return lines


def draw(lines):
    width, top = round(COLUMNS * WIDTH + 40), 46
    height = top + len(lines) * HEIGHT + 18
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        ' aria-label="shardify convert and shardify validate in a terminal">',
        f'<rect width="{width}" height="{height}" rx="10" fill="#161b22"/>',
        *(f'<circle cx="{20 + 20 * at}" cy="20" r="6" fill="#484f58"/>' for at in range(3)),
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{FONT}" fill="#e6edf3">',
    ]
    for row, spans in enumerate(lines):
        column = 0
        for text, colour, bold in spans:
            if text.strip():
                # Each span has its length said, so that no font moves the columns.
                lead = len(text) - len(text.lstrip())
                body = text.strip()
                x, y = 20 + (column + lead) * WIDTH, top + row * HEIGHT
                look = (f' fill="{colour}"' if colour else "") + (' font-weight="bold"' if bold else "")
                out.append(
                    f'<text x="{x:.1f}" y="{y}" textLength="{len(body) * WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"'
                    f' xml:space="preserve"{look}>{html.escape(body, quote=False)}</text>'
                )
            column += len(text)
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target/release/shardify")
    binary = parser.parse_args().bin.resolve()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "fixtures/images", f"{folder}/imgs")
        cut = pathlib.Path(folder, "imgs/temple/broken.jpg")
        cut.write_bytes((ROOT / "fixtures/images/temple/gate.jpg").read_bytes()[:1500])
        lines = []
        for command in COMMANDS:
            prompt = [("$ ", "#7ee787", True), (command, None, True)]
            lines += [prompt, *screen(seen(binary, folder, command)), []]
    (HERE / "terminal.svg").write_text(draw(lines[:-1]), "utf-8")


if __name__ == "__main__":
    main()
