"""The event tree on the pages of credit is true of the run."""

from __future__ import annotations

import pytest

from scenarios.credit import credit_tree, housing, pictures
from simulator.page_plan import SoFar
from walras.watched import Watched


def looked_at(watched: Watched, rounds: int = 0) -> SoFar:
    while watched.running and (rounds == 0 or watched.steps < rounds):
        watched.step()
    return watched.now


@pytest.fixture(scope="module")
def houses() -> SoFar:
    return looked_at(Watched(housing.SCENARIO))


def test_before_the_first_round_there_are_only_nodes() -> None:
    so_far = Watched(housing.SCENARIO).now
    assert pictures.shares(so_far).empty
    (axes,) = pictures.event_tree(so_far).axes
    written = [text.get_text() for text in axes.texts]
    assert {"0", "boom", "bust", "boom+", "bust+"} <= set(written)
    assert not [word for word in written if "%" in word]


def test_nodes_fill_with_the_plans_that_households_hold() -> None:
    watched = Watched(credit_tree.SCENARIO)
    so_far = looked_at(watched, rounds=20)
    assert not so_far.ended
    table = pictures.shares(so_far)
    assert set(table["node"]) == {"u", "d"}
    assert table[list(pictures.ACTS)].sum(axis=1).to_numpy() == pytest.approx(1.0)
    (cohort,) = so_far.cohorts
    plans, parts = cohort.plans, cohort.plan.parts
    row = table[(table["borrower"] == "P") & (table["node"] == "d")].iloc[0]
    kept, prepaid = plans[0, parts["kept"][1, 0]], plans[0, parts["prepaid"][1, 0]]
    gone = plans[0, parts["defaulted"][1, 0]]
    assert row["paid"] == pytest.approx(kept / (kept + prepaid + gone))


def test_at_rest_the_bars_add_up_to_the_rates_of_the_run(houses: SoFar) -> None:
    described = houses.ends[-1].described
    table = pictures.shares(houses)
    (axes,) = pictures.event_tree(houses).axes
    written = [text.get_text() for text in axes.texts]
    for node in ("boom", "bust"):
        here = table[table["node"] == node]
        whole = float(described[f"paid[mortgage@{node}]"])  # type: ignore[arg-type]
        if whole in (0.0, 1.0):
            assert (here["paid"] == whole).all()
        else:
            assert here["paid"].min() < whole < here["paid"].max()
        assert set(here["borrower"]) <= set(written)
    quoted = houses.ends[-1].point.quotes["price[house@bust]"]
    assert f"house {quoted:.2f}" in written
    assert "at bust saver defaults on 100%" in pictures.event_tree_text(houses)
