"""Every number, figure and proposition of the papers, as `walras replicate` lists them."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from simulator.published import Claim, Paper
from simulator.replication import lines_of

ROOT = Path(__file__).resolve().parents[2]
PAPERS: list[Paper] = [
    paper
    for path in sorted((ROOT / "scenarios").glob("*/replication.py"))
    for paper in import_module(f"scenarios.{path.parent.name}.replication").PAPERS
]
CLAIMS = [
    pytest.param(paper, claim, id=f"{paper.name}: {claim.published.place}, {claim.published.case}")
    for paper in PAPERS
    for claim in paper.claims
]


@pytest.mark.parametrize(("paper", "claim"), CLAIMS)
def test_claims_are_reproduced(paper: Paper, claim: Claim) -> None:
    lines = list(lines_of(paper.name, claim.published, claim.measure(claim.published)))
    assert [line for line in lines if line.verdict == "differs"] == []
    assert lines


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_papers_are_complete(paper: Paper) -> None:
    """Errata count from 1, claims refer to those there are, and nothing is named twice."""
    assert [erratum.number for erratum in paper.errata] == list(range(1, len(paper.errata) + 1))
    known = {erratum.number for erratum in paper.errata}
    rows = [claim.published for claim in paper.claims]
    assert all(known.issuperset(row.errata) for row in rows)
    assert len({(row.place, row.case) for row in rows}) == len(rows)
    assert all(row.citation and row.place and row.expected for row in rows)
    assert all(left.why for left in paper.left_out)


def test_papers_have_names_of_their_own() -> None:
    assert len({paper.name for paper in PAPERS}) == len(PAPERS)


@pytest.mark.parametrize(
    "test", [erratum.test for paper in PAPERS for erratum in paper.errata if erratum.test]
)
def test_the_test_that_shows_an_erratum_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
