"""Which traders' programs are solved, and how accounts are measured."""

import numpy as np

from scenarios.repo.holdings import Holdings
from scenarios.repo.trader_conditions import _evenly, _sampled, accounts
from tests.scenarios.repo.equilibria import equilibrium, special


def test_a_sample_is_even_and_has_both_ends() -> None:
    rows = np.arange(100)
    assert _evenly(rows, 5).tolist() == [0, 25, 50, 74, 99]
    assert _evenly(rows, 200).tolist() == rows.tolist()


def test_all_turning_points_and_their_neighbours_are_sampled() -> None:
    state = equilibrium("short", 0.05, rows=300)
    held = Holdings.read(**vars(state))
    chosen = set(_sampled(held, 1).tolist())
    kind = held.kind
    for last in np.flatnonzero(np.diff(kind) != 0):
        assert {last - 1, last, last + 1, last + 2} <= chosen
    assert {0, len(held) - 1} <= chosen
    assert len(chosen) < 20


def test_every_account_is_checked_on_every_row() -> None:
    held = Holdings.read(**vars(special()))
    conditions = accounts(held, "all")
    assert [c.name for c in conditions] == ["budget", "box", "non-negativity", "solvency"]
    assert all(c.holds and c.checked == "all" for c in conditions)
