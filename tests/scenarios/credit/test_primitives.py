"""Tastes that differ by good, against a closed form; what each household has."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from scenarios.credit import housing
from scenarios.credit.certificate import plans_of
from scenarios.credit.parameters import CreditTree
from scenarios.credit.primitives import wealth
from scenarios.credit.read_out import consumption
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run

KEEPS = {"boom": 0.95, "bust": 0.8, "boom+": 0.95, "bust+": 0.95}
TASTES = {"saver": Fraction(1, 4), "young": Fraction(3, 5)}


def quasilinear() -> list[Any]:
    """Food is liked linearly, houses with logarithmic utility; everybody is equally patient."""
    homes: list[Any] = copy.deepcopy(housing.HOUSEHOLDS[:2])
    for home in homes:
        taste = str(TASTES[home["name"]])
        home["weights"] = {node: {"food": 1, "house": taste} for node in ("0", *KEEPS)}
        home["risk_aversion"] = {"food": 0, "house": 1}
        for amounts in home["endowment"].values():
            amounts["food"] = 5
    return homes


@pytest.fixture(scope="module")
def spot() -> Run[CreditTree]:
    return housing.SCENARIO.run(households=quasilinear(), contracts=[])


def test_a_good_liked_linearly_prices_one_liked_with_logarithms(spot: Run[CreditTree]) -> None:
    """With food to spare everybody's house is worth taste / houses now, and what is left later.

    So houses are shared by taste at every node, and the price is the sum of tastes over all houses,
    plus what a house leaves at the price of the next date, in each state.
    """
    assert spot.outcome is Outcome.CLEARED
    assert spot.certificate.holds
    (economy,) = spot.parameters.economies().values()
    houses = np.sum(wealth(economy), axis=0)[:, economy.tree.goods.index("house")]
    flow = dict(zip(economy.tree.names, float(sum(TASTES.values())) / houses, strict=True))
    price = {node: flow[node] for node in ("boom+", "bust+")}
    for node in ("boom", "bust"):
        price[node] = flow[node] + KEEPS[f"{node}+"] * price[f"{node}+"]
    price["0"] = flow["0"] + sum(KEEPS[node] * price[node] for node in ("boom", "bust"))
    for node, value in price.items():
        assert spot.equilibrium[f"price[house@{node}]"] == pytest.approx(value, abs=1e-9)


def test_houses_are_shared_by_taste(spot: Run[CreditTree]) -> None:
    ((economy, point),) = [(spot.parameters.economies()[p.case], p) for p in spot.points]
    plans = plans_of(point.agents)
    eaten = {
        name: consumption(economy, {v: Fraction(a) for v, a in plans[name].items()})
        for name in TASTES
    }
    for node in economy.tree.names:
        ratio = float(eaten["young"][node, "house"] / eaten["saver"][node, "house"])
        assert ratio == pytest.approx(2.4, abs=1e-7)


def test_one_number_is_the_risk_aversion_of_every_good() -> None:
    homes: list[Any] = copy.deepcopy(housing.HOUSEHOLDS)
    for home in homes:
        home["risk_aversion"] = {"food": 1, "house": "1"}
    assert housing.Housing(households=homes).economies() == housing.Housing().economies()


def test_with_mortgages_too_tastes_may_differ_by_good() -> None:
    homes: list[Any] = copy.deepcopy(housing.HOUSEHOLDS)
    for home, food in zip(homes, ("0", "1/2", "1", "2"), strict=True):
        home["risk_aversion"] = {"food": food, "house": "3/2"}
    run = housing.SCENARIO.run(households=homes)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    for column in (f"utility[{home['name']}]" for home in homes):
        assert np.isfinite(run.dates[column].iloc[0])


def test_utility_is_linear_where_all_that_is_liked_is() -> None:
    given: Any = copy.deepcopy(CreditTree().model_dump())
    given["goods"] = ["good", "toy"]
    given["contracts"] = []
    for household in given["households"]:
        for part in ("endowment", "weights"):
            household[part] = {
                node: {"good": amount, "toy": int(part == "endowment")}
                for node, amount in household[part].items()
            }
        household["risk_aversion"] = {"good": 0, "toy": 3}
    economy = parse(CreditTree, given).economies()["economy"]
    assert economy.linear
