"""What binds in an equilibrium, as equations."""

from __future__ import annotations

from fractions import Fraction

from scenarios.credit import active_set, exact
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from simulator.run import Run


def test_what_binds_holds_exactly_at_the_proved_equilibrium(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    assert exact.is_proof(point.proof)
    proved = exact.read(economy, point.proof)
    plans = {n: {v: float(a) for v, a in plan.items()} for n, plan in proved.plans.items()}
    multipliers = {n: {r: float(p) for r, p in of.items()} for n, of in proved.multipliers.items()}
    active, start = active_set.read(economy, point.quotes, plans, multipliers, 1e-7)
    exactly: dict[active_set.Unknown, Fraction] = {}
    for kind, name, place in start:
        if kind == "quote":
            value = proved.quotes[name]
        elif kind == "plan":
            part, node, instrument = place
            value = proved.plans[name][part, node, instrument]
        else:
            value = proved.multipliers[name][place]
        assert isinstance(value, Fraction)
        exactly[kind, name, place] = value
    assert not any(active_set.system(economy, active, point.quotes).residuals(exactly))
    assert not active.floors  # both contracts are traded
    assert active.slack["C"] == [("debt", "d", "j0")]
    assert active.slack["A"] == active.slack["B"] == []


def test_a_quote_that_is_held_is_an_equation(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    none = active_set.ActiveSet({n: [] for n in "ABC"}, {n: [] for n in "ABC"}, frozenset(), {})
    held = active_set.pin(none, {"price[j0@0]": Fraction(1, 2)})
    at = {active_set.quote(name): Fraction(value) for name, value in point.quotes.items()}
    extra = active_set.equations(economy, held, at)[len(active_set.equations(economy, none, at)) :]
    assert extra == [({}, Fraction(1, 4))]  # 3/4 - 1/2
