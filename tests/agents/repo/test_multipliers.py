"""Multipliers of the trader's problem: first-order conditions, and the duals that HiGHS finds."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from agents.repo.multipliers import MULTIPLIERS
from scenarios.repo.program import TraderPrograms
from tests.agents.repo.cohorts import QUOTES, SECURITY, SEED, cohort, posted

FloatArray = NDArray[np.float64]

ROUNDING = 1e-9
"""Share of the largest term; leverage up to 200 costs some digits."""


def programs(table: pd.DataFrame, quotes: Any) -> TraderPrograms:
    names = ["belief", "endowed_cash", "endowed_securities", "income_up", "income_down"]
    return TraderPrograms(
        SECURITY.low_payoff, SECURITY.high_payoff, quotes.haircut, quotes.price, quotes.repo_rate,
        *(table[name].to_numpy() for name in names), reuse=quotes.reuse,
    )  # fmt: skip


def duals(table: pd.DataFrame) -> FloatArray:
    """In the order of the constraints of the program, shape (n, 7)."""
    return table[list(MULTIPLIERS)].to_numpy()


def assert_optimal(table: pd.DataFrame, quotes: Any, held: FloatArray) -> None:
    """No multiplier is negative, the first-order conditions hold, and no slack has a price."""
    problem, found = programs(table, quotes), duals(table)
    assert found.min() >= 0.0
    terms = np.abs(problem.objective) + found @ np.abs(problem.rows)
    stationary = problem.objective + found @ problem.rows
    assert np.all(np.abs(stationary) <= ROUNDING * terms)
    slack = problem.slack(held)
    unit = problem.wealth + quotes.price * np.abs(held[:, 1:]).sum(axis=1) + np.abs(held[:, 0])
    unit = np.maximum(unit, 1e-3)
    worth = np.abs(found * slack)
    assert np.all(worth <= ROUNDING * (unit * found.max(axis=1))[:, np.newaxis])


@given(seed=SEED, reuse=st.booleans(), **QUOTES)
def test_first_order_conditions_and_complementary_slackness(
    seed: int, reuse: bool, level: float, between: float, haircut: float
) -> None:
    """Unlike traders, rates of zero and below, and idle cash placed in repo at a rate of zero."""
    traders = cohort(seed)
    special = reuse and haircut > 0.0
    quotes = posted(traders, level, between if special else 0.0, haircut, reuse=reuse)
    for placed in (0.0,) if quotes.special else (0.0, 0.4):
        traders.hold(quotes, placed)
        table = traders.table()
        holdings = ["cash", "security", "repo_lending", "repo_borrowing"]
        assert_optimal(table, quotes, table[holdings].to_numpy())


@settings(max_examples=20)
@given(seed=SEED, reuse=st.booleans(), **QUOTES)
def test_the_duals_of_highs_are_the_formulas_where_they_are_unique(
    seed: int, reuse: bool, level: float, between: float, haircut: float
) -> None:
    """Budget and solvency of traders who gain by their position; their optimum is one vertex."""
    traders = cohort(seed, members=6)
    special = reuse and haircut > 0.0
    quotes = posted(traders, level, between if special else 0.0, haircut, reuse=reuse)
    traders.hold(quotes, 0.0)
    table = traders.table()
    problem, found = programs(table, quotes), duals(table)
    for row in range(len(table)):
        objective, rows, least = problem.dense(row)
        solved = linprog(
            -objective, A_ub=-rows, b_ub=-least, bounds=[(None, None)] * 4, method="highs"
        )
        assert solved.status == 0
        other = -solved.ineqlin.marginals
        # both sets of multipliers prove the same optimum
        value = -(least[:4] @ found[row, :4]), -(least @ other)
        assert value[0] == pytest.approx(value[1], rel=1e-6, abs=1e-6)
        gains = table["solvency_up_multiplier"] + table["solvency_down_multiplier"]
        if gains[row] + found[row, 4] > 1e-6:
            names = [0, 2, 3]
            assert other[names] == pytest.approx(found[row, names], rel=1e-5, abs=1e-5)


def test_multipliers_of_a_wrong_portfolio_are_not_complementary() -> None:
    """The test above can fail: a long that keeps cash instead has slack at a price."""
    traders = cohort(3)
    quotes = posted(traders, 0.5, 0.2, 0.05)
    traders.hold(quotes, 0.0)
    table = traders.table()
    holdings = table[["cash", "security", "repo_lending", "repo_borrowing"]].to_numpy().copy()
    holdings[0] = [programs(table, quotes).wealth[0], 0.0, 0.0, 0.0]
    with pytest.raises(AssertionError):
        assert_optimal(table, quotes, holdings)
    wrong = table.assign(box_multiplier=table.box_multiplier + 0.01)
    with pytest.raises(AssertionError):
        assert_optimal(wrong, dataclasses.replace(quotes), holdings)
