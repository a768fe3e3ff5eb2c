"""The paper's example, to the fraction."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from scenarios.credit import exact, prepayment, published
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.program import Variable
from scenarios.credit.read_out import consumption
from simulator.outcome import Outcome
from simulator.proof.algebraic import Exact
from simulator.run import Run


def proved(run: Run[CreditTree]) -> exact.Proved:
    """The proof of the first resting point."""
    ((economy, point),) = described_points(run)
    assert exact.is_proof(point.proof)
    return exact.read(economy, point.proof)


def test_the_example_is_proved_and_equal_to_the_paper_in_fractions(
    example: Run[CreditTree],
) -> None:
    assert example.outcome is Outcome.CLEARED
    assert example.certificate.holds
    quotes = proved(example).quotes
    for name, value in published.EXAMPLE.expected.items():
        assert isinstance(value, Fraction)
        if name in quotes:
            assert quotes[name] == value, name
        else:
            assert example.dates[name].iloc[0] == float(value), name
    exactly = [
        c
        for c in example.certificate.conditions
        if c.name != "tables" and not c.name.startswith("redundant market")
    ]
    assert len(exactly) == 9
    assert all(c.residual == 0.0 and c.tolerance == 0.0 for c in exactly)


def printed(household: str) -> dict[tuple[str, str, str], Fraction]:
    """The paper's plan of a household: its consumption, and the positions that lead to it."""
    nodes = ("0", "u", "m", "d", "u+", "m+", "d+")
    eaten = dict(zip(nodes, map(Fraction, published.CONSUMED[household]), strict=True))
    positions = {
        "A": {("lent", "0", "j0"): 2, ("lent", "m", "jm"): 1}
        | {("held after resale", node, "j0"): 2 for node in "umd"},
        "B": {("borrowed", "0", "j0"): 1, ("kept", "u", "j0"): 1, ("prepaid", "m", "j0"): 1}
        | {("kept", "d", "j0"): 1, ("borrowed", "m", "jm"): 1},
        "C": {("borrowed", "0", "j0"): 1, ("prepaid", "u", "j0"): 1, ("prepaid", "m", "j0"): 1},
    }[household]
    pledged = {
        ("borrowed", "0", "j0"): "11/4",
        ("kept", "u", "j0"): "33/8",
        ("kept", "d", "j0"): "9/8",
        ("borrowed", "m", "jm"): "33/8",
    }
    plan = {place: Fraction(amount) for place, amount in positions.items()}
    for place, collateral in pledged.items():
        eaten[place[1]] -= plan.get(place, 0) * Fraction(collateral)
    return plan | {("consumed freely", node, "good"): amount for node, amount in eaten.items()}


def test_the_printed_allocation_is_an_equilibrium_at_the_quotes_that_were_found(
    example: Run[CreditTree],
) -> None:
    """With the multipliers of the run, in exact arithmetic."""
    ((economy, _),) = described_points(example)
    found = proved(example)
    plans: dict[str, dict[Variable, Exact]] = {
        name: {**dict.fromkeys(plan, Fraction(0)), **printed(name)}
        for name, plan in found.plans.items()
    }
    assert not any(exact.check(economy, replace(found, plans=plans)).violations)


def test_consumption_is_the_papers_up_to_what_a_and_c_are_indifferent_to(
    example: Run[CreditTree],
) -> None:
    ((economy, _),) = described_points(example)
    found = {
        name: list(consumption(economy, plan).values())
        for name, plan in proved(example).plans.items()
    }
    paper = {name: list(map(Fraction, row)) for name, row in published.CONSUMED.items()}
    assert found["B"] == paper["B"]
    together = [[a + c for a, c in zip(of["A"], of["C"], strict=True)] for of in (found, paper)]
    assert together[0] == together[1]
    for name in "AC":  # what is consumed at u and at u+, or at d and at d+, counts alike
        for now, later in ((1, 4), (3, 6)):
            moved = [row[now] + row[later] for row in (found[name], paper[name])]
            assert moved[0] == moved[1]


def test_multipliers_are_the_papers_ratios(example: Run[CreditTree]) -> None:
    nodes = ("0", "u", "m", "d", "u+", "m+", "d+")
    expected = {
        "A": ("65/24", "1/4", "1/4", "1", "1/8", "1/8", "1/2"),
        "C": ("77/48", "1/12", "1/12", "1/3", "1/24", "1/24", "1/6"),
    }
    multipliers = proved(example).multipliers
    for name, values in expected.items():
        found = [str(multipliers[name]["budget", node]) for node in nodes]
        assert found == list(values)
    proof = example.proofs[0]
    assert proof is not None
    assert proof["multipliers_unique"] == {"A": True, "B": False, "C": True}


@pytest.mark.parametrize("seed", range(3))
def test_the_same_fractions_from_far_random_starts(seed: int, example: Run[CreditTree]) -> None:
    run = prepayment.SCENARIO.run(seed=seed, start="random")
    assert run.outcome is Outcome.CLEARED
    assert proved(run).quotes == proved(example).quotes


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 40))
def test_the_same_fractions_from_many_far_starts(seed: int, example: Run[CreditTree]) -> None:
    run = prepayment.SCENARIO.run(seed=seed, start="random")
    assert proved(run).quotes == proved(example).quotes


def test_distrust_of_an_empty_pool_confirms_itself() -> None:
    run = prepayment.SCENARIO.run(pools="distrusted", start="pessimistic")
    assert run.outcome is Outcome.NO_TRADE
    assert run.reason == "nobody trades j0, of which holders expect nothing"
    assert run.certificate.holds
    assert run.dates["remark"].iloc[0] == "no trade in j0: trivial"
    quotes = run.equilibrium
    assert quotes["price[jm@m]"] == 0.5
    assert 0.0 <= quotes["price[j0@0]"] <= 0.4358
    assert all(v == 0.0 for n, v in quotes.items() if n.startswith("unit_payment[j0"))


def test_a_tremble_excludes_the_trivial_equilibrium(example: Run[CreditTree]) -> None:
    run = prepayment.SCENARIO.run(pools="trusted", start="pessimistic")
    assert run.outcome is Outcome.CLEARED
    assert run.equilibrium == example.equilibrium


def test_copies_of_a_contract_may_be_offered() -> None:
    """Three copies of one mortgage: who issues which is not pinned down."""
    copies = [{**prepayment.MORTGAGE, "name": f"j{number}"} for number in range(3)]
    run = prepayment.SCENARIO.run(contracts=copies, auction_after=20)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
