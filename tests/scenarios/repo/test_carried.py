"""Conditions across dates, on tables of traders of runs and on tampered ones."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from markets.margin import FlatMargin
from scenarios.repo.carried import Carried
from scenarios.repo.certificate import certify
from scenarios.repo.economy import MarginHike, build
from simulator.certificate import Certificate

HAIRCUT = 0.03


@pytest.fixture(scope="module")
def closed() -> tuple[pd.DataFrame, float, float]:
    """Traders of a short market after the haircut has risen from 1% to 3%, and the quotes."""
    economy = build(MarginHike(traders=200, carry=True), np.random.default_rng(0))
    economy.clear()
    assert Carried.read(economy.cohorts[0].table(), 1.0, complete=True) is None
    economy.announce(margin=FlatMargin(HAIRCUT))
    economy.clear()
    table = economy.cohorts[0].table()
    quotes = economy.quotes["security_price"], economy.quotes["repo_rate"]
    economy.close()
    return table, *quotes


def proof(closed: tuple[pd.DataFrame, float, float], *, complete: bool = True) -> Certificate:
    table, price, rate = closed
    return certify(
        low_payoff=0.70,
        high_payoff=1.15,
        haircut=HAIRCUT,
        security_price=price,
        repo_rate=rate,
        agents=table,
        complete=complete,
    )


def test_a_date_that_was_carried_into_is_certified(
    closed: tuple[pd.DataFrame, float, float],
) -> None:
    table = closed[0]
    assert {"defaulted", "solvent"} == set(table["status"])
    assert (table["endowed_cash"] < 0.0).any()
    assert (table["endowed_securities"] < 0.0).any()
    whole, sample = proof(closed), proof(closed, complete=False)
    assert whole.holds, whole.complaint()
    assert sample.holds, sample.complaint()
    assert len(whole.conditions) > len(sample.conditions)


def moved(column: str, by: float) -> Callable[[pd.DataFrame], None]:
    def tamper(table: pd.DataFrame) -> None:
        table.loc[table.index[3], column] += by

    return tamper


def forgiven(table: pd.DataFrame) -> None:
    table.loc[table.index[-1], "status"] = "called"


def still_short(table: pd.DataFrame) -> None:
    table.loc[table.index[-1], "repo_lending"] = 1e-3


@pytest.mark.parametrize(
    ("tamper", "name"),
    [
        (moved("wealth", 1e-7), "carried, wealth"),
        (moved("profit_and_loss", 1e-7), "carried, wealth"),
        (forgiven, "carried, status"),
        (moved("call", 1e-3), "carried, status"),
        (still_short, "carried, closed out"),
        (moved("endowed_cash", 1e-3), "carried, cash"),
        (moved("endowed_securities", 1e-3), "carried, securities"),
    ],
)
def test_a_table_that_was_tampered_with_is_not_certified(
    closed: tuple[pd.DataFrame, float, float],
    tamper: Callable[[pd.DataFrame], None],
    name: str,
) -> None:
    table, price, rate = closed
    table = table.copy()
    tamper(table)
    assert not proof((table, price, rate))[name].holds


def test_more_unpaid_than_all_gains_is_no_equilibrium() -> None:
    """Two longs own nearly all on credit, and the price has halved: nobody bears the rest."""
    wealth, securities = np.array([1.0, 1.0, 1.0]), np.array([10.0, 10.0, -1.0])
    table = pd.DataFrame(
        {
            "weight": 1.0,
            "endowed_cash": wealth - securities,
            "endowed_securities": securities,
            "first_cash": (wealth - securities).sum() / 3.0,
            "first_securities": securities.sum() / 3.0,
            "closing_price": 1.0,
            "wealth": [0.0, 0.0, 1.0],
            "profit_and_loss": [-1.0, -1.0, 0.0],
            "call": 0.0,
            "status": ["defaulted", "defaulted", "solvent"],
        }
    )
    read = Carried.read(table, 0.5, complete=True)
    assert read is not None
    assert (read.unpaid, read.cut) == (8.0, 1.0)
    found = Certificate(tuple(read.conditions(np.ones(3), 0.1, np.zeros(3, dtype=np.bool_))))
    assert found["carried, wealth"].holds
    assert found["carried, cash"].holds
    assert not found["carried, calls"].holds


def test_a_table_without_what_was_carried_is_refused(
    closed: tuple[pd.DataFrame, float, float],
) -> None:
    table, price, _ = closed
    with pytest.raises(ValueError, match="the table of traders lacks wealth"):
        Carried.read(table.drop(columns="wealth"), price, complete=True)
    torn = table.assign(closing_price=np.linspace(0.7, 0.8, len(table)))
    with pytest.raises(ValueError, match="from different prices"):
        Carried.read(torn, price, complete=True)
