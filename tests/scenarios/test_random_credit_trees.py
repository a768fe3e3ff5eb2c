"""Random economies with credit on an event tree clear, or say why not."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import pytest

from scenarios.credit_tree import economy
from simulator import Outcome

EQUILIBRIA = (Outcome.CLEARED, Outcome.NO_TRADE)


def _outcomes(generator: ModuleType, seeds: range) -> Counter[Outcome]:
    """Outcomes by seed; whatever is called an equilibrium must be certified as one."""
    found: Counter[Outcome] = Counter()
    for seed in seeds:
        run = economy.run(**generator.draw(seed))
        found[run.outcome] += 1
        assert run.certificate.holds or run.outcome not in EQUILIBRIA, seed
        assert run.outcome.advice
    return found


def test_a_few_random_economies_clear(random_credit_trees: ModuleType) -> None:
    found = _outcomes(random_credit_trees, range(9, 17))
    assert sum(found[outcome] for outcome in EQUILIBRIA) == 8, found


@pytest.mark.slow
def test_random_economies_clear_or_say_why_not(random_credit_trees: ModuleType) -> None:
    """Measured: 128 of 140 end in a certified equilibrium, 12 run out of rounds and say so.

    Those are economies in which prices of goods meet linear utilities, for the most part.
    """
    found = _outcomes(random_credit_trees, range(140))
    assert sum(found[outcome] for outcome in EQUILIBRIA) >= 126, found
    assert set(found) <= {*EQUILIBRIA, Outcome.OUT_OF_ROUNDS, Outcome.CYCLES}, found
