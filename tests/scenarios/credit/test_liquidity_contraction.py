"""The same households with and without new credit at some nodes."""

from __future__ import annotations

import pytest

from markets.refused import Refused
from scenarios.credit import liquidity_contraction
from scenarios.credit.parameters import CreditTree
from simulator.outcome import Outcome
from simulator.run import Run


def test_liquidity_moves_payment_rates_and_underwater_loans(contraction: Run[CreditTree]) -> None:
    assert contraction.outcome is Outcome.CLEARED
    assert contraction.dates["exact"].all()
    wide, narrow = contraction.dates.iloc[0], contraction.dates.iloc[1]
    assert (wide["prepaid[j0@u]"], narrow["prepaid[j0@u]"]) == (1.0, 0.5)
    assert (wide["defaulted[j0@d]"], narrow["defaulted[j0@d]"]) == (1.0, 0.5)
    found = contraction.tables["propositions"]
    sunk = found[found["underwater"]]
    assert set(sunk["case"]) == {"credit at m"}
    assert list(zip(sunk["household"], sunk["node"], strict=True)) == [("B", "d")]


def test_the_paper_is_the_contraction_at_u_and_d(
    contraction: Run[CreditTree], example: Run[CreditTree]
) -> None:
    assert contraction.quotes(1) == example.equilibrium


def test_credit_at_a_node_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match=r'credit_at\[0\] names "x"; nodes of date 1 are u, m, d'):
        liquidity_contraction.SCENARIO.run(credit_at=[["x"]])
