"""The remark on rental markets: nobody rents and nobody lets at 65/73, and why."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.credit import credit_tree, prepayment
from scenarios.credit.certificate import plans_of
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import program_at
from scenarios.credit.read_out import consumption
from scenarios.credit.rental import Rental, rental_market, reservation_rents
from simulator.linear_program import maximise
from simulator.parameters import parse
from simulator.point import RestingPoint
from simulator.run import Run

LEFT = Fraction(15, 73)
STEP = Fraction(1, 1000)


def gain(
    economy: CreditEconomy, point: RestingPoint, household: Household, rent: Fraction, left: float
) -> float:
    """What a household gains by a market for renting at d, by its own program with two columns."""
    problem = program_at(economy, point.quotes)
    rows = {row: place for place, row in enumerate(problem.rows)}
    here, after = rows["budget", "d"], rows["budget", "d+"]
    two = np.zeros((len(rows), 2))
    two[here] = float(rent), 1.0 - float(rent)
    two[after, 1] = -left
    gains = [float(value) for value in problem.linear_gains(household).values()]
    taste = float(household.weights[economy.tree.places["d"]][0])
    limits = [float(limit) for limit in problem.limits(household)]
    without = maximise(gains, problem.matrix(), limits)
    with_it = maximise([*gains, taste, 0.0], np.hstack([problem.matrix(), two]), limits)
    assert without.status == "optimal"
    return with_it.value - without.value


@pytest.fixture
def at_rest(example: Run[CreditTree]) -> tuple[CreditEconomy, RestingPoint]:
    return described_points(example)[0]


def test_the_papers_rent_lies_between_what_is_paid_and_what_is_taken(
    at_rest: tuple[CreditEconomy, RestingPoint],
) -> None:
    rents = reservation_rents(*at_rest, Rental("d", "good", Fraction(65, 73), LEFT))
    assert max(low for low, _ in rents.values()) == Fraction(64, 73)  # B, who is impatient
    assert min(high for _, high in rents.values()) == Fraction(131, 146)  # A and C
    assert rents["A"] == rents["C"] == (Fraction(1, 2), Fraction(131, 146))


def test_programs_with_the_market_gain_nothing_between_them_and_something_beyond(
    at_rest: tuple[CreditEconomy, RestingPoint],
) -> None:
    economy, point = at_rest
    for rent in (Fraction(64, 73), Fraction(65, 73), Fraction(131, 146)):
        for household in economy.households:
            assert gain(economy, point, household, rent, float(LEFT)) <= 1e-9
    a, b, _ = economy.households
    assert gain(economy, point, b, Fraction(64, 73) - STEP, float(LEFT)) > 1e-5
    assert gain(economy, point, a, Fraction(131, 146) + STEP, float(LEFT)) > 1e-5


def test_the_remark_needs_rented_goods_to_wear_out_faster(
    at_rest: tuple[CreditEconomy, RestingPoint],
) -> None:
    """If they lasted like others, A would let from 1/2 on, and B would pay up to 64/73."""
    economy, point = at_rest
    table = rental_market(economy, point, Rental("d", "good", Fraction(65, 73), Fraction(1)))
    assert table.set_index("household")["lets"].to_dict() == {"A": True, "B": False, "C": True}
    assert table["return_on_letting"].iloc[0] > table["return_on_security"].iloc[0] == 2.0


def test_the_table_says_who_would_use_the_market(example: Run[CreditTree]) -> None:
    table = example.studies["rental_market"]
    assert table["household"].tolist() == ["A", "B", "C"]
    assert not table[["rents", "lets"]].to_numpy().any()
    assert table["return_on_letting"].iloc[0] == 1.875


def test_several_nodes_have_no_one_return() -> None:
    run = prepayment.SCENARIO.run(rental={"node": "0", "rent": "1/10", "keeps": "1/2"})
    table = run.studies["rental_market"]
    assert table["return_on_letting"].isna().all()
    assert (table["most_paid"] <= table["least_taken"]).all()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"node": "d+", "rent": 1, "keeps": 1}, 'node is "d."; it may be one of 0, u, m, d'),
    ({"node": "d", "keeps": 1}, "rent is missing"),
    ({"node": "d", "rent": "-1", "keeps": 1}, "rent is -1; it must not be negative"),
    ({"node": "d", "rent": "x", "keeps": 1}, 'rental: rent is "x"; it must be a number'),
    ({"node": "d", "rent": 1, "keeps": 1, "good": "x"}, 'good is "x"; goods are good'),
    ({"node": "d", "rent": 1, "keep": 1}, '"keep" is not a key'),
]


@pytest.mark.parametrize(("entry", "message"), BAD)
def test_a_rental_contract_that_does_not_fit_is_refused(
    entry: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        parse(prepayment.Prepayment, {"rental": entry})


def test_no_rental_contract_is_no_table(logarithmic: Run[CreditTree]) -> None:
    assert "rental_market" not in logarithmic.studies


def test_with_concave_utility_rents_are_marginal_utilities() -> None:
    """P consumes freely at d: it rents up to u'(d) over what income is worth there."""
    run = credit_tree.SCENARIO.run(rental={"node": "d", "rent": "1/2", "keeps": "4/5"})
    table = run.studies["rental_market"].set_index("household")
    ((economy, point),) = described_points(run)
    plan = {v: Fraction(a) for v, a in plans_of(point.agents)["P"].items()}
    assert plan["consumed freely", "d", "good"] > 0.01
    eaten = consumption(economy, plan)
    now, later = (0.5 / float(eaten[node, "good"]) for node in ("d", "d+"))
    rent = now / (now + 0.8 * later)  # a unit owned is as good, and leaves 4/5
    bounds = table[["most_paid", "least_taken"]].to_numpy()[table.index == "P"]
    assert bounds == pytest.approx(np.array([[rent] * 2]))
