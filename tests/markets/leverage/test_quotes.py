"""What a unit of cash is worth at every node, against every plan there is."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageQuotes, LeverageTerms

TREE = NewsTree.of([1.0, 0.8, 0.2])
PRICE = np.array([0.75, 0.93, 0.5, *TREE.settled])
BELIEF = np.linspace(0.05, 0.95, 7)


def quotes(cap: float = np.inf, **terms: Any) -> LeverageQuotes:
    return LeverageQuotes(TREE, LeverageTerms(0, np.full(3, cap), **terms), PRICE, ())


@pytest.mark.parametrize("cap", [1.0, 1.5, np.inf])
def test_no_plan_is_better_than_what_cash_is_worth(cap: float) -> None:
    """Plans of buying or saving at each of the three nodes, followed to all four ends."""
    posted = quotes(cap)
    value, _ = posted.worth(BELIEF)
    loan, best = posted.loan, np.zeros(BELIEF.size)
    for buys in product((False, True), repeat=3):

        def grown(node: int, child: int, wealth: float, buys: tuple[bool, ...] = buys) -> float:
            if not buys[node]:
                return wealth
            return wealth * float((PRICE[child] - loan[node]) / (PRICE[node] - loan[node]))

        expected = np.zeros(BELIEF.size)
        for first, chance in ((1, BELIEF), (2, 1.0 - BELIEF)):
            middle = grown(0, first, 1.0)
            expected += chance * BELIEF * grown(first, int(TREE.good[first]), middle)
            expected += chance * (1.0 - BELIEF) * grown(first, int(TREE.bad[first]), middle)
        best = np.maximum(best, expected)
    assert value[0] == pytest.approx(best, rel=1e-14)


def test_loans_are_safe_or_capped() -> None:
    assert quotes().loan == pytest.approx([0.5, 0.8, 0.2])
    assert quotes(2.0).loan == pytest.approx([0.375, 0.465, 0.2])
    assert quotes(1.0).loan == pytest.approx(0.0)


def test_whoever_is_indifferent_gains_nothing() -> None:
    posted = quotes()
    for node in range(3):
        price = PRICE.copy()
        price[node] = posted.indifferent(node, 0.4)
        moved = LeverageQuotes(TREE, posted.terms, price, ())
        _, gain = moved.worth(np.array([0.35, 0.4, 0.45]))
        assert gain[node, 0] < 0.0 < gain[node, 2]
        assert gain[node, 1] == pytest.approx(0.0, abs=1e-15)


def test_lenders_recover_what_the_assets_are_worth() -> None:
    assert quotes().recovery == 1.0
    assert quotes(loan_due=0.7).recovery == 1.0
    assert quotes(loan_due=1.0).recovery == 0.75
