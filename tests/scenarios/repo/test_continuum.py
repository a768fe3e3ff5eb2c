"""Bounds on positions of the continuum, and the marginal beliefs that meet its targets."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.repo.continuum import (
    Continuum,
    belief_at_zero_rate,
    marginal_long,
    marginal_short,
    reciprocal_positions,
    root,
)

ECONOMY = Continuum(0.05, 0.70, 1.15, 1.0, 1.0, 0.0, 1000.0, lambda i: i, lambda p: p)


def test_the_price_at_a_certain_belief_is_a_payoff_exactly() -> None:
    assert (ECONOMY.price_at(0.0), ECONOMY.price_at(1.0)) == (1.15, 0.70)


@given(price=st.floats(0.75, 1.8))
def test_marginal_beliefs_meet_the_targets_of_reinvestment(price: float) -> None:
    """Longs pledge (2 - h) e / (2 (1 - h)), shorts borrow h e / (2 (1 - h))."""
    for found, target, share in (
        (marginal_long(ECONOMY, price), (1.0 + 0.05) / 0.1, lambda i: i),
        (marginal_short(ECONOMY, price), (1.0 - 0.05) / 0.1, lambda i: 1.0 - i),
    ):
        belief, by_margin = found
        long = target > 10.0
        limit = ECONOMY.per_long_solvency if long else ECONOMY.per_short_solvency
        bounds = ECONOMY.per_margin(price), limit(belief, price)
        assert by_margin == (bounds[0] >= bounds[1]) or bounds[0] == pytest.approx(bounds[1])
        assert share(belief) / max(bounds) == pytest.approx(target, rel=1e-9)


@pytest.mark.parametrize("haircut", [0.0, 0.01, 0.5])
def test_the_security_market_clears_at_the_belief_found(haircut: float) -> None:
    economy = dataclasses.replace(ECONOMY, haircut=haircut)
    belief = belief_at_zero_rate(economy)
    per_long, per_short = reciprocal_positions(economy, belief, economy.price_at(belief))
    assert belief / per_long - (1.0 - belief) / per_short == pytest.approx(1.0, rel=1e-9)


def test_a_root_needs_a_change_of_sign() -> None:
    assert root(lambda x: x - 0.25, 0.0, 1.0) == 0.25
    with pytest.raises(ValueError, match="could be bracketed"):
        root(lambda x: x + 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("haircut", 1.0), ("low_payoff", 1.2), ("cash", 0.0), ("income_up", math.inf)],
)
def test_parameters_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        dataclasses.replace(ECONOMY, **{name: value})  # type: ignore[arg-type]
