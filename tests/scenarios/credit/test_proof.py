"""Plans and multipliers in exact numbers at exact quotes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scenarios.credit import exact
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.program import program_at
from scenarios.credit.proof import NotProved, dual, fitted, prove_at
from simulator.run import Run


def test_the_proved_quotes_prove_themselves(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    assert exact.is_proof(point.proof)
    proved = exact.read(economy, point.proof)
    again = prove_at(economy, proved.quotes, {})
    assert again["quotes"] == point.proof["quotes"]
    assert not any(exact.check(economy, exact.read(economy, again)).violations)


def test_other_quotes_are_no_equilibrium(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    assert exact.is_proof(point.proof)
    quotes = exact.read(economy, point.proof).quotes | {"price[j0@0]": Fraction(3, 5)}
    with pytest.raises(NotProved, match="best plan"):
        prove_at(economy, quotes, {})


def test_multipliers_of_a_program_are_worth_its_limits(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    problem = program_at(economy, point.quotes)
    for household in economy.households:
        prices = dual(problem, household)
        assert prices is not None
        limits = [float(limit) for limit in problem.limits(household)]
        utility = example.dates[f"utility[{household.name}]"].iloc[0]
        assert prices @ limits == pytest.approx(utility)
        gains = [float(gain) for gain in problem.linear_gains(household).values()]
        assert (prices @ problem.matrix() - gains).min() > -1e-9


def test_fitted_multipliers_make_what_is_used_worth_its_cost(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    assert exact.is_proof(point.proof)
    proved, problem = exact.read(economy, point.proof), program_at(economy, point.quotes)
    household = economy.households[0]
    plan = {v: float(amount) for v, amount in proved.plans[household.name].items()}
    prices = fitted(problem, household, plan)
    gains = problem.linear_gains(household)
    for place, variable in enumerate(problem.columns):
        if plan[variable] > 0.0:
            assert prices @ problem.matrix()[:, place] == pytest.approx(float(gains[variable]))
