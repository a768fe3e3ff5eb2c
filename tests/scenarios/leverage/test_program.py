"""The program over all nodes against what cash is worth, and where loans are mispriced."""

from __future__ import annotations

import numpy as np
import pytest

from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageQuotes, LeverageTerms
from scenarios.leverage.program import Program


@pytest.mark.parametrize("cap", [1.0, 1.7, np.inf])
@pytest.mark.parametrize("payoffs", [[1.0, 1.0, 0.2], [1.0, 0.8, 0.5, 0.2]])
def test_the_best_plan_is_all_or_nothing_with_the_largest_safe_loan(
    payoffs: list[float], cap: float
) -> None:
    """No mixture, and no other loan on the menu, does better at prices without arbitrage."""
    tree, rng = NewsTree.of(payoffs), np.random.default_rng(5)
    price = np.append(np.zeros(tree.count), tree.settled)
    for node in reversed(range(tree.count)):
        low, high = sorted((price[tree.good[node]], price[tree.bad[node]]))
        price[node] = low + rng.uniform(0.1, 0.9) * (high - low)
    caps = np.full(tree.count, cap)
    beliefs = np.array([0.05, 0.3, 0.6, 0.9, 0.99])
    value, _ = LeverageQuotes(tree, LeverageTerms(0, caps), price, ()).worth(beliefs)
    program = Program(tree, 0, price, caps)
    assert program.value(beliefs) == pytest.approx(value[0], rel=1e-9)


def test_state_prices_add_up_to_one_and_price_the_asset() -> None:
    tree = NewsTree.of([1.0, 0.2])
    program = Program(tree, 0, np.array([0.6, *tree.settled]), np.array([np.inf]))
    promised, cost, good, bad = program.promised(0)
    assert promised.tolist() == [0.1, 0.2, 0.6]
    assert cost == pytest.approx([0.1, 0.2, 0.5 * (0.6 + 0.2)])
    assert (good.tolist(), bad.tolist()) == ([0.1, 0.2, 0.6], [0.1, 0.2, 0.2])
