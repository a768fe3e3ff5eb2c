"""What borrowers do at other costs of closing a debt, beside Propositions 1 and 2 of SDT 364."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from scenarios.credit import credit_tree
from scenarios.credit.certificate import plans_of
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.strategies import by_closing_cost
from simulator.run import Run

COSTS = np.linspace(0.01, 5.0, 30).tolist()

KEPT = {
    ("B", "u"): (1.25, 1.0), ("B", "m"): (1.5, 0.0), ("B", "d"): (1.125, 1.0),
    ("C", "u"): (1.25, 0.0), ("C", "m"): (1.5, 0.0), ("C", "d"): (1.125, 0.0),
}  # fmt: skip
"""Cost of closing and share kept of every borrower in the example of section 3."""


def _found(
    run: Run[CreditTree], row: int, name: str, node: str, costs: list[float]
) -> pd.DataFrame:
    economy, point = described_points(run)[row]
    household = next(h for h in economy.households if h.name == name)
    return by_closing_cost(economy, point, household, economy.contracts[0], node, costs)


@pytest.mark.parametrize(("name", "node"), KEPT)
def test_at_the_cost_of_the_example_the_borrower_does_what_it_did(
    name: str, node: str, example: Run[CreditTree]
) -> None:
    cost, kept = KEPT[name, node]
    assert _found(example, 0, name, node, [cost])["kept"].iloc[0] == pytest.approx(kept, abs=1e-9)


def _agree(found: pd.DataFrame) -> set[str]:
    """What the propositions say, once it is what is done."""
    assert (found.loc[found["proposition"] == "closes", "kept"] < 1e-7).all()
    assert (found.loc[found["proposition"] == "keeps", "kept"] > 1 - 1e-7).all()
    return set(found["proposition"])


def test_propositions_are_never_contradicted_in_the_example(
    example: Run[CreditTree], contraction: Run[CreditTree]
) -> None:
    said = set[str]()
    for run in (example, contraction):
        for name, node in KEPT:
            found = _found(run, 0, name, node, COSTS)
            said |= _agree(found)
            assert (
                np.diff(found["kept"]) > -1e-9
            ).all()  # more expensive to close, so more is kept
    assert said == {"closes", "does not say"}  # whoever borrows consumes nothing freely


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3, 12])
def test_propositions_are_never_contradicted_in_random_economies(
    seed: int, random_credit_trees: ModuleType
) -> None:
    run = credit_tree.SCENARIO.run(**random_credit_trees.draw(seed))
    economy, point = described_points(run)[0]
    plans, contract = plans_of(point.agents), economy.contracts[0]
    said = set[str]()
    for household in economy.households:
        if plans[household.name]["borrowed", "0", contract.name] > 1e-6:
            for node in economy.tree.middle:
                said |= _agree(_found(run, 0, household.name, node, COSTS))
    assert said == {"closes", "keeps", "does not say"}


def test_refinancing_pays_at_costs_where_the_propositions_are_silent(
    example: Run[CreditTree],
) -> None:
    """B closes at m as long as what refinancing brings pays for it, beyond Proposition 2."""
    found = _found(example, 0, "B", "m", np.linspace(1.4, 1.8, 41).tolist())
    closed = found[found["kept"] < 1e-9]
    assert set(closed["proposition"]) == {"closes", "does not say"}
    assert closed["cost"].max() > 1.55


def test_concave_utility_is_refused(logarithmic: Run[CreditTree]) -> None:
    with pytest.raises(ValueError, match='utility of "P" is not linear'):
        _found(logarithmic, 0, "P", "u", [1.0])


def test_the_study_asks_only_where_answers_change_and_misses_none(
    example: Run[CreditTree],
) -> None:
    study = example.studies["payment_strategies"]
    assert (study["by"] == "program").all()
    assert set(study["household"]) == {"B", "C"}
    mine = study[(study["household"] == "B") & (study["node"] == "m")]
    every = _found(example, 0, "B", "m", mine["cost"].tolist())
    assert mine["kept"].to_numpy() == pytest.approx(every["kept"].to_numpy(), abs=1e-9)
    assert mine["proposition"].tolist() == every["proposition"].tolist()


def test_the_study_of_concave_utility_is_what_the_propositions_say(
    logarithmic: Run[CreditTree],
) -> None:
    study = logarithmic.studies["payment_strategies"]
    assert (study["by"] == "propositions").all()
    assert set(study["kept"]) <= {0.0, 1.0}
    for _, mine in study.groupby(["household", "node"]):
        assert (np.diff(mine["kept"]) >= 0.0).all()


def test_who_owes_nothing_is_refused(example: Run[CreditTree]) -> None:
    with pytest.raises(ValueError, match='"A" owes nothing of j0'):
        _found(example, 0, "A", "u", [1.0])
