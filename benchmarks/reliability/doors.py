"""Bad input at every door: the command, files, Python and the page's links.

What is drawn is given to the real entry, in this process or in one of its own. A run whose input is
taken is built and ends at its first round, which is put in the place of all rounds here.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import numpy as np
import typer
from typer.testing import CliRunner

import walras
from benchmarks.reliability.bad_files import TABLES, bad_parquet, bad_table, hostile_folder
from benchmarks.reliability.bad_values import as_toml, bad_value, written
from benchmarks.reliability.trial import Line, Trial
from benchmarks.timing import given_up
from markets.refused import Refused
from simulator.parameters import parse
from walras.catalogue import TITLES
from walras.command import app
from walras.commands.app import NO_READER
from walras.serving import Asked

LONGEST = 300
"""Characters of what is said about bad input."""

SECONDS = 1.0
"""Processor time after which a refusal is too late, in a process that has its libraries."""

WAITS = 60.0
"""Seconds that a process of its own gets before it counts as hanging."""

ROOT = Path(__file__).resolve().parents[2]


class Taken(BaseException):
    """The input was taken: the first round begins."""


@dataclass
class Door:
    """Gives bad input and judges what comes of it."""

    rng: np.random.Generator
    place: Path

    def command(self, what: str, words: Sequence[str]) -> Trial:
        """The command in this process."""
        given = " ".join(_brief(word) for word in words)

        def ask() -> str:
            result = CliRunner().invoke(app, list(words))
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            return ended(result.exit_code, result.stderr, result.stdout)

        return self._tried(what, f"walras {given}", ask)

    def python(self, what: str, called: str, ask: Callable[[], object]) -> Trial:
        """A call from Python, which is to raise ``Refused``."""

        def asked() -> str:
            try:
                ask()
            except Refused as error:
                return sentence(str(error))
            return "it is taken, and nothing begins"

        return self._tried(what, called, asked)

    def _tried(self, what: str, given: str, ask: Callable[[], str]) -> Trial:
        began, used = time.perf_counter(), time.process_time()
        try:
            with (
                patch("simulator.economy.Economy.step", _first_round),
                patch("walras.serving.serve", _first_round),
                warnings.catch_warnings(record=True) as warned,
                given_up(WAITS, TimeoutError(f"it went on for {WAITS:g} s")),
                contextlib.chdir(self.place),
            ):
                warnings.simplefilter("always")
                failure = ask() or (f"it warned: {warned[0].message}" if warned else "")
        except Taken:
            return Trial(what, given, "", time.perf_counter() - began)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a failure
            failure = f"{type(error).__name__}: {error}"[:200]
        used = time.process_time() - used
        if not failure and used > SECONDS:
            failure = f"it was refused after {used:.1f} s of processor time"
        return Trial(what, given, failure, time.perf_counter() - began)


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Draw bad input for every door; the full number is some thousands of trials."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        door = Door(rng, place)
        for name, arguments in ARGUMENTS.items():  # so that libraries are loaded
            door.command(name, [name, *arguments])
        for _ in range(_number(1500, share)):
            yield _set(door)
        for _ in range(_number(1000, share)):
            yield _toml(door)
        for _ in range(_number(1500, share)):
            yield _python(door)
        for _ in range(_number(1000, share)):
            yield _linked(door)
        hostile = [str(path) for path in hostile_folder(place)]
        for _ in range(_number(1000, share)):
            yield _option(door, hostile)
        for _ in range(_number(700, share)):
            yield _table(door)
        for _ in range(_number(40, share)):
            yield _apart(door, hostile)


def _number(full: int, share: float) -> int:
    return max(1, round(full * share))


def _set(door: Door) -> Trial:
    name, key, like = _parameter(door.rng)
    text = written(bad_value(door.rng, like))
    return door.command("command, --set", ["run", name, "--set", f"{key}={text}", *_QUIET])


_QUIET = ("--quiet", "--json", "--no-studies")


def _toml(door: Door) -> Trial:
    name, key, like = _parameter(door.rng)
    file = door.place / "given.toml"
    value = as_toml(bad_value(door.rng, like))
    text = f'scenario = "{name}"\n[parameters]\n{key} = {value}\n'
    file.write_text(text, encoding="utf-8", errors="replace")
    trial = door.command("file of parameters", ["run", str(file), *_QUIET])
    return Trial(trial.what, _brief(text), trial.failure, trial.seconds)


def _python(door: Door) -> Trial:
    name, key, like = _parameter(door.rng)
    value = bad_value(door.rng, like, python=True)
    called = f"walras.run({name!r}, {key}={_python_text(value)})"
    return door.python("Python", called, lambda: walras.run(name, studies=False, **{key: value}))


def _linked(door: Door) -> Trial:
    name, key, like = _parameter(door.rng)
    text = written(bad_value(door.rng, like))
    query = f"scenario={name}&{key}={quote(text, errors='surrogatepass')}"

    def ask() -> None:
        asked = Asked("margin-hike").linked(query, "margin-hike")
        scenario = walras.find(asked.scenario)
        parameters = parse(scenario.parameters, asked.given, code=asked.trusted)
        for case in scenario.cases(parameters):
            case.build(door.rng).open()
        raise Taken

    return door.python("link to the page", _brief(query), ask)


ARGUMENTS = {
    "compare": ["folder"],
    "export": ["folder"],
    "figure": ["folder", "quotes_by_round"],
    "fit": ["margin-hike", "--to", "empty.csv", "--free", "low_payoff=0.6:0.8"],
    "new": ["folder/new.py"],
    "plot": ["folder", "--x", "haircuts"],
    "rehearse": ["exchange"],
    "replicate": ["--workers", "0"],
    "report": ["folder"],
    "run": ["margin-hike", "--set", "traders=20"],
    "sensitivities": ["margin-hike", "--set", "traders=20"],
    "serve": ["margin-hike", "--set", "traders=20"],
    "show": ["margin-hike"],
    "sweep": ["margin-hike", "haircuts=[0.01],[0.03]", "traders=20", "--workers", "0"],
    "trace": ["margin-hike", "haircuts=0.1:0.3", "--set", "traders=20"],
    "verify": ["folder"],
}
"""Arguments of every command with which it would begin, were the folder one of runs."""

WORDS = ("-1", "1e308", "nan", "inf", "1e-320", "9" * 5000, "", " ", "x", "1.5", "0", "\udcff")


def _option(door: Door, hostile: Sequence[str]) -> Trial:
    """A command, one of whose options, or its argument, is a bad word or a bad file."""
    rng, commands = door.rng, typer.main.get_command(app).commands  # type: ignore[attr-defined]
    name = list(ARGUMENTS)[rng.integers(len(ARGUMENTS))]
    options = [option for option in commands[name].params if not _is_flag(option)]
    option = options[rng.integers(len(options))]
    hostile = [name for name in hostile if "\0" not in name]  # which no word of a command has
    files = [*hostile, *(f"{one}={two}" for one in ("members", "traders") for two in hostile)]
    files += [f"traders=@{file}" for file in hostile]
    of = files if rng.random() < 0.6 else [*WORDS, *(f"traders={word}" for word in WORDS)]
    bad = [of[rng.integers(len(of))] for _ in range(option.nargs if option.nargs > 0 else 1)]
    arguments = list(ARGUMENTS[name])
    if option.param_type_name == "argument":
        return door.command(f"command, {name}", [name, "--", *bad, *arguments[1:]])
    return door.command(f"command, {name}", [name, *arguments, option.opts[0], *bad])


def _is_flag(option: Any) -> bool:
    return getattr(option, "is_flag", False)


def _table(door: Door) -> Trial:
    """A table of members or prices with something wrong in it."""
    (name, key), right = list(TABLES.items())[door.rng.integers(len(TABLES))]
    if door.rng.random() < 0.7:
        file = door.place / "table.csv"
        file.write_bytes(bad_table(door.rng, right))
    else:
        file = door.place / "table.parquet"
        bad_parquet(door.rng, right, file)
    given = file.read_bytes()
    trial = door.command(
        f"table, {file.suffix[1:]}", ["run", name, "--set", f"{key}={file}", *_QUIET]
    )
    return Trial(trial.what, f"{name} {key}: {_brief(repr(given))}", trial.failure, trial.seconds)


STREAMS = (">&-", ">/dev/full", "2>&-", "2>/dev/full", ">&- 2>&-", "<&-")


def _apart(door: Door, hostile: Sequence[str]) -> Trial:
    """The command in a process of its own, with streams that can't be used or bytes as words."""
    kind = int(door.rng.integers(4))
    name, key, like = _parameter(door.rng)
    said = (["list"], ["--help"], ["show", name], ["show", name, "--toml"])
    if kind == 0:
        words = said[door.rng.integers(len(said))]
        return _streams(words, STREAMS[door.rng.integers(len(STREAMS))], bad=False)
    if kind == 1:
        return _unread(said[door.rng.integers(len(said))])
    if kind == 2:
        return _streams(["run", name, "--seed", "x"], STREAMS[door.rng.integers(4)], bad=True)
    bad = [name for name in hostile if "\0" not in name]
    file = bad[door.rng.integers(len(bad))]
    text = written(bad_value(door.rng, like)).replace("\0", "")[:100_000]
    text = text.encode(errors="backslashreplace").decode()
    given = (
        ["run", file or "x", "--seed", "-1"],
        ["run", name, "--out", "/proc/below/this"],
        ["run", name, "--set", f"{key}x={text}"],
        ["run", name, "--set", f"\udcff\udcfe={file}"],
        ["verify", f"nowhere/{file}"],
    )
    return _streams(given[door.rng.integers(len(given))], "", bad=True)


def _streams(words: Sequence[str], streams: str, *, bad: bool) -> Trial:
    """The command by a shell; ``bad`` is input that has to be refused, whatever the streams are."""
    began = time.perf_counter()
    try:
        ran = subprocess.run(
            ["sh", "-c", f'exec "$@" {streams}', "sh", *_COMMAND, *words],
            capture_output=True,
            cwd=ROOT,
            timeout=WAITS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _judged(words, streams, f"it went on for {WAITS:g} s", began)
    said, printed = (text.decode(errors="backslashreplace") for text in (ran.stderr, ran.stdout))
    refused = bad or streams.startswith(">")
    if "2>" in streams or not refused:
        right = ran.returncode == (2 if refused else 0) and not said
        failure = "" if right else f"exit code {ran.returncode}; it said {said[-200:]!r}"
    else:
        failure = ended(ran.returncode, said, printed)
    return _judged(words, streams, failure, began)


def _unread(words: Sequence[str]) -> Trial:
    """The command, of which nobody reads what it prints."""
    began = time.perf_counter()
    with subprocess.Popen(
        [*_COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        try:
            said = process.communicate(timeout=WAITS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return _judged(words, "| true", f"it went on for {WAITS:g} s", began)
    right = process.returncode == NO_READER and not said
    failure = "" if right else f"exit code {process.returncode}; it said {said[-200:]!r}"
    return _judged(words, "| true", failure, began)


_COMMAND = (sys.executable, "-m", "walras")


def _judged(words: Sequence[str], streams: str, failure: str, began: float) -> Trial:
    what = f"streams, {streams}" if streams else "command in a process of its own"
    given = " ".join(("walras", *map(_brief, words), streams))
    return Trial(what, given, failure, time.perf_counter() - began)


def _parameter(rng: np.random.Generator) -> tuple[str, str, Any]:
    """A scenario, one of its parameters, and what that may be."""
    name = list(TITLES)[rng.integers(len(TITLES))]
    defaults = walras.find(name).parameters().model_dump(mode="json")
    key = list(defaults)[rng.integers(len(defaults))]
    return name, key, defaults[key]


def ended(code: int, said: str, printed: str) -> str:
    """What is wrong with how a command ended; empty if nothing is."""
    if code != 2:
        return f"exit code {code}; it said {said[-200:]!r}"
    if printed:
        return f"it printed {printed[:100]!r}"
    if not said.startswith("walras: ") or not said.endswith("\n"):
        return f"it said {said[:200]!r}"
    return sentence(said[:-1])


def sentence(said: str) -> str:
    """What is wrong with a sentence about bad input; empty if nothing is."""
    if "\n" in said or not said.isprintable():
        return f"more than a line: {said[:200]!r}"
    if not 10 <= len(said) <= LONGEST:
        return f"{len(said)} characters: {said[:200]!r}"
    return ""


def _first_round(*_: object, **__: object) -> None:
    raise Taken


def _brief(text: str) -> str:
    """A text as a file can keep it."""
    return text if len(text) < 2000 else f"{text[:1000]}... ({len(text):,} characters)"


def _python_text(value: Any) -> str:
    try:
        return _brief(repr(value))
    except (RecursionError, ValueError) as error:
        return f"a {type(value).__name__} that Python can't write: {error}"


LINE = Line(
    "doors",
    "Whatever can't be used is refused in a sentence of at most 300 characters, exit code 2, within"
    " a second; no traceback, no warning",
    trials,
    (
        "Each trial draws scenario, parameter and value. Those in this process go through the real"
        " entry to the first round, which is put out of action: input that is taken is parsed and"
        " its economy built, and the run ends there. What becomes of valid extremes is another"
        " line.",
        "The second is one of processor time in a process that has loaded its libraries. Loading"
        " Python, NumPy, pandas and Mesa takes about a second before that, which is not judged.",
        "Whole numbers between 100,000 and 10^29, which are sizes that a machine may have, are"
        " left to the line on sizes. Files of 100 MB hold zeros or letters; one that is a table to"
        " its last row is read to its last row, however long that takes.",
        "Where this runs as root, a file without permission can be read all the same.",
        "A reader that leaves early (| head -1) is no bad input: exit code 141, nothing said.",
    ),
)
