"""What is read off a resting point."""

from __future__ import annotations

from math import inf, log
from typing import Any

import numpy as np
import pytest

from scenarios.credit import prepayment
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.program import program_at
from scenarios.credit.read_out import consumption, rates, utilities
from simulator.knowledge import Knowledge
from simulator.outcome import Outcome
from simulator.run import Run


def test_utility_of_a_logarithmic_household(logarithmic: Run[CreditTree]) -> None:
    from fractions import Fraction

    from scenarios.credit.certificate import plans_of

    economy, point = described_points(logarithmic)[0]
    plan = {v: Fraction(a) for v, a in plans_of(point.agents)["P"].items()}
    patient = economy.households[0]
    expected = sum(
        float(patient.weights[economy.tree.places[node]][0]) * log(float(amount))
        for (node, _), amount in consumption(economy, plan).items()
    )
    assert utilities(economy, point)["P"] == pytest.approx(expected, abs=1e-14)


def test_nothing_of_a_good_that_is_liked_is_worth_minus_infinity(
    logarithmic: Run[CreditTree],
) -> None:
    economy, point = described_points(logarithmic)[0]
    from dataclasses import replace

    none = replace(point, agents=point.agents.assign(amount=0.0))
    assert utilities(economy, none)["P"] == -inf


def test_rates_add_up_and_are_none_without_debt(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    found = rates(economy, point.agents)
    for node in economy.tree.middle:
        assert sum(found[f"{name}[j0@{node}]"] for name in ("paid", "prepaid", "defaulted")) == 1.0
    none = rates(economy, point.agents.assign(amount=0.0))
    assert all(np.isnan(value) for value in none.values())


@pytest.mark.parametrize("name", ["example", "logarithmic"])
def test_unit_payments_are_the_mean_of_deliveries(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Section 2: weighted with the rates of payment, prepayment and default."""
    run: Run[CreditTree] = request.getfixturevalue(name)
    economy, point = described_points(run)[0]
    terms = program_at(economy, point.quotes).terms
    found = rates(economy, point.agents)
    for node in economy.tree.middle:
        paid, prepaid, defaulted = (
            found[f"{action}[j0@{node}]"] for action in ("paid", "prepaid", "defaulted")
        )
        place = ("j0", node)
        mean = paid * float(terms.coupon[place]) + prepaid * float(terms.prepayment[place])
        mean += defaulted * float(terms.seizure[place])
        assert point.quotes[f"unit_payment[j0@{node}]"] == pytest.approx(mean, abs=1e-8)
        for last in economy.tree.after(node):
            later = paid * float(terms.delivery("j0", last))
            assert point.quotes[f"unit_payment[j0@{last}]"] == pytest.approx(later, abs=1e-8)


@pytest.mark.parametrize(
    ("given", "knew"),
    [
        pytest.param(
            {"memory": 0, "auction_after": 0}, Knowledge.EXCESS_DEMAND, marks=pytest.mark.slow
        ),
        ({"auction_after": 0}, Knowledge.PAST_ROUNDS),
        ({"auction_after": 5}, Knowledge.SCHEDULES),
    ],
)
def test_the_table_says_what_quotes_were_found_from(given: dict[str, Any], knew: Knowledge) -> None:
    run = prepayment.SCENARIO.run(studies=False, **given)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["knew"].tolist() == [str(knew)]
    assert (run.dates["auction_steps"].iloc[0] > 0) == (knew is Knowledge.SCHEDULES)
    assert (run.dates["averages"].iloc[0] > 0) == (knew is Knowledge.PAST_ROUNDS)
