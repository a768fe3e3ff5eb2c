"""No check hangs on ``assert``, so that ``python -O`` changes nothing.

An ``assert`` may only tell the type checker what holds anyway: that something is not None, or of a
type.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("markets", "agents", "simulator", "scenarios", "walras")


def narrows(test: ast.expr) -> bool:
    """Whether a condition tells a type, of something that is looked up and not worked out."""
    match test:
        case (
            ast.Compare(left=subject, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)])
            | ast.Call(func=ast.Name(id="isinstance"), args=[subject, _])
        ):
            looked_up = (ast.Name, ast.Attribute, ast.Load)
            return all(isinstance(part, looked_up) for part in ast.walk(subject))
    return False


def checking(tree: ast.AST) -> Iterator[int]:
    """Lines that ``python -O`` leaves out, or takes otherwise, and that do more than narrow."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and not narrows(node.test):
            yield node.lineno
        if isinstance(node, ast.Name) and node.id == "__debug__":
            yield node.lineno
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught = {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)}
            if "AssertionError" in caught:
                yield node.lineno


def test_a_check_is_told_from_what_narrows_a_type() -> None:
    narrowing = "assert a.b is not None\nassert isinstance(a, int | str)\n"
    checks = "assert a > 0\nassert f() is not None\nif __debug__:\n    a = 1\n"
    caught = "try:\n    f()\nexcept (ValueError, AssertionError):\n    pass\n"
    assert list(checking(ast.parse(narrowing))) == []
    assert sorted(checking(ast.parse(checks))) == [1, 2, 3]
    assert list(checking(ast.parse(caught))) == [3]


def test_no_check_hangs_on_an_assert() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 300
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    found = [
        f"{path.relative_to(ROOT)}, line {line}"
        for path, text in texts.items()
        if "assert" in text.lower() or "__debug__" in text
        for line in checking(ast.parse(text))
    ]
    assert found == []
