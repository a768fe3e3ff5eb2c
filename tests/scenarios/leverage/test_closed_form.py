"""The equations of the leverage cycle, and what follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from agents.beliefs import Beliefs
from scenarios.leverage.closed_form import Continuum
from scenarios.leverage.published import EXACT, LOWER, RECOMPUTED


def continuum(
    low: float = 0.2, dates: int = 2, beliefs: str = "uniform", high: float = 1.0
) -> Continuum:
    return Continuum(Beliefs(beliefs), 1.0, 1.0, high, low, dates)


@pytest.mark.parametrize(("low", "known"), [(0.2, EXACT), (0.05, LOWER)])
def test_geanakoplos_2010_equations_hold(low: float, known: dict[str, float]) -> None:
    """The four equations of the note to the example, and the numbers recomputed from them."""
    cycle = continuum(low).chosen()
    assert cycle is not None
    (p0, pd), (a, b) = cycle.price.tolist(), cycle.buyer.tolist()
    assert p0 == pytest.approx(((1.0 - a) + pd) / a)
    assert pd == pytest.approx(((a - b) + low * a) / b)
    assert pd == pytest.approx(b + (1.0 - b) * low)
    waiting = a + (1.0 - a) * a * (1.0 - low) / (pd - low)
    assert a * (1.0 - pd) / (p0 - pd) == pytest.approx(waiting)
    assert [p0, pd, a, b] == pytest.approx(
        [known[name] for name in ("asset_price", "asset_price_after_bad", "marginal_buyer",
                                  "marginal_buyer_after_bad")], abs=RECOMPUTED,
    )  # fmt: skip
    if low == 0.2:
        assert round(b, 2) == 0.62  # printed as .61


@pytest.mark.parametrize("beliefs", ["uniform", "beta(2, 3)", "beta(0.7, 0.7)"])
@pytest.mark.parametrize("dates", [1, 3, 12])
def test_prices_fall_with_bad_news_and_leverage_raises_the_first(dates: int, beliefs: str) -> None:
    made = continuum(dates=dates, beliefs=beliefs)
    chosen, none = made.chosen(), made.unlevered()
    assert chosen is not None
    for cycle in (chosen, none):
        assert np.all(np.diff(cycle.price) <= 0.0)
        assert np.all((cycle.price > 0.2) & (cycle.price <= 1.0))
    assert np.all(np.diff(chosen.buyer) <= 0.0)
    assert chosen.price[0] > none.price[0]


def test_payoffs_in_other_units_change_prices_in_proportion() -> None:
    one = Continuum(Beliefs("uniform"), 1.0, 1.0, 1.0, 0.2, 3).chosen()
    ten = Continuum(Beliefs("uniform"), 10.0, 1.0, 10.0, 2.0, 3).chosen()
    assert one is not None
    assert ten is not None
    assert ten.price == pytest.approx(10.0 * one.price)
    assert ten.buyer == pytest.approx(one.buyer)


def test_a_marginal_buyer_too_close_to_1_to_tell_has_no_closed_form() -> None:
    assert Continuum(Beliefs("uniform"), 1.0, 1e-30, 1.0, 0.2, 2).chosen() is None
