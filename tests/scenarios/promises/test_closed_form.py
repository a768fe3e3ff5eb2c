"""Equations of the continuum: published numbers, clearing, limits, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.beliefs import Beliefs
from scenarios.promises.closed_form import (
    Continuum,
    Equilibrium,
    borrowing,
    default_swaps,
    loans_and_swaps,
    tranching,
)
from scenarios.promises.economy import MARKETS
from scenarios.promises.published import CASES
from simulator.published import Published

UNIFORM = Continuum(Beliefs("uniform").below, 1.0, 1.0, 1.0, 0.2)


def solve(assets: str, traders: Continuum) -> Equilibrium:
    """The equilibrium of a market, with the largest safe loan."""
    if assets in ("none", "borrowing"):
        return borrowing(traders, traders.low if assets == "borrowing" else 0.0)
    if assets == "loans-and-swaps":
        return loans_and_swaps(traders)[0]
    return tranching(traders) if assets == "tranching" else default_swaps(traders)


@pytest.mark.parametrize(
    "case", [c for c in CASES if "traders" not in c.parameters], ids=lambda case: case.case
)
def test_the_equations_give_the_published_numbers(case: Published) -> None:
    beliefs = Beliefs(str(case.parameters["beliefs"]))
    traders = Continuum(beliefs.below, 1.0, 1.0, 1.0, 0.2)
    solution = solve(str(case.parameters["assets"]), traders)
    numbers = {
        "asset_price": solution.price,
        "marginal_buyer": solution.buyer,
        "marginal_short": solution.short,
        "margin": solution.margin,
        "price_loan_low": 0.2 * loans_and_swaps(traders)[1],
    }
    assert {name: numbers[name] for name in case.expected} == pytest.approx(
        case.expected, abs=case.tolerance, rel=0
    )


def test_without_borrowing_beliefs_are_the_root_of_a_quadratic() -> None:
    """(1 - b) (1 + .2 + .8 b) = .2 + .8 b."""
    buyer = max(np.roots([-0.8, -1.2, 1.0]))
    assert borrowing(UNIFORM, 0.0).buyer == pytest.approx(buyer, abs=1e-14)


economies = st.builds(
    lambda a, b, cash, asset, low, rise: Continuum(
        Beliefs(f"beta({a}, {b})").below, cash, asset, low + rise, low
    ),
    *[st.floats(0.7, 5.0)] * 2, *[st.floats(0.2, 4.0)] * 2, st.floats(0.02, 0.9),
    st.floats(0.1, 2.0),
)  # fmt: skip


@given(economies)
def test_markets_clear_and_prices_lie_between_the_payoffs(traders: Continuum) -> None:
    for assets in MARKETS:
        solution = solve(assets, traders)
        assert traders.low < solution.price < traders.high + traders.low
        assert 0.0 < solution.buyer < 1.0
        assert 0.0 < solution.margin <= 1.0
        # what buyers own pays for what they put down: the asset, the up tranche, or good news
        paid = traders.asset * solution.price * solution.margin
        if assets == "default-swaps":
            paid += traders.cash * solution.buyer
        buyers = (1.0 - traders.below(solution.buyer)) * traders.wealth(solution.price)
        assert buyers == pytest.approx(paid, rel=1e-9)


@given(economies)
def test_loans_raise_the_price_and_default_swaps_lower_it(traders: Continuum) -> None:
    prices = {assets: solve(assets, traders).price for assets in MARKETS}
    assert prices["none"] < prices["borrowing"]
    assert prices["default-swaps"] < prices["tranching"]


@given(economies)
def test_lenders_stand_between_those_who_buy_swaps_and_those_who_write_them(
    traders: Continuum,
) -> None:
    solution, bond = loans_and_swaps(traders)
    assert 0.0 < solution.short < solution.buyer < 1.0
    assert 0.0 < bond < 1.0
    # wealth of all three adds up to what there is
    wealth, loss = traders.wealth(solution.price), traders.high - traders.low
    swap = bond * (1.0 - solution.short) * loss
    paid = traders.cash / loss * (loss - swap) + traders.asset * solution.price * solution.margin
    assert (1.0 - traders.below(solution.buyer)) * wealth == pytest.approx(paid, rel=1e-8)


def test_shorts_are_less_optimistic_than_buyers_and_meet_where_markets_are_complete() -> None:
    solution = tranching(UNIFORM)
    assert solution.short < solution.buyer
    complete = default_swaps(UNIFORM)
    assert complete.short == complete.buyer
    assert np.isnan(borrowing(UNIFORM, 0.1).short)


@pytest.mark.parametrize("promise", [-0.1, 0.21])
def test_a_promise_that_is_not_safe_has_no_closed_form(promise: float) -> None:
    with pytest.raises(ValueError, match=r"a safe one lies in \[0, 0\.2\]"):
        borrowing(UNIFORM, promise)
