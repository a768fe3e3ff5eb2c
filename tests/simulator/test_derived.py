"""A run that was read back tells the same when its dates are worked out anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import walras
from simulator.codebook import Columns
from simulator.derived import derive
from simulator.exported import read_manifest
from simulator.outcome import Outcome
from simulator.parameters import Parameters
from simulator.reopened import Reopened, read_run
from walras.catalogue import find


def read(folder: Path) -> Reopened[Parameters]:
    return read_run(folder, read_manifest(folder), find, (), Columns())


@pytest.fixture(scope="module", params=["exchange", "leverage-cycle"])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Reopened[Parameters]:
    made = walras.run(request.param)
    return read(made.export(tmp_path_factory.mktemp("runs"), plots=False))


def test_what_follows_from_the_tables_is_what_the_files_tell(run: Reopened[Parameters]) -> None:
    derived = derive(run)
    assert derived.run.to_json() == run.to_json()
    assert derived.run.dates.equals(run.dates)
    assert all(certificate.holds for certificate in derived.certified.values())
    assert len(derived.certified) == len(run.ends)
    assert derived.run.columns.quotes


def test_what_the_files_tell_is_not_believed(run: Reopened[Parameters]) -> None:
    right = run.ends[0]
    wrong = replace(right, rounds=99, evaluations=99, outcome=Outcome.NOT_CERTIFIED, reason="so")
    derived = derive(replace(run, ends=(wrong, *run.ends[1:])))
    assert derived.run.ends[0].rounds == right.rounds
    assert derived.run.ends[0].evaluations == right.evaluations
    assert derived.run.ends[0].outcome is right.outcome
    assert derived.run.ends[0].reason == right.reason


def test_quotes_that_are_not_those_of_the_last_round_are_told(run: Reopened[Parameters]) -> None:
    first = run.ends[0]
    name, quote = next(iter(first.point.quotes.items()))
    other = replace(first.point, quotes={**first.point.quotes, name: quote * (1.0 + 1e-13)})
    derived = derive(replace(run, ends=(replace(first, point=other), *run.ends[1:])))
    again = derived.run.ends[0].point.quotes[name]
    assert again == quote or f"dates: {name}" in derived.taken
