"""Notebooks run without errors, and what they show is what they would show today.

``python tests/test_notebooks.py`` executes all of them and keeps the outputs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from math import isclose
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from scenarios import __path__ as scenarios_path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
NEAR = 1e-5
"""Relative difference of numbers, which are shown with six digits."""

DUST = 1e-6
"""Residuals below this depend on the machine in every digit."""


def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook run afresh by this checkout."""
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False)
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    notebook.metadata.get("language_info", {}).pop("version", None)
    return notebook


def shown(notebook: nbformat.NotebookNode) -> Iterator[Mapping[str, Any]]:
    """What each output shows, by kind of media."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {output["output_type"]: output.get("text", "")})


def same(before: str, now: str) -> bool:
    """Whether two texts are the same up to the last digits of their numbers."""
    if NUMBER.sub("#", before) != NUMBER.sub("#", now):
        return False
    pairs = zip(NUMBER.findall(before), NUMBER.findall(now), strict=True)
    return all(isclose(float(a), float(b), rel_tol=NEAR, abs_tol=DUST) for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_it_would_show_today(path: Path) -> None:
    before, now = list(shown(nbformat.read(path, as_version=4))), list(shown(executed(path)))
    assert len(before) == len(now)
    for old, new in zip(before, now, strict=True):
        assert set(old) == set(new)
        assert "error" not in new
        assert "stream" not in new  # warnings
        for kind in old:
            if not kind.startswith("image/"):
                assert same(old[kind], new[kind])


def test_there_is_one_for_each_economy_with_text_pictures_and_an_exercise() -> None:
    (folder,) = scenarios_path
    economies = sorted(path.parent.name for path in Path(folder).glob("*/certificate.py"))
    assert [path.stem for path in NOTEBOOKS] == economies
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert "**Question 2.**" in text
        assert "## Exercise" in text
        assert text.count("<details>") == text.count("</details>") >= 3
        outputs = list(shown(notebook))
        assert any("image/png" in output for output in outputs)
        assert any(
            "<caption>Certificate</caption>" in output.get("text/html", "") for output in outputs
        )


def test_only_the_last_digits_of_numbers_may_differ() -> None:
    assert same("price 0.753775, residual 1.2e-14", "price 0.753776, residual 0.0e+00")
    assert same("difference 0", "difference -5.55112e-16")
    assert not same("price 0.753775", "price 0.7638")
    assert not same("cleared 0.5", "cycles 0.5")
    assert not same("17 rounds", "18 rounds")


if __name__ == "__main__":
    for file in NOTEBOOKS:
        nbformat.write(executed(file), file)
