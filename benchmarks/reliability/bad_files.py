"""What a hostile folder holds in the place of files, and tables with something wrong in them."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.reliability.bad_values import TEXTS

HUNDRED_MB = 100 * 1024**2

HIKE, SPIRAL, NEWS = ("margin-hike", "members"), ("margin-spiral", "experts"), ("fit", "--to")
TABLES = {
    HIKE: "name,belief,cash\nZug,0.3,1\nBern,0.6,3.5\n",
    SPIRAL: "name,cash,endowment\nUri,-2,0.4\nZug,-2.5,0.3\n",
    ("pledgeability", "members"): "name,access,wealth\nUri,spot,0.9\nZug,repo,0.05\n",
    ("credit-tree", "members"): "name,like,scale\nUri,P,1.5\nZug,Q,0.5\n",
    ("collateral-equilibrium", "members"): "name,belief,cash\nZug,0.3,1\nBern,0.6,3.5\n",
    ("default-waterfall", "news"): "date,security\n2020-01-02,100\n2020-01-03,90\n2020-01-06,95\n",
    ("margin-procyclicality", "news"): "date,news\n2020-01-02,1\n2020-01-03,2\n2020-01-06,3\n",
}
"""A table that may stand for a parameter, or nearly so, by scenario and parameter."""


def hostile_folder(place: Path) -> list[Path]:
    """Fill a folder with what is no file, no text, or too much; and names that no file can have."""
    (place / "folder").mkdir(exist_ok=True)  # `walras new` may have made it
    os.mkfifo(place / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(place)  # names of sockets are short
        listening.bind("socket")
        os.chdir(here)
    (place / "nowhere").symlink_to(place / "gone")
    (place / "round").symlink_to(place / "round")
    (place / "empty").touch()
    (place / "bytes").write_bytes(np.random.default_rng(0).bytes(5000))
    (place / "latin").write_bytes("name,cash\nZürich,1\n".encode("latin-1"))
    (place / "open").write_text('"name,cash\nZug,1\n')
    (place / "brackets").write_text("x = " + "[" * 100_000)
    (place / "dots").write_text(f"scenario = 'exchange'\n[parameters]\n{'.'.join('a' * 5000)} = 1")
    with (place / "zeros").open("wb") as file:
        file.truncate(HUNDRED_MB)
    with (place / "letters").open("wb") as file:
        file.write(b"a" * HUNDRED_MB)
    names = [path.name for path in place.iterdir()]
    for name in names:
        for ending in (".toml", ".py", ".csv", ".parquet", ".html"):
            (place / f"{name}{ending}").symlink_to(place / name)
    (place / "secret.toml").touch(mode=0)
    known = [path.name for path in place.iterdir()]
    odd = ["a" * 300 + ".csv", "b" * 300 + ".toml", "c/" * 3000, "[/x]", ":smile:", "\udcff.toml"]
    odd += ["a\0b.py", "a\0b.toml", "", ".", "/", "/dev/zero", "/dev/full", "/proc/self/mem", "-"]
    odd += ["zeros/below", "/proc/below/this", "folder/" + "d" * 300, "gone/gone.toml", "/dev/tty"]
    return [Path(name) for name in (*known, *odd)]


def bad_table(rng: np.random.Generator, right: str) -> bytes:
    """A table as CSV with something wrong in it."""
    lines = [line.split(",") for line in right.splitlines()]
    act = int(rng.integers(9))
    row, column = int(rng.integers(len(lines))), int(rng.integers(len(lines[0])))
    if act < 4:
        cell = TEXTS[rng.integers(len(TEXTS))]
        lines[row][column] = cell if rng.random() < 0.7 else f'"{cell}"'
    elif act == 4:
        lines = [[*line[:column], *line[column + 1 :]] for line in lines]
    elif act == 5:
        lines[row] = lines[row] * int(rng.choice([2, 1000]))
    elif act == 6:
        lines[0][column] = lines[0][0]
    elif act == 7:
        lines = lines[:1]
    text = "\n".join(",".join(line) for line in lines) + "\n"
    given = text.encode("utf-8", errors="surrogatepass")
    if act == 8:
        harmed = bytearray(given)
        for place in rng.integers(len(harmed), size=3):
            harmed[place] = int(rng.integers(256))
        given = bytes(harmed)
    return given


def bad_parquet(rng: np.random.Generator, right: str, file: Path) -> None:
    """Write a table as Parquet with something wrong in it."""
    lines = [line.split(",") for line in right.splitlines()]
    table = pd.DataFrame(lines[1:], columns=lines[0])
    column = lines[0][int(rng.integers(len(lines[0])))]
    cells: tuple[Any, ...] = (
        [[1.0]],
        [{"a": 1}],
        [b"bytes"],
        [None],
        [pd.Timestamp("2020-01-01")],
        [True],
        [1e308],
    )
    act = int(rng.integers(len(cells) + 3))
    if act < len(cells):
        table[column] = cells[act] * len(table)
    elif act == len(cells):
        table = table.iloc[:0]
    table.to_parquet(file)
    if act > len(cells):
        harmed = bytearray(file.read_bytes())
        for place in rng.integers(len(harmed), size=3):
            harmed[place] = int(rng.integers(256))
        file.write_bytes(harmed if act == len(cells) + 1 else harmed[: len(harmed) // 2])
