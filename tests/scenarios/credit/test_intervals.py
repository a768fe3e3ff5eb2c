"""Prices at which nobody would trade what nobody trades: inside nobody does, outside somebody."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import pytest

from scenarios.credit import credit_tree, prepayment
from scenarios.credit.certificate import plans_of, utility_gains
from scenarios.credit.credit_tree import described_points
from scenarios.credit.intervals import intervals
from scenarios.credit.parameters import CONTRACTS, CreditTree
from scenarios.credit.primitives import CreditEconomy, wealth
from scenarios.credit.program import program_at
from scenarios.credit.terms import terms_at
from simulator.linear_program import maximise
from simulator.outcome import Outcome
from simulator.point import RestingPoint
from simulator.run import Run

STEP = 1e-5


def gain(economy: CreditEconomy, point: RestingPoint, quote: str, value: float) -> float:
    """What some household would gain by another plan at a value of a quote, to first order."""
    quotes = {**point.quotes, quote: value}
    for contract in economy.contracts:
        if contract.issued_at != economy.tree.root:
            terms = terms_at(economy, {n: Fraction(v) for n, v in quotes.items()})
            for node in economy.later_nodes(contract):
                paid = float(terms.delivery(contract.name, node))
                quotes[f"unit_payment[{contract.name}@{node}]"] = paid
    problem, most = program_at(economy, quotes), 0.0
    for household in economy.households:
        plan = plans_of(point.agents)[household.name]
        wanted = utility_gains(problem, household, plan)
        limits = [float(limit) for limit in problem.limits(household)]
        best = maximise(wanted, problem.matrix(), limits)
        if best.status != "optimal":
            return inf
        most = max(most, best.value - float(wanted @ np.array([plan[v] for v in problem.columns])))
    return most


def test_the_trivial_equilibrium_has_its_interval_exactly() -> None:
    run = prepayment.SCENARIO.run(pools="distrusted", start="pessimistic")
    assert run.outcome is Outcome.NO_TRADE
    ((economy, point),) = described_points(run)
    found = intervals(economy, point)
    assert found["price[j0@0]"] == (Fraction(0), Fraction(319, 732))
    assert set(found) == {"price[j0@0]", *(f"resale[j0@{node}]" for node in "umd")}
    assert gain(economy, point, "price[j0@0]", 319 / 732 - STEP) <= 1e-9
    assert gain(economy, point, "price[j0@0]", 319 / 732 + STEP) > 1e-6
    shown = run.scenario.intervals(run.parameters, point)
    assert shown["price[j0@0]"] == (0.0, 319 / 732)


def test_what_is_traded_has_no_interval(example: Run[CreditTree]) -> None:
    ((economy, point),) = described_points(example)
    assert intervals(economy, point) == {}


def mistrusted(coupon: Any, prepayment: Any) -> tuple[CreditEconomy, RestingPoint]:
    """The default households with one contract of which nobody expects anything."""
    contract = {**CONTRACTS[0], "coupon": coupon, "prepayment": prepayment}
    run = credit_tree.SCENARIO.run(contracts=[contract], pools="distrusted", start="pessimistic")
    assert run.outcome is Outcome.NO_TRADE
    assert run.certificate.holds
    return described_points(run)[0]


def cost_of_a_loan(economy: CreditEconomy, household: int, owed: float, closing: float) -> float:
    """What a unit of debt costs a household that consumes what it has, in goods of date 0.

    At each node of date 1 it takes the cheapest of closing, handing over the collateral, and
    keeping the debt; marginal utility of logarithmic utility is weight over consumption.
    """
    has, keeps = wealth(economy)[household, :, 0], {"u": 0.9, "d": 0.5}
    weights = [float(row[0]) for row in economy.households[household].weights]
    place, slope = economy.tree.places, [w / c for w, c in zip(weights, has, strict=True)]
    now, later = slope[0], 0.0
    for node, share in keeps.items():
        last = slope[place[f"{node}+"]]
        worth = slope[place[node]] + 0.8 * last
        keeping = owed * worth + min(owed, 0.8 * share) * last
        now += share * worth
        later += min(closing * worth, share * worth, keeping)
    return float(later / now)


def test_the_upper_end_is_the_least_that_a_loan_costs_anybody() -> None:
    economy, point = mistrusted("0.3", "0.45")
    low, high = intervals(economy, point)["price[j0@0]"]
    assert low == pytest.approx(0.0, abs=1e-9)
    least = min(cost_of_a_loan(economy, h, 0.3, 0.45) for h in range(2))
    assert float(high) == pytest.approx(least, abs=1e-8)


def test_just_inside_nobody_trades_and_just_outside_somebody_does() -> None:
    economy, point = mistrusted("0.3", "0.45")
    found = intervals(economy, point)
    assert set(found) == {"price[j0@0]", "resale[j0@u]", "resale[j0@d]"}
    high = float(found["price[j0@0]"][1])
    for inside in (STEP, 0.5 * high, high - STEP):
        assert gain(economy, point, "price[j0@0]", inside) <= 1e-8
    assert gain(economy, point, "price[j0@0]", high + STEP) > 1e-7
    for node in "ud":  # at a price of zero, any resale price is a gift
        assert found[f"resale[j0@{node}]"] == pytest.approx((0.0, 0.0), abs=1e-8)
        assert gain(economy, point, f"resale[j0@{node}]", STEP) > 1e-7


def test_terms_that_move_with_the_price_move_along() -> None:
    economy, point = mistrusted("0.1 + q['j0'] / 2", "coupon + 0.1")
    low, high = map(float, intervals(economy, point)["price[j0@0]"])
    owed = 0.1 + 0.5 * high
    least = min(cost_of_a_loan(economy, h, owed, owed + 0.1) for h in range(2))
    assert high == pytest.approx(least, abs=1e-8)
    assert low == 0.0
    assert gain(economy, point, "price[j0@0]", high - STEP) <= 1e-8
    assert gain(economy, point, "price[j0@0]", high + STEP) > 1e-7
