"""The certificate: it holds at resting points, and falsified tables and quotes fail it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from scenarios.promises.certificate import certify
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import CollateralEquilibrium
from simulator.run import Run

CONDITIONS = (
    "quotes", "budget", "signs", "collateral", "clearing", "deliveries", "optimality", "population",
)  # fmt: skip


def at_once(assets: str, **more: Any) -> Run[CollateralEquilibrium]:
    return SCENARIO.run(**{"assets": assets, "low_payoff": 0.2, **more})


@pytest.mark.parametrize("assets", ["none", "borrowing", "tranching", "default-swaps"])
def test_every_condition_is_checked_and_holds(assets: str) -> None:
    run = at_once(assets, traders=500)
    certificate = SCENARIO.certify(run.parameters, run.points[0])
    assert tuple(c.name for c in certificate.conditions) == CONDITIONS
    assert certificate.holds, certificate.table()


def test_a_sample_tells_nothing_of_clearing() -> None:
    run = at_once("none", traders=500, population="individuals")
    point = run.points[0]
    certificate = certify(
        agents=point.agents.iloc[::7], quotes=point.quotes, payoff=(1.0, 0.2), promises=[],
        below=None, complete=False,
    )  # fmt: skip
    left_out = ("clearing", "deliveries", "population")
    assert [c.name for c in certificate.conditions] == [n for n in CONDITIONS if n not in left_out]
    assert certificate.holds


def test_listed_beliefs_have_no_distribution_to_check() -> None:
    run = at_once("none", beliefs=[0.2, 0.5, 0.9], population="individuals")
    certificate = SCENARIO.certify(run.parameters, run.points[0])
    assert tuple(c.name for c in certificate.conditions) == CONDITIONS[:-1]
    assert certificate.holds


@cache
def tranching(population: str) -> Run[CollateralEquilibrium]:
    return at_once("tranching", population=population, traders=500)


@pytest.mark.parametrize("population", ["continuum", "individuals"])
@pytest.mark.parametrize(
    ("column", "shift", "condition"),
    [
        ("cash", 1e-6, "budget"),
        ("asset", -1e-6, "collateral"),
        ("bought_down_tranche", 1e-3, "clearing"),
        ("sold_down_tranche", 1e-6, "collateral"),
        ("belief_low", -1e-3, "optimality"),
        ("weight", 1e-6, "population"),
    ],
)
def test_a_falsified_table_is_found_out(
    population: str, column: str, shift: float, condition: str
) -> None:
    run = tranching(population)
    point = run.points[0]
    assert run.certificate is not None
    assert run.certificate.holds
    falsified = point.agents.copy()
    held = {"asset": "asset", "sold_down_tranche": "asset", "belief_low": "asset"}.get(column)
    row = int(np.argmax(falsified[held] > 0.0)) if held else 0
    values = falsified[column].to_numpy(copy=True)
    values[row] += shift
    falsified[column] = values
    certificate = SCENARIO.certify(run.parameters, replace(point, agents=falsified))
    assert not certificate[condition].holds


@pytest.mark.parametrize("quote", ["asset_price", "price_down_tranche"])
def test_a_falsified_quote_is_found_out(quote: str) -> None:
    run = tranching("individuals")
    quotes = {**run.quotes(0), quote: run.quotes(0)[quote] * 1.001}
    certificate = SCENARIO.certify(run.parameters, replace(run.points[0], quotes=quotes))
    assert not certificate["optimality"].holds


def test_an_arbitrage_is_found_out() -> None:
    """A tranche that costs more than the asset lets anybody grow rich by cutting it up."""
    run = at_once("tranching", population="individuals", traders=50)
    quotes = {**run.quotes(0), "price_down_tranche": 2.0 * run.quotes(0)["asset_price"]}
    certificate = SCENARIO.certify(run.parameters, replace(run.points[0], quotes=quotes))
    assert certificate["optimality"].residual == np.inf


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_a_quote_that_is_no_price_is_found_out(price: float) -> None:
    run = at_once("none", traders=50)
    point = replace(run.points[0], quotes={"asset_price": price})
    assert not SCENARIO.certify(run.parameters, point)["quotes"].holds


def test_a_trader_with_nothing_forgoes_nothing_but_may_hold_nothing() -> None:
    run = at_once(
        "none", beliefs=[0.2, 0.5, 0.8], population="individuals", cash=[1, 1, 0], asset=[1, 1, 0]
    )
    point = run.points[0]
    certificate = SCENARIO.certify(run.parameters, point)
    assert certificate.holds, certificate.table()
    gifted = point.agents.copy()
    gifted.loc[gifted["belief"] == 0.8, "cash"] = 1e-3
    falsified = SCENARIO.certify(run.parameters, replace(point, agents=gifted))
    assert falsified["budget"].residual == np.inf
