"""Isoleverage lines: the slides' equation, its crossings and the region where the box holds."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from agents.beliefs import Beliefs
from scenarios.repo.closed_form import solve
from scenarios.repo.isoleverage import PRICES, isoleverage

LOW, HIGH = 0.70, 1.15
SLIDES = {"short": (0.0, 2000.0), "long": (2000.0, 0.0)}


def lines(haircuts: list[float], **changes: Any) -> pd.DataFrame:
    given: dict[str, Any] = {
        "low_payoff": LOW, "high_payoff": HIGH, "cash": 1.0, "securities": 1.0, "incomes": SLIDES,
        "quantile": Beliefs("uniform").quantile,
    }  # fmt: skip
    return isoleverage(haircuts, **(given | changes))


def test_lines_are_the_slides_equations() -> None:
    """1 / (1 - h) as a function of m and q, as printed, with unit endowments."""
    table = lines([0.01, 0.03])
    for market, leverage in (
        ("short", lambda m, q: (m * (1 + q) / (q - LOW) - 1) * q / ((1 + q) * (1 - m))),
        ("long", lambda m, q: ((1 - m) * (1 + q) / (HIGH - q) + 1) * q / ((1 + q) * m)),
    ):
        for haircut in (0.01, 0.03):
            line = table[(table.market == market) & (table.haircut == haircut)]
            assert len(line) == PRICES
            found = leverage(line.marginal_belief, line.security_price)
            assert found.to_numpy() == pytest.approx(1.0 / haircut, rel=1e-9)


def test_the_box_is_the_slides_condition_and_that_of_the_long_market() -> None:
    table = lines([])
    h, q, m = 1.0 - table.haircut, table.security_price, table.marginal_belief
    short = h / 2.0 - (1.0 - m) * (1.0 + q) / q
    long = (2.0 - h) / 2.0 - m * (1.0 + q) / q
    expected = short.where(table.market == "short", long)
    assert table.box_slack.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-12)


@pytest.mark.parametrize("market", ["short", "long"])
@pytest.mark.parametrize("haircut", [0.01, 0.03, 0.06])
@pytest.mark.parametrize("beliefs", ["uniform", "beta(2, 3)"])
def test_equilibria_are_crossings_inside_the_box(market: str, haircut: float, beliefs: str) -> None:
    """The crossing is the closed form's regime I where the box holds, and nowhere else."""
    spread = Beliefs(beliefs)
    up, down = SLIDES[market]
    found = solve(
        haircut=haircut, low_payoff=LOW, high_payoff=HIGH, cash=2.0, securities=0.7, income_up=up,
        income_down=down, cdf=spread.below,
        quantile=lambda share: float(spread.quantile(np.array([share]))[0]),
    )  # fmt: skip
    table = lines([haircut], cash=2.0, securities=0.7, quantile=spread.quantile)
    line = table[(table.market == market) & (table.haircut == haircut)]
    gap = line.security_price - (HIGH - line.marginal_belief * (HIGH - LOW))
    place = int(np.flatnonzero(np.diff(np.sign(gap)))[0])
    slack = line.box_slack.to_numpy()[place : place + 2]
    if found.regime == "I":
        prices = line.security_price.to_numpy()[place : place + 2]
        assert prices[0] <= found.security_price <= prices[1]
        assert slack.max() >= 0.0
    else:
        assert slack.min() <= 0.0


def test_a_haircut_of_zero_has_no_line() -> None:
    assert (lines([0.0]).haircut > 0.0).all()
