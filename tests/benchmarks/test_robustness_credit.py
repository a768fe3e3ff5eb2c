"""Random economies of credit: valid input, right where cleared, and wrong numbers are noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.robustness import credit
from benchmarks.robustness.attempt import Finding, attempt
from scenarios.credit import credit_tree, prepayment
from scenarios.credit.parameters import CreditTree
from simulator.run import Run, simulate


def _falsified(run: Run[CreditTree], name: str, by: float) -> Run[CreditTree]:
    end = run.ends[0]
    quotes = {**end.point.quotes, name: end.point.quotes[name] + by}
    return replace(run, ends=(replace(end, point=replace(end.point, quotes=quotes)),))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_drawn_is_valid_input(seed: int) -> None:
    drawn = credit.draw(np.random.default_rng(seed))
    assert drawn.scenario == "credit-tree"
    assert CreditTree.model_validate(dict(drawn.parameters)).economies()


@pytest.mark.parametrize("seed", [8, 9])
def test_a_cleared_run_misses_nothing_and_a_false_quote_is_noticed(seed: int) -> None:
    parameters = CreditTree.model_validate(
        dict(credit.draw(np.random.default_rng(seed)).parameters)
    )
    run = simulate(credit_tree.SCENARIO, parameters, seed=seed, studies=False)
    assert run.certificate.holds
    assert max(credit.gaps(parameters, run).values()) < 1e-6
    name = next(name for name in run.quotes(0) if name.startswith("price"))
    false = credit.gaps(parameters, _falsified(run, name, 0.01))
    assert max(false.values()) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("number", [4, 11, 15])
def test_draws_that_did_not_come_to_rest(number: int) -> None:
    """Money worthless to somebody at a node, an empty pool, and both with twenty households."""
    found = attempt("credit", 0, number, limit=60.0)
    assert found.finding is Finding.RIGHT
    assert found.schedules is (number != 4)


def test_the_papers_example_has_no_gaps(example: Run[CreditTree]) -> None:
    assert max(credit.gaps(example.parameters, example).values()) < 1e-9
    for name in ("unit_payment[j0@d]", "resale[j0@u]", "price[j0@0]"):
        false = credit.gaps(example.parameters, _falsified(example, name, 0.01))
        assert max(false.values()) > 1e-4, name


@pytest.fixture(scope="module")
def example() -> Run[CreditTree]:
    return prepayment.SCENARIO.run(studies=False)
