"""The equilibrium that rounds of trembling traders approach."""

from __future__ import annotations

import numpy as np
import pytest

from markets.promises.menu import owed_in_cash
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import CollateralEquilibrium
from scenarios.promises.program import Promise
from scenarios.promises.refined import refined, ventures
from simulator.point import RestingPoint
from simulator.run import Run


def a_run() -> Run[CollateralEquilibrium]:
    return SCENARIO.run(
        assets="borrowing",
        low_payoff=0.2,
        promises=[0.1, 0.3, 0.5],
        population="individuals",
        beliefs=[0.1, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9],
        cash=[1.0, 2.0, 0.5, 0.0, 1.5, 0.0, 1.0],
        asset=[1.0, 0.0, 2.0, 0.5, 1.0, 0.0, 0.2],
    )


def test_ventures_have_what_their_issuers_keep() -> None:
    units, worths = ventures(
        np.array([1.0, 0.2]), [Promise("loan", (0.5, 0.5), 1.0, 0.0)], now=True, storable=True
    )
    assert units.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, -1], [0, 1, 0]]
    assert worths[0].tolist() == [1.0, 0.0, 0.0]
    assert worths[3] == pytest.approx([0.0, 0.5, 0.0])
    assert len(ventures(np.array([1.0, 0.2]), [], now=False, storable=False)[0]) == 1


def test_what_is_left_of_trembles_is_nothing() -> None:
    run = a_run()
    assert run.outcome == "cleared"
    assert run.certificate["clearing"].residual <= 1e-10
    assert run.certificate["optimality"].residual <= 1e-10
    held = run.agents.filter(regex="^(cash|asset|bought|sold)").to_numpy()
    assert np.all((held == 0.0) | (held > 1e-9))


def test_every_return_of_the_proof_is_the_best_that_quotes_offer() -> None:
    """By enumeration of ventures, one trader after the other."""
    run = a_run()
    point, menu = run.points[0], run.parameters.menu("borrowing", 1)
    assert point.proof is not None
    promises = [
        Promise(name, owed_in_cash(contract), 1.0, 0.0)
        for name, contract in zip(menu.names, menu.contracts, strict=True)
    ]
    units, worths = ventures(menu.payoff, promises, now=False, storable=True)
    prices = [1.0, point.quotes["asset_price"], *(point.quotes[f"price_{n}"] for n in menu.names)]
    returns = worths[:, 1:] / (units @ prices)[:, None]
    rich = point.agents["endowed_cash"] + point.agents["endowed_asset"] > 0.0
    for belief, shadow, has in zip(
        point.agents["belief"], point.proof["returns"], rich, strict=True  # type: ignore[call-overload]
    ):  # fmt: skip
        best = float(np.max(returns @ [belief, 1.0 - belief]))
        assert shadow == (pytest.approx(best, rel=1e-10) if has else 0.0)


def test_quotes_without_sense_are_left_alone() -> None:
    run = a_run()
    point = run.points[0]
    worthless = RestingPoint(
        point.case, 1, {**point.quotes, "asset_price": 0.0}, point.agents, complete=True
    )
    belief = point.agents["belief"].to_numpy()
    chances = np.column_stack([0.0 * belief, belief, 1.0 - belief])
    names = run.parameters.menu("borrowing", 1).names
    promises = [Promise(n, (0.1 + j, 0.1 + j), 1.0, 0.0) for j, n in enumerate(names)]
    again = refined(worthless, payoff=np.array([1.0, 0.2]), promises=promises, weights=chances)
    assert again is worthless
