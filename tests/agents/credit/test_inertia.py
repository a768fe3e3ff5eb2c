"""Best responses with inertia against the conditions that characterise them."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.inertia import Tastes, respond

MEMBERS, SIZE, ROWS, GOODS = 4, 7, 2, 3


def programs(
    aversion: float, seed: int
) -> tuple[Tastes, dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]]:
    rng = np.random.default_rng(seed)
    consumption = np.zeros((GOODS, SIZE))
    consumption[:, :GOODS] = np.eye(GOODS)
    consumption[0, GOODS] = 0.5
    tastes = Tastes(rng.uniform(0.5, 1.0, (MEMBERS, GOODS)), np.full(MEMBERS, aversion))
    budgets = rng.uniform(0.5, 1.5, (ROWS, SIZE))
    return tastes, {
        "held": rng.uniform(0.0, 0.5, (MEMBERS, SIZE)),
        "budgets": budgets,
        "incomes": rng.uniform(1.0, 2.0, (MEMBERS, 1)) * np.ones(ROWS),
        "consumption": consumption,
        "prices": np.ones((MEMBERS, ROWS + GOODS)),
    }


@pytest.mark.parametrize("aversion", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_first_order_conditions(aversion: float, seed: int) -> None:
    tastes, given = programs(aversion, seed)
    inertia = 2.0
    answer = respond(tastes=tastes, inertia=np.full(given["held"].shape, inertia), **given)
    assert answer.solved.all()
    plans, rows = answer.plans, answer.prices[:, :ROWS]
    assert plans.min() >= 0.0
    assert plans @ given["budgets"].T == pytest.approx(given["incomes"], abs=1e-10)
    marginal = tastes.marginal(plans @ given["consumption"].T)
    slope = (
        marginal @ given["consumption"]
        - rows @ given["budgets"]
        - (plans - given["held"]) / inertia
    )
    assert slope[plans > 0.0] == pytest.approx(0.0, abs=1e-8)
    assert slope.max() < 1e-8


@pytest.mark.parametrize("by_good", [(0.0, 1.0, 2.0), (0.0, 0.0, 0.5), (3.0, 0.0, 1.0)])
def test_first_order_conditions_where_risk_aversion_differs_by_good(
    by_good: tuple[float, float, float],
) -> None:
    alike, given = programs(1.0, 2)
    tastes = Tastes(alike.weights, np.tile(by_good, (MEMBERS, 1)))
    given["prices"][:, ROWS:] = np.where(tastes.curved, 1.0, tastes.weights)
    inertia = np.full((MEMBERS, SIZE), 2.0)
    answer = respond(tastes=tastes, inertia=inertia, **given)
    assert answer.solved.all()
    plans, rows = answer.plans, answer.prices[:, :ROWS]
    assert plans @ given["budgets"].T == pytest.approx(given["incomes"], abs=1e-10)
    consumed = plans @ given["consumption"].T
    assert (consumed[:, np.array(by_good) > 0.0] > 0.0).all()
    slope = (
        tastes.marginal(consumed) @ given["consumption"]
        - rows @ given["budgets"]
        - (plans - given["held"]) / inertia
    )
    assert slope[plans > 0.0] == pytest.approx(0.0, abs=1e-8)
    assert slope.max() < 1e-8


def test_one_risk_aversion_is_that_of_all_goods() -> None:
    weights = np.array([[1.0, 0.5, 0.0], [1.0, 1.0, 1.0]])
    one = Tastes(weights, np.array([0.0, 2.0]))
    each = Tastes(weights, np.array([[0.0] * 3, [2.0] * 3]))
    assert one.linear.tolist() == each.linear.tolist() == [True, False]
    assert np.array_equal(one.aversion, each.aversion)
    unliked = Tastes(weights, np.array([[0.0, 0.0, 5.0], [1.0, 0.0, 0.0]]))
    assert unliked.linear.tolist() == [True, False]


def test_a_plan_that_is_best_already_is_not_moved() -> None:
    tastes, given = programs(1.0, 0)
    for _ in range(400):
        answer = respond(tastes=tastes, inertia=np.full(given["held"].shape, 50.0), **given)
        given |= {"held": answer.plans, "prices": answer.prices}
    again = respond(tastes=tastes, inertia=np.full(given["held"].shape, 50.0), **given)
    assert again.plans == pytest.approx(given["held"], abs=1e-9)


def test_curvature_is_how_fast_marginal_utility_falls() -> None:
    consumption, small = np.array([[0.5, 1.5, 2.0]]), 1e-6
    for aversion in (0.0, 0.5, 1.0, 3.0):
        tastes = Tastes(np.array([[1.0, 0.5, 0.0]]), np.array([aversion]))
        above, below = (tastes.marginal(consumption + move) for move in (small, -small))
        fall = (below - above) / (2.0 * small)
        assert tastes.curvature(consumption) == pytest.approx(fall, abs=1e-6)
        assert (tastes.marginal(consumption)[0, 2], fall[0, 2]) == (0.0, 0.0)  # a good unliked


@pytest.mark.parametrize("aversion", [0.0, 0.5])
@pytest.mark.parametrize("far", [0.01, 30.0])
def test_programs_are_solved_from_far_prices_where_full_steps_fail(
    aversion: float, far: float
) -> None:
    tastes, given = programs(aversion, 0)
    given["prices"] *= far
    answer = respond(tastes=tastes, inertia=np.full(given["held"].shape, 50.0), **given)
    assert answer.solved.all()
