"""Payments of members who owe each other, against the papers' own definitions.

Eisenberg and Noe (2001), Rogers and Veraart (2013), Cifuentes, Ferrucci and Shin (2005).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import lambertw

import walras
from markets.quote import FloatArray
from scenarios.waterfall.default_waterfall import SCENARIO
from simulator.outcome import Outcome
from simulator.run import Run

DEBTS = [[0, 3, 2, 0], [1, 0, 1, 3], [0, 2, 0, 2], [1, 0, 1, 0]]
CASH = [1.0, 0.5, 1.2, 2.0]


def run(debts: Any, cash: Any, owned: Any = 0.0, **settings: Any) -> Run[Any]:
    """Members with debts, cash and, perhaps, own securities; no cleared positions."""
    count = len(cash)
    members = {
        "cash": list(cash), "position[x]": [0.0] * count, "appetite[x]": [0.0] * count,
        "owned[x]": (np.zeros(count) + owned).tolist(),
    }  # fmt: skip
    found = SCENARIO.run(
        members=members, debts=np.asarray(debts).tolist(), news=[0.0], price=1.0,
        **{"outside": 1.0} | settings,
    )  # fmt: skip
    assert found.outcome is Outcome.CLEARED, found.reason
    assert (found.dates["extreme"] == "proved").all()
    return found


def payments(found: Run[Any], case: str) -> FloatArray:
    agents = found.agents[(found.agents["case"] == case) & found.agents["repaid"].notna()]
    return agents["paid"].to_numpy(float)


def largest_payments(debts: FloatArray, cash: FloatArray) -> FloatArray:
    """Eisenberg and Noe (2001), Lemma 4: the clearing vector that maximizes the sum."""
    owes = debts.sum(axis=1)
    share = np.divide(debts, owes[:, None], out=np.zeros_like(debts), where=owes[:, None] > 0.0)
    found = linprog(
        -np.ones(cash.size), A_ub=np.eye(cash.size) - share.T, b_ub=cash,
        bounds=[(0.0, owed) for owed in owes.tolist()], method="highs",
    )  # fmt: skip
    return np.asarray(found.x)


def vectors_with_costs(
    debts: FloatArray, cash: FloatArray, alpha: float, beta: float
) -> list[FloatArray]:
    """Rogers and Veraart (2013), equation (2.2): all clearing vectors, by who defaults."""
    owes, count = debts.sum(axis=1), cash.size
    share = np.divide(debts, owes[:, None], out=np.zeros_like(debts), where=owes[:, None] > 0.0)
    found = []
    for fails in product((False, True), repeat=count):
        failing = np.array(fails)
        system, known = np.eye(count), owes.copy()
        system[failing] -= beta * share.T[failing]
        known[failing] = alpha * cash[failing]
        if abs(np.linalg.det(system)) < 1e-12:
            continue
        paid = np.linalg.solve(system, known)
        has = cash + share.T @ paid
        if np.array_equal(has < owes - 1e-12, failing) and np.all(paid >= -1e-12):
            found.append(paid)
    return found


def test_the_instance_of_the_note() -> None:
    plain = run(DEBTS, CASH)
    expected = [2.84090909090909, 4.20454545454545, 4.0, 2.0]
    assert payments(plain, "greatest") == pytest.approx(expected, abs=1e-9)
    assert payments(plain, "least") == pytest.approx(expected, abs=1e-9)
    costly = run(DEBTS, CASH, recovered_cash=0.7, recovered_inflow=0.6)
    expected = [1.47675846, 1.47298720, 1.97118049, 2.0]
    assert payments(costly, "greatest") == pytest.approx(expected, abs=1e-8)


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 100_000), count=st.integers(2, 8), density=st.floats(0.2, 1.0))
def test_eisenberg_and_noe_on_random_networks(seed: int, count: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    debts = rng.exponential(1.0, (count, count)) * (rng.random((count, count)) < density)
    np.fill_diagonal(debts, 0.0)
    cash = rng.exponential(0.5, count)
    found = run(debts, cash, equilibrium="greatest")
    expected = largest_payments(debts, cash)
    assert payments(found, "greatest") == pytest.approx(expected, abs=1e-7 * (1.0 + debts.sum()))


def test_rogers_and_veraart_greatest_and_least_among_all() -> None:
    rng, several = np.random.default_rng(7), 0
    for _ in range(5):
        debts = rng.exponential(1.0, (4, 4))
        np.fill_diagonal(debts, 0.0)
        cash, (alpha, beta) = rng.exponential(1.0, 4), rng.uniform(0.2, 0.9, 2)
        every = vectors_with_costs(debts, cash, alpha, beta)
        several += len(every) > 1
        found = run(debts, cash, recovered_cash=alpha, recovered_inflow=beta)
        for case, expected in (
            ("greatest", np.max(every, axis=0)),
            ("least", np.min(every, axis=0)),
        ):
            assert payments(found, case) == pytest.approx(expected, abs=1e-8)
    assert several >= 2  # otherwise nothing was told apart


def sold_at(price: float, debts: FloatArray, cash: FloatArray, owned: FloatArray) -> FloatArray:
    """Sales at a price: what is short of cash when all pay what they can, as far as owned."""
    paid = largest_payments(debts, cash + owned * price)
    owes = debts.sum(axis=1)
    share = np.divide(debts, owes[:, None], out=np.zeros_like(debts), where=owes[:, None] > 0.0)
    short = np.maximum(owes - cash - share.T @ paid, 0.0)
    return np.asarray(np.minimum(owned, short / price))


@pytest.mark.parametrize("seed", range(2))
def test_cifuentes_ferrucci_and_shin_at_the_highest_price(seed: int) -> None:
    """No price above is an equilibrium; at the price sales are those of the largest payments."""
    rng = np.random.default_rng(seed)
    debts = rng.exponential(1.0, (5, 5))
    np.fill_diagonal(debts, 0.0)
    cash, owned = rng.uniform(0.0, 0.6, 5), rng.uniform(0.0, 3.0, 5)
    depth = 6.0
    found = run(debts, cash, owned, outside=depth, equilibrium="greatest")
    price = found.equilibrium["price[x]"]
    assert price < 0.95

    def excess(at: float) -> float:
        return float(np.exp(-sold_at(at, debts, cash, owned).sum() / depth)) - at

    assert excess(price) == pytest.approx(0.0, abs=1e-8)
    assert all(excess(at) < 0.0 for at in np.linspace(price, 1.0, 25)[1:])
    sold = found.agents["owned_before[x]"] - found.agents["owned[x]"]
    expected = sold_at(price, debts, cash, owned)
    assert sold.to_numpy()[:5] == pytest.approx(expected, abs=1e-7)


def test_sales_feed_on_themselves_and_the_least_price_is_another() -> None:
    """Short of .3 with 2 to sell, q ln q = -.3 where the call is met; all is sold at exp(-2)."""
    found = run([[0.0, 0.5], [0.0, 0.0]], [0.2, 1.0], [2.0, 0.0])
    price = found.dates.set_index("case")["price[x]"]
    greatest = np.exp(lambertw(-0.3).real)  # the upper branch
    assert price.to_dict() == pytest.approx({"greatest": greatest, "least": np.exp(-2.0)}, abs=1e-8)
    status = found.agents.set_index(["case", "cohort", "member"])["status"]
    assert status["greatest", "members", 0] == "called"
    assert status["least", "members", 0] == "defaulted"


def test_the_rate_of_the_bankruptcy_economy_is_the_two_date_special_case() -> None:
    """One borrower promises what the bankruptcy economy promises, and has what it has then."""
    bankruptcy = walras.run("bankruptcy")
    borrower = bankruptcy.agents[bankruptcy.agents["cohort"] == "borrower"]
    promised, seized = -borrower["bond"].item(), borrower["endowed_later"].item()
    found = run([[0.0, 0.6 * promised, 0.4 * promised], [0.0] * 3, [0.0] * 3], [seized, 1.0, 1.0])
    rate = bankruptcy.equilibrium["repayment_rate"]
    assert rate < 0.6
    assert found.agents["repaid"].iloc[0] == pytest.approx(rate, abs=1e-9)
    assert found.agents["received"].iloc[:3].tolist() == pytest.approx(
        [0.0, 0.6 * seized, 0.4 * seized], abs=1e-9
    )
