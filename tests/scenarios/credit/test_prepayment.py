"""The paper's example, to the fraction."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scenarios.credit import exact, prepayment, published
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from simulator.outcome import Outcome
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
    proof = example.proofs[0]
    assert proof is not None
    assert proof["multipliers_unique"] == {"A": True, "B": False, "C": True}
    assert all(c.residual == 0.0 and c.tolerance == 0.0 for c in exactly)


@pytest.mark.parametrize("seed", [0])
def test_the_same_fractions_from_far_random_starts(seed: int, example: Run[CreditTree]) -> None:
    run = prepayment.SCENARIO.run(seed=seed, start="random")
    assert run.outcome is Outcome.CLEARED
    assert proved(run).quotes == proved(example).quotes


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 40))
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
