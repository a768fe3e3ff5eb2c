"""Exported runs altered with new digests, and folders made to harm who reads them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.reliability.trial import Line, Trial
from markets.refused import Refused
from simulator.export import MANIFEST, PROOFS, digest, seal
from simulator.exported import read_manifest, read_table
from simulator.verify import MADE_WITH, Verification
from simulator.verify import verify as verify_run
from walras.catalogue import find

ALTERED, REPEATED, HOSTILE = 200, 80, 56
"""Trials of the full report."""

SECONDS, MEMORY = 30.0, 3e9
"""What a command may take of a hostile folder, beside what others on the machine make it wait."""

SCENARIOS: Mapping[str, Mapping[str, Any]] = {
    "exchange": {},
    "margin-hike": {"traders": 60},
    "bankruptcy": {},
    "bankruptcy-capm": {},
    "funding-contagion": {},
    "margin-spiral": {},
    "leverage-cycle": {},
    "default-waterfall": {},
    "endogenous-leverage": {"traders": 60},
    "prepayment": {},
    "pledgeability": {"days": 6, "investors": 60},
}
"""What is exported and altered, in sizes that are run again in a second."""


class Exports:
    """One export of each scenario, made when it is first asked for, and copies of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.made: dict[str, Path] = {}

    def copy(self, name: str, *, figures: bool = False) -> Path:
        """A fresh copy of the export of a scenario, under the name of the original."""
        key = f"{name}{'-figures' * figures}"
        if key not in self.made:
            run = find(name).run(**SCENARIOS[name])
            self.made[key] = run.export(self.place / "made" / key, plots=figures)
        original = self.made[key]
        target = self.place / "copies" / original.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(original, target)
        return target


@dataclass(frozen=True, slots=True)
class Alteration:
    """What was altered: the words by which a check may say that it does not cover it."""

    said: str
    excused: tuple[str, ...] = ()


def reseal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest with new digests and a new seal."""
    manifest["files"] = {
        name: digest(folder / name)
        for name in manifest["files"]
        if (folder / name).is_file() and not (folder / name).is_symlink()
    }
    manifest["seal"] = seal(manifest)
    text = json.dumps(manifest, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


# ------------------------------------------------------------------ single cells and fields
def alter(folder: Path, rng: np.random.Generator) -> Alteration:
    """Alter one cell or field of an exported run, and give it new digests."""
    manifest = read_manifest(folder)
    tables = sorted(path.stem for path in folder.glob("*.parquet"))
    kind = rng.choice(["cell", "cell", "cell", "field", "field", "codebook", "proof"])
    if kind == "cell":
        return _cell(folder, manifest, str(rng.choice(tables)), rng)
    if kind == "codebook":
        return _codebook(folder, manifest, rng)
    if kind == "proof" and (folder / PROOFS).is_file():
        return _proof(folder, manifest, rng)
    return _field(folder, manifest, rng)


def _cell(
    folder: Path, manifest: dict[str, Any], name: str, rng: np.random.Generator
) -> Alteration:
    """Alter a cell of a table in Parquet and CSV; of dates in the manifest, too, half the time."""
    path = folder / f"{name}.parquet"
    table = pq.read_table(path)
    column, row = str(rng.choice(table.column_names)), int(rng.integers(table.num_rows))
    values = table[column].to_pylist()
    before, values[row] = values[row], changed(values[row], rng)
    index = table.column_names.index(column)
    field = table.schema.field(index)
    table = table.set_column(index, field, pa.array(values, type=field.type))
    pq.write_table(table, path, compression="zstd")
    read_table(folder, name).to_csv(folder / f"{name}.csv", index=False)
    if name == "dates" and rng.random() < 0.5:
        told = manifest["dates"][row]
        where = told["quotes"] if column in told["quotes"] else told
        if column in where:
            where[column] = values[row]
    reseal(folder, manifest)
    said = f"{name}.parquet and .csv: {column}, row {row + 1}: {before!r} to {values[row]!r}"
    excused: tuple[str, ...] = (f"{name}: {column}", f"study: {name}")
    if name in ("rounds", "agents"):
        excused = (name,)
    if name == "dates" and row_without_traders(folder, manifest["dates"][row]):
        excused += ("dates without traders",)
    return Alteration(said, excused)


def row_without_traders(folder: Path, date: Mapping[str, Any]) -> bool:
    """Whether the traders of a date were left out of an export."""
    agents = read_table(folder, "agents")
    return not ((agents["case"] == date["case"]) & (agents["date"] == date["date"])).any()


def changed(value: Any, rng: np.random.Generator) -> Any:
    """A value of the same type that is another."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + int(rng.choice([1, -1, 1000])) if value else 1
    if isinstance(value, float):
        if not np.isfinite(value):
            return 1.0
        return float(
            rng.choice([np.nextafter(value, np.inf), value * (1.0 + 1e-6) + 1e-9, value + 1.0])
        )
    if value is None:
        return None
    return f"{value}x" if isinstance(value, str) else value


def _leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of all values of a JSON document that are no table and no list."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, (*place, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _leaves(part, (*place, number))
    elif value is not None:
        yield place


def _change_at(document: Any, place: tuple[Any, ...], rng: np.random.Generator) -> str:
    """Change a value in a document, and say how."""
    inside = document
    for step in place[:-1]:
        inside = inside[step]
    before = inside[place[-1]]
    inside[place[-1]] = changed(before, rng)
    return f"{'.'.join(map(str, place))}: {before!r} to {inside[place[-1]]!r}"


def _field(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> Alteration:
    """Alter a field of the manifest; every part of it is as likely as every other."""
    parts = [name for name in manifest if name not in ("files", "seal", "format")]
    part = str(rng.choice(parts))
    places = list(_leaves(manifest[part], (part,)))
    if not places:
        return _field(folder, manifest, rng)
    place = places[int(rng.integers(len(places)))]
    excused: tuple[str, ...] = (part, ".".join(map(str, place[:2])))
    if part == "dates":
        name = place[3] if place[2] in ("quotes",) else place[2]
        excused = (f"dates: {name}", str(place[2]))
        if place[2] == "certificate" and "conditions" in place:
            condition = manifest["dates"][place[1]]["certificate"]["conditions"][place[4]]
            excused += (f"certificates: {condition['name']}",)
        if row_without_traders(folder, manifest["dates"][place[1]]):
            excused += ("dates without traders",)
    if part == "studies":
        excused = (f"study: {place[1]}",)
    said = f"{MANIFEST}: {_change_at(manifest, place, rng)}"
    reseal(folder, manifest)
    return Alteration(said, excused)


def _codebook(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> Alteration:
    """Alter a character of the codebook or of the file of parameters."""
    name = str(rng.choice(["codebook.csv", "parameters.toml"]))
    text = (folder / name).read_text(encoding="utf-8")
    place = int(rng.integers(len(text)))
    altered = text[:place] + ("q" if text[place] != "q" else "z") + text[place + 1 :]
    (folder / name).write_text(altered, encoding="utf-8")
    reseal(folder, manifest)
    return Alteration(f"{name}: character {place}")


def _proof(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> Alteration:
    """Alter a number or a text in a proof."""
    proofs = json.loads((folder / PROOFS).read_text(encoding="utf-8"))
    places = list(_leaves(proofs))
    said = _change_at(proofs, places[int(rng.integers(len(places)))], rng)
    (folder / PROOFS).write_text(json.dumps(proofs, indent=1) + "\n", encoding="utf-8")
    reseal(folder, manifest)
    return Alteration(f"{PROOFS}: {said}", ("proofs",))


def found(checked: Verification) -> bool:
    """Whether a check found something."""
    return bool(checked.altered or checked.differing or not checked.certified)


def alterations(
    exports: Exports, rng: np.random.Generator, count: int, *, repeat: bool
) -> Iterator[Trial]:
    """Alter exports in one place each, and check them."""
    for _ in range(count):
        name = str(rng.choice(list(SCENARIOS)))
        folder = exports.copy(name)
        state = rng.bit_generator.state["state"]
        made = alter(folder, rng)
        begun = time.perf_counter()
        what, failure = "found", ""
        try:
            checked = verify_run(folder, find, repeat=repeat)
            if not found(checked):
                covered = [t for t in checked.not_covered if t.startswith(made.excused)]
                what = "said not to be covered" if made.excused and covered else "missed"
                failure = "" if what != "missed" else f"not found, nor said: {made.said}"
        except Refused:
            what = "found"
        seconds = time.perf_counter() - begun
        how = "altered, run again" if repeat else "altered, from files alone"
        if repeat and what == "said not to be covered" and made.excused[0] not in MADE_WITH:
            failure = f"not found by running it again: {made.said}"
        yield Trial(f"{how}: {what}", f"{name}, {state}: {made.said}", failure, seconds)


# ------------------------------------------------------------------ folders made to harm
Harm = Callable[[Path, dict[str, Any], np.random.Generator], str]
"""Makes a folder hostile, and says how."""


def climbing(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """Names of files that climb out of the folder."""
    names = ["../canary", "/etc/passwd", "a/b", "..", ".", "", "a\x00b", "x\x1b[2J", "\\\\host\\a"]
    name = str(rng.choice(names))
    place = str(rng.choice(["files", "figures", "studies"]))
    if place == "files":
        manifest["files"][name] = "0" * 64
    elif place == "figures":
        manifest["told"]["figures"][name] = {"caption": "a", "alternative": "b"}
    else:
        manifest["studies"][name] = []
    _write(folder, manifest)
    return f"{place} names {name!r}"


def special(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """A link, a pipe, a socket or a folder in place of a file."""
    name = str(rng.choice([MANIFEST, *manifest["files"]]))
    kind = str(rng.choice(["link", "zero", "loop", "pipe", "socket", "folder", "sparse"]))
    path = folder / name
    path.unlink()
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with tempfile.TemporaryDirectory(prefix="w") as short:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(f"{short}/s")
            shutil.move(f"{short}/s", path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(2**40)
    return f"{name} is a {kind}"


def nested(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """A manifest or proofs that are nested deep, or large."""
    name = str(rng.choice([MANIFEST, PROOFS]))
    depth = int(rng.choice([60, 1_000, 100_000]))
    kind = str(rng.choice(["lists", "tables", "large", "parameters"]))
    if kind == "lists":
        text = "[" * depth + "]" * depth
    elif kind == "tables":
        text = '{"a":' * depth + "1" + "}" * depth
    elif kind == "large":
        text = "[" + '"a",' * 25_000_000 + '"a"]'
    else:
        text = json.dumps(manifest).replace('"seed"', f'"x": {"[" * depth}{"]" * depth}, "seed"')
    (folder / name).write_text(text, encoding="utf-8")
    if name == PROOFS:
        manifest["files"][PROOFS] = ""
        reseal(folder, manifest)
    return f"{name}: {kind}, {depth}"


def large(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """A small file that holds a large table."""
    name = str(rng.choice(["rounds", "dates", "agents"]))
    kind = str(rng.choice(["rows", "texts", "columns"]))
    path = folder / f"{name}.parquet"
    if kind == "rows":
        part = pa.table({c: np.zeros(2_000_000) for c in ("case", "date", "price")})
        with pq.ParquetWriter(path, part.schema) as writer:
            for _ in range(100):
                writer.write_table(part)
    elif kind == "texts":
        text = pa.array(["x" * 10_000_000]).cast(pa.large_string())
        indices = pa.array(np.zeros(1_000_000, dtype=np.int32))
        table = pa.table({"case": pa.DictionaryArray.from_arrays(indices, text)})
        pq.write_table(table, path, store_schema=False)
    else:
        pq.write_table(pa.table({f"c{i}": [1.0] for i in range(20_000)}), path)
    reseal(folder, manifest)
    return f"{name}: {kind}"


def marked(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """Markup and control characters in names and texts."""
    text = str(
        rng.choice(
            [
                "[red]x[/red]",
                "[/]",
                "\x1b[2J",
                "<script>alert(1)</script>",
                "a\nb",
                "\u202eab",
                "{{7*7}}",
            ]
        )
    )
    place = str(
        rng.choice(["case", "scenario", "reason", "result", "condition", "versions", "file"])
    )
    if place == "case":
        old = manifest["dates"][0]["case"]
        for date in manifest["dates"]:
            date["case"] = text if date["case"] == old else date["case"]
        for name in ("rounds", "dates", "agents"):
            table = pq.read_table(folder / f"{name}.parquet")
            values = [text if v == old else v for v in table["case"].to_pylist()]
            place_of = table.column_names.index("case")
            column = pa.array(values, type=table.schema.field("case").type)
            table = table.set_column(place_of, table.schema.field("case"), column)
            pq.write_table(table, folder / f"{name}.parquet")
    elif place in ("scenario", "reason"):
        manifest[place] = text
    elif place == "result":
        manifest["told"]["result"] = text
    elif place == "condition":
        manifest["dates"][0]["certificate"]["conditions"][0]["name"] = text
    elif place == "versions":
        manifest["versions"][text] = text
    else:
        with suppress(OSError):
            (folder / text.replace("/", "")).write_text("", encoding="utf-8")
    reseal(folder, manifest)
    return f"{place} is {text!r}"


def long_numbers(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """Numbers of a million digits, or whose power of ten fills the memory."""
    number = str(
        rng.choice(["9" * 1_000_000, '"' + "9" * 1_000_000 + '"', '"1e999999999"', "1e999999999",
                    '"1/' + "3" * 1_000_000 + '"', "NaN"])
    )  # fmt: skip
    name = PROOFS if (folder / PROOFS).is_file() and rng.random() < 0.7 else MANIFEST
    text = (folder / name).read_text(encoding="utf-8")
    document = json.loads(text)
    places = list(_leaves(document))
    place = places[int(rng.integers(len(places)))]
    inside = document
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = "@@"
    (folder / name).write_text(json.dumps(document).replace('"@@"', number), encoding="utf-8")
    if name == PROOFS:
        reseal(folder, manifest)
    return f"{name}, {'.'.join(map(str, place))} is {number[:20]}"


def swapped(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """A value of another type in the manifest, or a column of another type in a table."""
    others: list[Any] = [
        "text",
        1,
        1.5,
        True,
        None,
        [],
        {},
        [1, "a"],
        {"a": {"b": []}},
        -1,
        10**400,
    ]
    if rng.random() < 0.6:
        places = list(_leaves(manifest))
        place = places[int(rng.integers(len(places)))][: int(rng.integers(1, 6))]
        inside = manifest
        for step in place[:-1]:
            inside = inside[step]
        inside[place[-1]] = others[int(rng.integers(len(others)))]
        _write(folder, manifest)
        return f"{'.'.join(map(str, place))} is {inside[place[-1]]!r:.30}"
    name = str(rng.choice(["rounds", "dates", "agents"]))
    table = pq.read_table(folder / f"{name}.parquet")
    column = str(rng.choice(table.column_names))
    many = table.num_rows
    values = [
        pa.array(["text"] * many), pa.array([None] * many), pa.array([[1.0]] * many),
        pa.array([{"a": 1}] * many), pa.array([0] * many, type=pa.timestamp("ns")),
        pa.array([b"\xff"] * many), pa.array([np.inf] * many), pa.array([1e308] * many),
        pa.array([2**62] * many), pa.array([True] * many),
    ]  # fmt: skip
    kind = int(rng.integers(len(values) + 1))
    if kind == len(values):
        table = table.drop_columns([column])
    else:
        table = table.set_column(table.column_names.index(column), column, values[kind])
    pq.write_table(table, folder / f"{name}.parquet")
    reseal(folder, manifest)
    return f"{name}.{column}: kind {kind}"


def elsewhere(folder: Path, manifest: dict[str, Any], rng: np.random.Generator) -> str:
    """Parameters that name files elsewhere, or code."""
    code = folder / "own.py"
    code.write_text("open('../executed', 'w').write('x')\n", encoding="utf-8")
    manifest["files"]["own.py"] = digest(code)
    (folder / "link.csv").symlink_to("/etc/passwd")
    names = ["/etc/passwd", "../canary", "link.csv", "/dev/zero", "own.py", "x" * 5_000, "a\x00b"]
    name = str(rng.choice(names))
    field, value = (
        ("members", name), ("members", {"file": name}), ("beliefs", f"empirical(file={name})"),
        ("margin", {"file": name}), ("market", name), ("population", [{"members": name}]),
        ("cash", f"empirical(file={name})"),
    )[int(rng.integers(7))]  # fmt: skip
    manifest["parameters"][field] = value
    if rng.random() < 0.3:
        manifest["scenario"] = str(folder / "own.py")
    reseal(folder, manifest)
    return f"{field} is {value!r:.60}, scenario is {manifest['scenario']!r:.60}"


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest with a new seal, its digests as they are."""
    with suppress(TypeError, ValueError):
        manifest["seal"] = seal(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


HARMS: Mapping[str, tuple[Harm, str]] = {
    "names that climb out": (climbing, "exchange"),
    "links, pipes, folders": (special, "exchange"),
    "nested deep or large": (nested, "prepayment"),
    "tables that fill the memory": (large, "exchange"),
    "markup and control characters": (marked, "exchange"),
    "numbers of a million digits": (long_numbers, "prepayment"),
    "types swapped": (swapped, "funding-contagion"),
    "parameters that name files elsewhere": (elsewhere, "margin-hike"),
}
"""Kinds of hostile folders, and of which scenario."""

COMMANDS = (
    ("verify",), ("verify", "--repeat"), ("report",), ("export",), ("figure",), ("compare",),
)  # fmt: skip


def hostile(exports: Exports, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Give hostile folders to every command that reads exported runs."""
    kinds = list(HARMS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        harm, scenario = HARMS[kind]
        folder = exports.copy(scenario)
        said = harm(folder, read_manifest(folder), rng)
        words = COMMANDS[int(rng.integers(len(COMMANDS)))]
        trial = read_by_command(folder, exports, words)
        yield Trial(f"hostile: {kind}", f"{' '.join(words)}: {said}", *trial)


def read_by_command(folder: Path, exports: Exports, words: tuple[str, ...]) -> tuple[str, float]:
    """What is wrong with how a command ended on a folder, and how long it took."""
    work = exports.place / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    command, *options = words
    given = [str(folder)]
    if command == "figure":
        given.append("quotes_by_round")
    if command == "compare":
        given.append(str(exports.made.get("exchange", folder)))
    if command == "report":
        options = ["--out", str(work / "report")]
    before = {path for path in exports.place.rglob("*") if work not in path.parents}
    begun = time.perf_counter()
    with (work / "out").open("wb") as out, (work / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "walras", command, *options, *given],
            cwd=work, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )  # fmt: skip
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.perf_counter() - begun > 4 * SECONDS:
                process.kill()
            time.sleep(0.02)
    process.returncode = code = os.waitstatus_to_exitcode(ended[1])
    seconds = time.perf_counter() - begun
    used = ended[2].ru_utime + ended[2].ru_stime
    texts = [(work / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err")]
    html = [path.read_text("utf-8") for path in (work / "report").glob("*.html")]
    outside = {path for path in exports.place.rglob("*") if work not in path.parents} - before
    lines = texts[1].strip().splitlines()
    wrong = {
        f"it ended with {code}": code not in (0, 2, 3),
        f"it said on stderr: {texts[1][:200]!r}": code == 2
        and (len(lines) != 1 or not lines[0].startswith("walras: ") or len(lines[0]) > 300),
        f"it took {used:.0f} s of processor time": used > SECONDS,
        f"it took {ended[2].ru_maxrss / 1e6:.1f} GB": ended[2].ru_maxrss * 1e3 > MEMORY,
        "it printed control characters": "\x1b" in "".join(texts) or "\u202e" in "".join(texts),
        "the report holds markup": any("<script>alert" in text for text in html),
        f"it wrote {outside}": bool(outside),
    }
    return "; ".join(text for text, so in wrong.items() if so), seconds


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Alterations without and with running again, and hostile folders."""
    with tempfile.TemporaryDirectory(prefix="walras-reliability-") as place:
        exports = Exports(Path(place))
        yield from alterations(exports, rng, max(3, round(ALTERED * share)), repeat=False)
        yield from alterations(exports, rng, max(2, round(REPEATED * share)), repeat=True)
        yield from hostile(exports, rng, max(2, round(HOSTILE * share)))


LINE = Line(
    "verify",
    "An alteration of an exported run is found, though its digests are redone, or is said not to"
    " be covered; a hostile folder ends in one sentence",
    trials,
    (
        "A cell or field is altered in one place each time, in Parquet, CSV and (half the time) the"
        " manifest together; digests and seal are redone.",
        'Without running it again, "said not to be covered" counts as a success; with it, only'
        " versions and revision may be.",
        f"A hostile folder may take a command {SECONDS:.0f} s of processor time and"
        f" {MEMORY / 1e9:.0f} GB.",
    ),
)
