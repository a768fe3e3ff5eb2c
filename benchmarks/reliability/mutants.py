"""Small changes of the program, each of which a test should notice.

A change is drawn, made in a copy of the tree, and the tests that run the changed line are run,
those of its own module first, then those of its economy, then others, until one fails. Which tests
run which lines, and how long they take, is read from what ``make coverage`` leaves.

Why not mutmut or cosmic-ray: neither draws a sample from a seed. cosmic-ray has one test command
for all changes; mutmut changes nothing outside of functions or in properties, and runs the whole
suite each time to learn which test runs what.
"""

from __future__ import annotations

import ast
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

import numpy as np
from coverage import CoverageData
from scipy.stats import binom

from benchmarks.reliability.trial import Line, Trial

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "build" / "coverage"
"""Where ``make coverage`` leaves what it has measured: ``data`` and ``tests.xml``."""
SURVIVORS = Path(__file__).resolve().parent.parent / "reliability_survivors.toml"
"""Changes that need not be noticed, each with its reason."""

FLOORS = ("markets", "agents", "simulator")
COPIED = (*FLOORS, "scenarios", "walras", "benchmarks", "tests", "docs")
DRAWING = re.compile(rb"^\s*(from|import) (matplotlib|fpdf)", re.MULTILINE)
"""A file that imports these lays out figures or pages, and is not changed."""
CHANGES = 300
SHARE = 0.9
"""Share of all changes that must be noticed."""
SECONDS = 60.0
"""Tests that run a line are run up to this time; nearest first, then the quickest."""
PATIENCE = 4.0
"""A change that makes tests take so many times their processor time is noticed: they hang."""

TO_THE_OTHER: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
COMPARED: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
EXTREMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One small change of one file.

    Attributes
    ----------
    path : str
        The file, seen from the root.
    line, last : int
        Where its statement begins and the changed expression ends, from 1.
    start, end : int
        Which bytes of the file are replaced.
    code : str
        The line on which the changed expression begins.
    old, new : str
        The expression, and what replaces it.
    """

    path: str
    line: int
    last: int
    start: int
    end: int
    code: str
    old: str
    new: str

    def __str__(self) -> str:
        """Return what it would take to try it by hand."""
        return f"{self.path}:{self.line}: {self.old} -> {self.new}"

    def made(self, source: bytes) -> bytes:
        """Return the file with the change."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def _others(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    """All small changes of one expression: sign, product, comparison, extreme, logic, constant."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in TO_THE_OTHER and not _of_text(left, right):
            yield ast.BinOp(left, TO_THE_OTHER[type(op)](), right)
        case ast.AugAssign(target, op, value) if type(op) in TO_THE_OTHER:
            yield ast.AugAssign(target, TO_THE_OTHER[type(op)](), value)
        case ast.Compare(left, [op], right):
            for kind in COMPARED.get(type(op), ()):
                yield ast.Compare(left, [kind()], right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Constant(bool(truth)):
            yield ast.Constant(not truth)
        case ast.Constant(int(number) | float(number)):
            yield ast.Constant(number + 1)
            if number != 0:
                yield ast.Constant(type(number)(0))
        case ast.Call(ast.Name(name), given, named) if name in EXTREMES:
            yield ast.Call(ast.Name(EXTREMES[name]), given, named)
        case ast.Call(ast.Attribute(place, name), given, named) if name in EXTREMES:
            yield ast.Call(ast.Attribute(place, EXTREMES[name]), given, named)


def _of_text(*sides: ast.expr) -> bool:
    """Whether an operator joins text or paths: no arithmetic."""
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def _computed(node: ast.AST, line: int = 1) -> Iterator[tuple[int, ast.expr | ast.stmt]]:
    """Everything below a node that can be changed, and where its statement begins.

    Not types, decorators and text, nor ``strict`` of ``zip``: what it asserts is never false.
    """
    line = node.lineno if isinstance(node, ast.stmt) else line
    if isinstance(node, ast.expr | ast.stmt):
        yield line, node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            strict = isinstance(child, ast.keyword) and child.arg == "strict"
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr) and not strict:
                yield from _computed(child, line)


def changes(path: str, source: bytes) -> list[Change]:
    """Every change of a file that could be drawn, in order."""
    lines = source.splitlines(keepends=True)
    begins = [0, *accumulate(len(line) for line in lines)]
    found = []
    for line, node in _computed(ast.parse(source)):
        last = node.end_lineno or node.lineno
        start = begins[node.lineno - 1] + node.col_offset
        end = begins[last - 1] + (node.end_col_offset or 0)
        for other in _others(node):
            code = lines[node.lineno - 1].decode().strip()
            old = " ".join(source[start:end].decode().split())
            new = ast.unparse(ast.fix_missing_locations(other))
            new = f"({new})" if isinstance(other, ast.expr) else new
            found.append(Change(path, line, last, start, end, code, old, new))
    return sorted(found)


def all_changes() -> list[Change]:
    """Every change of markets, agents and simulator that could be drawn."""
    files = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
    sources = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}
    return [
        change
        for path, source in sources.items()
        if not DRAWING.search(source)
        for change in changes(path, source)
    ]


# ------------------------------------------------------------------ which tests
def _distance(test: str, path: str) -> int:
    """How far a file of tests is from a file of the program: 0 for its own."""
    module = PurePosixPath(path)
    if test == f"tests/{module.parent}/test_{module.name}":
        return 0
    if PurePosixPath(test).parent == "tests" / module.parent:
        return 1
    return 2 if module.parent.name in PurePosixPath(test).parts[:-1] else 3


@cache
def seconds_of_tests(measured: Path = MEASURED) -> Mapping[str, float]:
    """How long each file of tests takes."""
    seconds: defaultdict[str, float] = defaultdict(float)
    tests = ET.parse(measured / "tests.xml")  # noqa: S314 - our own file
    for case in tests.iter("testcase"):
        seconds[case.attrib["classname"].replace(".", "/") + ".py"] += float(case.attrib["time"])
    return seconds


def nearest(change: Change, data: CoverageData, seconds: Mapping[str, float]) -> list[str]:
    """Return the files of tests that run a line, in the order in which to run them."""
    ran = data.contexts_by_lineno(change.path)
    tests = {test for line in range(change.line, change.last + 1) for test in ran.get(line, ())}
    if tests == {""}:  # when the module is imported
        tests = set().union(*ran.values())
    files = sorted(
        (test for test in tests if test in seconds),
        key=lambda test: (_distance(test, change.path), seconds[test]),
    )
    taken: list[str] = []
    spent = 0.0
    for test in files:
        spent += seconds[test]
        if taken and spent > SECONDS:
            break
        taken.append(test)
    return taken


# ------------------------------------------------------------------ one change
def copied(folder: Path) -> Path:
    """Copy what tests need into a folder."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    compile_dir(folder, quiet=2)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, folder)
    return folder


def tried(change: Change, tests: list[str], limit: float, tree: Path) -> bool:
    """Whether the tests notice a change of a copy of the tree; it is undone afterwards.

    Parameters
    ----------
    change : Change
        What is changed.
    tests : list of str
        Files of tests, which stop at the first that fails.
    limit : float
        Processor time that they may take, seconds.
    tree : Path
        The copy.
    """
    path = tree / change.path
    source = path.read_bytes()
    environment = {
        **os.environ,
        "HYPOTHESIS_PROFILE": "first",
        "PYTHONDONTWRITEBYTECODE": "1",  # a cached module is taken for the same by size and second
        "PYTHONPATH": str(tree),
    }

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))

    path.write_bytes(change.made(source))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
            cwd=tree,
            env=environment,
            capture_output=True,
            preexec_fn=limited,
            timeout=20.0 * limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_bytes(source)
    return done.returncode != 0


def noticed(drawn: list[Change]) -> Iterator[tuple[Change, str, float]]:
    """Try changes on all processors; each with how it went unnoticed, if so, and its seconds."""
    data = CoverageData(str(MEASURED / "data"))
    data.read()
    seconds = seconds_of_tests()
    with tempfile.TemporaryDirectory() as place:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(os.cpu_count() or 1):
            free.put(copied(Path(place) / str(number)))

        def one(change: Change) -> tuple[Change, str, float]:
            begun = time.perf_counter()
            tests = nearest(change, data, seconds)
            if not tests:
                return change, "no test runs it", 0.0
            tree = free.get()
            limit = PATIENCE * sum(seconds[test] for test in tests) + SECONDS
            seen = tried(change, tests, limit, tree)
            free.put(tree)
            taken = time.perf_counter() - begun
            return change, "" if seen else f"passes {' '.join(tests)}", taken

        with ThreadPoolExecutor(os.cpu_count()) as workers:
            yield from workers.map(one, drawn)


# ------------------------------------------------------------------ the line of the report
@cache
def excused() -> Mapping[tuple[str, str, str, str], str]:
    """Why changes need not be noticed, by path, code, old and new."""
    listed = tomllib.loads(SURVIVORS.read_text("utf-8"))["survivor"]
    return {(s["path"], s["code"], s["old"], s["new"]): s["reason"] for s in listed}


def most_survivors(tried: int) -> int:
    """How many of the changes tried may go unnoticed.

    A tenth; of fewer than are in the full report, as many as a thousandth of all draws exceed if a
    tenth of all changes goes unnoticed.
    """
    missed = 1.0 - SHARE
    return round(missed * tried if tried >= CHANGES else binom.ppf(0.999, tried, missed))


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Draw changes, and see which of them tests notice."""
    if not (MEASURED / "data").exists():
        yield Trial("a change", "", "make coverage, which says what tests run, was not run", 0.0)
        return
    every = all_changes()
    count = max(3, round(CHANGES * share))
    drawn = [every[place] for place in rng.choice(len(every), count, replace=False)]
    seen: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    survivors = []
    begun = time.perf_counter()
    for change, missed, seconds in noticed(drawn):
        floor = change.path.partition("/")[0]
        tried[floor] += 1
        seen[floor] += not missed
        if missed:
            why = excused().get((change.path, change.code, change.old, change.new), missed)
            survivors.append(f"{change}\n    {why}")
            print(f"unnoticed: {survivors[-1]}", file=sys.stderr, flush=True)
        figure = f"{seen[floor]} of {tried[floor]} noticed"
        yield Trial(f"a change in {floor}", str(change), "", seconds, figure)
    figure = f"{seen.total() / count:.1%} noticed"
    failure = f"only {figure}" if len(survivors) > most_survivors(count) else ""
    seconds = time.perf_counter() - begun
    yield Trial(f"of all, {SHARE:.0%}", "\n".join(survivors), failure, seconds, figure)


LINE = Line(
    "mutants",
    "Of small changes of the program at least nine in ten are noticed by a test",
    trials,
    (
        "Changed are signs, products, comparisons, extremes, logic and constants in markets, agents"
        " and simulator, except zip's strict and files that lay out figures and pages.",
        f"A change is tried on the normal suite's tests that run its line, up to {SECONDS:g} s of"
        " them, the nearest first; slow tests are not run.",
        "Unnoticed changes count as such even if reliability_survivors.toml says why they may be.",
    ),
)
