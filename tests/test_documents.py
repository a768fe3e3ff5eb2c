"""What the READMEs and docstrings show is run: what is not run goes stale."""

import doctest
import importlib
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from simulator.export import Format
from simulator.palette import file_of
from walras.command import app

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "scenarios").rglob("README.md")),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LONG = {
    "continuation",
    "fit",
    "index",
    "risk-manager",
    "several-equilibria",
    "sweeps",
    "ten-minutes",
    "waterfall",
}
PAGES = [
    pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in LONG else [])
    for page in sorted((ROOT / "docs").glob("*.md"))
]
HERE = re.compile(r"^cat > (\S+) <<'END'\n(.*?)^END\n", re.MULTILINE | re.DOTALL)
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for layer in ("markets", "agents", "simulator", "scenarios")
    for path in (ROOT / layer).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


SLOW = {f"scenarios/{economy}/README.md:0" for economy in ("credit", "funding", "pledge")}
"""Blocks of commands that take more than a few seconds."""


def blocks(kind: str) -> Iterator[Any]:
    for document in DOCUMENTS:
        for number, match in enumerate(BLOCK.finditer(document.read_text(encoding="utf-8"))):
            if match[1] == kind:
                place = f"{document.relative_to(ROOT)}:{number}"
                marks = [pytest.mark.slow] if place in SLOW else []
                yield pytest.param(place, match[2], id=place, marks=marks)


@pytest.fixture
def blank_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made, and blank ones of an inch written; tests of figures lay out and write."""
    blank = file_of(Figure(figsize=(1.0, 1.0)), "png", 10.0)

    def save(figure: Figure, stem: Path, form: Format) -> None:
        stem.with_name(f"{stem.name}.png").write_bytes(blank)

    monkeypatch.setattr("simulator.export.save_figure", save)


@pytest.mark.usefixtures("blank_figures")
@pytest.mark.parametrize(("place", "code"), list(blocks("python")))
def test_python_shown_runs(place: str, code: str, tmp_path: Path) -> None:
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        exec(compile(code, place, "exec"), {"__name__": "__main__"})
    finally:
        os.chdir(here)


@pytest.mark.usefixtures("blank_figures")
@pytest.mark.parametrize(("place", "lines"), list(blocks("console")))
def test_commands_shown_run(place: str, lines: str, tmp_path: Path) -> None:
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        run_commands(lines)
    finally:
        os.chdir(here)


def run_commands(text: str) -> None:
    """Run lines of a shell: commands, and files that are written as they stand."""
    for name, content in HERE.findall(text):
        Path(name).write_text(content, encoding="utf-8")
    for line in HERE.sub("", text).replace("\\\n", "").splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "walras", line
        if words[1] == "serve":
            continue
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, (line, result.output)


@pytest.mark.usefixtures("blank_figures")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_from_top_to_bottom_in_an_empty_folder(page: Path, tmp_path: Path) -> None:
    """What a block leaves, files and names, the next ones may use."""
    here, names = Path.cwd(), {"__name__": "__main__"}
    os.chdir(tmp_path)
    try:
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == "python":
                exec(compile(text, page.name, "exec"), names)
            elif kind == "console":
                run_commands(text)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_hold(name: str) -> None:
    if name.startswith("walras.browser"):
        pytest.skip("needs the browser extra")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0
