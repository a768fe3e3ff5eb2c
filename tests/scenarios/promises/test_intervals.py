"""Prices at which nobody trades a promise that nobody trades."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.promises import collateral_equilibrium, endogenous_leverage
from scenarios.promises.intervals import kinks
from scenarios.promises.program import Program, Promise


def test_inside_nobody_trades_and_outside_somebody_does() -> None:
    """By the linear programs of the certificate: a trader gains exactly outside the interval."""
    scenario = endogenous_leverage.SCENARIO
    run = scenario.run(payoffs=[1.0, 0.5, 0.1], traders=40)
    point = run.points[0]
    found = scenario.intervals(run.parameters, point)
    assert found
    traded = run.tables["instruments"].set_index("instrument")["traded"]
    assert {name.removeprefix("price_") for name in found} == set(traded[traded == 0.0].index)
    for name, (lowest, highest) in found.items():
        assert lowest <= point.quotes[name] <= highest
        assert highest - lowest > 1e-5
        for quote, holds in (
            (lowest + 1e-7, True), (highest - 1e-7, True),
            (lowest - 1e-7, False), (highest + 1e-7, False),
        ):  # fmt: skip
            moved = replace(point, quotes={**point.quotes, name: quote})
            certificate = scenario.certify(run.parameters, moved)
            assert certificate.holds is holds, (name, quote, certificate.complaint())


def test_single_traders_after_good_and_bad_news() -> None:
    scenario = collateral_equilibrium.SCENARIO
    run = scenario.run(
        assets="borrowing", low_payoff=0.2, promises=[0.05, 0.3, 0.6], population="individuals",
        beliefs=[0.2, 0.5, 0.6, 0.9], cash=[1.0, 1.0, 0.1, 1.0],
    )  # fmt: skip
    point = run.points[0]
    found = scenario.intervals(run.parameters, point)
    assert found
    assert {f"lowest_{name}" for name in found} <= set(run.dates.columns)
    for name, (lowest, highest) in found.items():
        for quote, holds in (
            (lowest - 1e-6, False), (highest + 1e-6, False),
            (lowest + 1e-9, True), (highest - 1e-9, True),
        ):  # fmt: skip
            moved = replace(point, quotes={**point.quotes, name: quote})
            assert scenario.certify(run.parameters, moved).holds is holds
        assert lowest <= point.quotes[name] <= highest


def test_in_a_continuum_the_interval_of_a_risky_loan_is_a_point() -> None:
    """Issuers and buyers next to the marginal belief value it alike."""
    scenario = collateral_equilibrium.SCENARIO
    run = scenario.run(assets="borrowing", low_payoff=0.2, promises=[0.2, 0.5])
    lowest, highest = scenario.intervals(run.parameters, run.points[0])["price_loan_0.5"]
    marginal = run.dates["marginal_buyer"].iloc[0]
    assert lowest == pytest.approx(0.5 * marginal + 0.2 * (1.0 - marginal), abs=1e-9)
    assert highest == pytest.approx(lowest, abs=1e-9)


def test_kinks_decide_the_interval_of_a_continuum() -> None:
    """No belief on a fine grid values the promise more than the kinks do."""
    scenario = collateral_equilibrium.SCENARIO
    run = scenario.run(assets="borrowing", low_payoff=0.2, promises=[0.1, 0.2, 0.5])
    point = run.points[0]
    promises = [Promise(f"loan_{x:g}", (x, x), 1.0, 0.0) for x in (0.1, 0.2, 0.5)]
    weights = kinks(point, promises, np.array([1.0, 0.2]))
    prices = np.array([point.quotes[f"price_{p.name}"] for p in promises])
    program = Program.of(point.quotes["asset_price"], prices, np.array([1.0, 0.2]), promises)
    worth = lambda h: (0.5 * h + 0.2 * (1.0 - h)) / program.value(float(h))  # noqa: E731
    highest = max(worth(h) for h in weights[:, 1])
    assert max(worth(h) for h in np.linspace(0.0, 1.0, 60)) <= highest + 1e-9
