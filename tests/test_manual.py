"""The manual builds without a warning, needs no network and leaves nothing out; its table holds."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import walras
from walras.replicating import papers

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REMOTE = re.compile(
    r"<(?:script|img|iframe|source)[^>]+src=\"(?:https?:)?//|<link[^>]+href=\"(?:https?:)?//"
)
RULES = ("safeguarded", "newton", "successive", "implicit", "anderson", "extrapolated", "plain")
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "`exchange` (Scarf), from prices 1, 2, 0.5": ("exchange", {"start": [1, 2, 0.5]}),
    "`margin-hike`, 1,000 traders": ("margin-hike", {"traders": 1000}),
    "`margin-spiral`, wealth of -4.6": ("margin-spiral", {"experts_wealth": [-4.6]}),
    "`bankruptcy`": ("bankruptcy", {}),
    "`bankruptcy-capm`": ("bankruptcy-capm", {}),
    "`collateral-equilibrium`, `borrowing`": ("collateral-equilibrium", {"assets": "borrowing"}),
}


def table_of_rules() -> dict[str, list[str]]:
    """The cells of each row of the table, by its first one."""
    lines = (DOCS / "search.md").read_text("utf-8").splitlines()
    head = lines.index(f"| | {' | '.join(f'`{rule}`' for rule in RULES)} |")
    rows = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        first, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[first] = cells
    return rows


def test_the_reference_has_every_public_name() -> None:
    text = "".join(page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md"))
    named = re.findall(r"^\.\. auto\w+:: (\w+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(set(walras.__all__) - {"__version__"})


@pytest.mark.parametrize("page", ["README.md", "docs/questions.md", "docs/papers.md"])
def test_every_scenario_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [name for name in walras.scenarios() if f"`{name}`" not in text] == []


@pytest.mark.slow
def test_it_builds_without_a_warning_and_needs_no_network(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = ["-m", "sphinx", "-c", "docs", "-W", "--keep-going", "-q", ".", str(site)]
    built = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = list(site.rglob("*.html"))
    assert site / "index.html" in pages
    errata = (site / "docs" / "errata.html").read_text("utf-8")
    declared = [len(paper.errata) for paper in papers().values()]
    assert errata.count("<strong>Erratum ") == sum(declared)
    for page in pages:
        assert not REMOTE.search(page.read_text("utf-8")), page


@pytest.mark.slow
@pytest.mark.parametrize("row", RUNS)
def test_the_table_of_rules_says_what_they_do(row: str) -> None:
    name, parameters = RUNS[row]
    cells = []
    for rule in RULES:
        run = walras.run(name, rule=rule, studies=False, **parameters)
        cells.append(str(len(run.rounds)) if run.outcome == "cleared" else str(run.outcome))
    assert table_of_rules()[row] == cells
