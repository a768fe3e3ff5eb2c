"""Every module with logic has a test file of its own name on the same floor.

``agents/repo/traders.py`` is tested by ``tests/agents/repo/test_traders.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("markets", "agents", "simulator")
MOST = 40
"""Lines of logic that a module may have without a test file of its own."""

ELSEWHERE: Mapping[str, str] = {}
"""Modules with more of it that are tested in another file, by path, with the reason."""

FILES = {
    path.relative_to(ROOT).as_posix(): path
    for layer in LAYERS
    for path in sorted((ROOT / layer).rglob("*.py"))
}


def lines_of_logic(source: str) -> int:
    """Lines of the bodies of functions, docstrings left out."""
    lines: set[int] = set()
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            for statement in body:
                if not isinstance(statement, ast.FunctionDef):  # it is walked on its own
                    lines.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return len(lines)


def namesake(path: str) -> str:
    """Path of the test file of a module."""
    folder, _, name = path.rpartition("/")
    return f"tests/{folder}/test_{name}"


def needs_one(path: str) -> bool:
    """Whether a module has enough logic, and no test file of its own."""
    logic = lines_of_logic(FILES[path].read_text(encoding="utf-8"))
    return logic > MOST and not (ROOT / namesake(path)).is_file()


@pytest.mark.parametrize("path", FILES)
def test_every_module_with_logic_has_a_test_file_of_its_name(path: str) -> None:
    assert path in ELSEWHERE or not needs_one(path), f"write {namesake(path)}"


def test_the_list_of_exceptions_is_not_longer_than_it_must_be() -> None:
    assert [path for path, reason in ELSEWHERE.items() if not reason or not needs_one(path)] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import numpy\nX = 1\n", 0),
        ('def f():\n    """Say."""\n', 0),
        ('def f():\n    """Say."""\n    return (\n        1\n    )\n', 3),
        ("class A:\n    x: int\n\n    def f(self):\n        y = 1\n        return y\n", 2),
        ("def f():\n    def g():\n        return 1\n    return g\n", 2),
        ("def f(): ...\n", 1),
    ],
)
def test_lines_of_logic_are_those_of_function_bodies(source: str, lines: int) -> None:
    assert lines_of_logic(source) == lines
