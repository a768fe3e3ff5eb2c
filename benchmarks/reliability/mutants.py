"""Small changes of the program, each of which a test should notice.

A change is drawn, made in a copy of the tree, and the tests that run the changed line are run: those
of its own module first, then those of its economy, then others, until one fails. Which tests run
which lines, and how long they take, is read from what ``make coverage`` leaves.

mutmut and cosmic-ray were tried for this: neither draws a sample from a seed, cosmic-ray has one
test command for all changes and mutmut runs the whole suite first and changes no code outside of
functions or below a decorator, which every frozen dataclass here has.
"""

from __future__ import annotations

import ast
import copy
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

import numpy as np
from coverage import CoverageData

from benchmarks.reliability.trial import Line, Trial

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "build" / "coverage"
"""Where ``make coverage`` leaves what it has measured: ``data`` and ``tests.xml``."""
SURVIVORS = Path(__file__).resolve().parent.parent / "reliability_survivors.toml"
"""Changes that need not be noticed, each with its reason."""

FLOORS = ("markets", "agents", "simulator")
COPIED = (*FLOORS, "scenarios", "walras", "benchmarks", "tests", "docs")
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
    old, new : str
        By what.
    """

    path: str
    line: int
    last: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        """Return what it would take to try it by hand."""
        return f"{self.path}:{self.line}: {self.old} -> {self.new}"

    def made(self, source: bytes) -> bytes:
        """Return the file with the change."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """All small changes of one expression: sign, product, comparison, extreme, constant, logic."""
    other = copy.copy(node)
    match node:
        case ast.BinOp(op=op) if type(op) in TO_THE_OTHER and not _of_text(node):
            other.op = TO_THE_OTHER[type(op)]()  # type: ignore[attr-defined]
            yield other
        case ast.AugAssign(op=op) if type(op) in TO_THE_OTHER:
            other.op = TO_THE_OTHER[type(op)]()  # type: ignore[attr-defined]
            yield other
        case ast.Compare(ops=[op]):
            for kind in COMPARED.get(type(op), ()):
                yield ast.Compare(node.left, [kind()], node.comparators)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
            if value != 0:
                yield ast.Constant(type(value)(0))
        case ast.Call(func=ast.Name(id=name)) if name in EXTREMES:
            yield ast.Call(ast.Name(EXTREMES[name]), node.args, node.keywords)
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in EXTREMES:
            yield ast.Call(ast.Attribute(value, EXTREMES[name]), node.args, node.keywords)


def _of_text(node: ast.BinOp) -> bool:
    """Whether an operator joins text or paths: no arithmetic."""
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _computed(node: ast.AST, line: int) -> Iterator[tuple[int, ast.AST]]:
    """Everything below a node except types, decorators and text, and where its statement begins."""
    line = node.lineno if isinstance(node, ast.stmt) else line
    yield line, node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _computed(child, line)


def changes(path: str, source: bytes) -> list[Change]:
    """Every change of a file that could be drawn, in order."""
    begins = [0]
    for line in source.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    found = []
    for line, node in _computed(ast.parse(source), 1):
        for other in _others(node):
            start = begins[node.lineno - 1] + node.col_offset
            end = begins[node.end_lineno - 1] + node.end_col_offset
            new = ast.unparse(ast.fix_missing_locations(other))
            old = " ".join(source[start:end].decode().split())
            new = new if isinstance(other, ast.stmt) else f"({new})"
            found.append(Change(path, line, node.end_lineno, start, end, old, new))
    return sorted(found)


def all_changes(root: Path = ROOT) -> list[Change]:
    """Every change of markets, agents and simulator that could be drawn."""
    files = sorted(path for floor in FLOORS for path in (root / floor).rglob("*.py"))
    return [
        change
        for path in files
        for change in changes(path.relative_to(root).as_posix(), path.read_bytes())
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
    for case in ElementTree.parse(measured / "tests.xml").iter("testcase"):
        seconds[case.attrib["classname"].replace(".", "/") + ".py"] += float(case.attrib["time"])
    return seconds


def tests_of(change: Change, data: CoverageData, seconds: Mapping[str, float]) -> list[str]:
    """Return the files of tests that run a line, in the order in which to run them."""
    ran = data.contexts_by_lineno(change.path)
    tests = {test for line in range(change.line, change.last + 1) for test in ran.get(line, ())}
    if tests == {""}:  # when the module is imported
        tests = set().union(*ran.values())
    files = sorted(
        (test for test in tests if test in seconds),
        key=lambda test: (_distance(test, change.path), seconds[test]),
    )
    taken, spent = [], 0.0
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
