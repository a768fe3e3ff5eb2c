"""The same households with and without new credit at some nodes."""

from __future__ import annotations

import pytest

from markets.refused import Refused
from scenarios.credit import liquidity_contraction
from scenarios.credit.parameters import CreditTree
from simulator.run import Run


def test_the_paper_is_the_contraction_at_u_and_d(
    contraction: Run[CreditTree], example: Run[CreditTree]
) -> None:
    assert contraction.quotes(1) == example.equilibrium


def test_credit_at_a_node_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match=r'credit_at\[0\] names "x"; nodes of date 1 are u, m, d'):
        liquidity_contraction.SCENARIO.run(credit_at=[["x"]])
