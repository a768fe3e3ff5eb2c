"""Linear programs by HiGHS beside SciPy's own way to it, and those that have no optimum."""

from typing import Any, get_args

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.optimize import linprog

from simulator.linear_program import TIGHTEST, Way, maximise

WAYS = [(way, presolve) for way in get_args(Way) for presolve in (True, False)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_value_amounts_and_multipliers_are_those_of_scipy(seed: int, way: tuple[Way, bool]) -> None:
    rng = np.random.default_rng(seed)
    gains, rows, at_most = rng.normal(size=6), rng.normal(size=(4, 6)), rng.uniform(1.0, 2.0, 4)
    rows[0, rng.integers(6)] = 0.0
    low, high = rng.uniform(-2.0, -1.0, 6), rng.uniform(1.0, 2.0, 6)
    found = maximise(gains, rows, at_most, low=low, high=high, ways=[way])
    bounds = list(zip(low.tolist(), high.tolist(), strict=True))
    known = linprog(-gains, A_ub=rows, b_ub=at_most, bounds=bounds)
    assert found.status == "optimal"
    assert known.fun is not None
    assert found.value == pytest.approx(-known.fun, abs=1e-8)
    assert found.amounts == pytest.approx(known.x, abs=1e-8)
    assert found.multipliers == pytest.approx(-known.ineqlin.marginals, abs=1e-8)
    assert np.all(rows @ found.amounts <= at_most + 10.0 * TIGHTEST)


def test_copies_of_a_block_are_one_program() -> None:
    rng = np.random.default_rng(0)
    gains, at_most = rng.uniform(0.5, 1.0, (3, 2)), rng.uniform(1.0, 2.0, (3, 2))
    block = np.array([[1.0, 0.0], [2.0, 1.0]])
    found = maximise(
        gains.ravel(), block, at_most.ravel(), low=[0.0, -np.inf], high=[0.4, np.inf], copies=3
    )
    whole = block_diag(block, block, block)
    bounds = [(0.0, 0.4), (None, None)] * 3
    known = linprog(-gains.ravel(), A_ub=whole, b_ub=at_most.ravel(), bounds=bounds)
    assert found.amounts == pytest.approx(known.x, abs=1e-9)
    each = [
        maximise(g, block, b, low=[0.0, -np.inf], high=[0.4, np.inf]).value
        for g, b in zip(gains, at_most, strict=True)
    ]
    assert found.value == pytest.approx(sum(each), abs=1e-9)


def test_rows_between_two_limits_and_equations() -> None:
    gains, rows = [3.0, 2.0, 0.0], np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, -1.0]])
    found = maximise(gains, rows, [4.0, 2.0, 5.0], at_least=[4.0, -np.inf, 1.5])
    assert found.value == pytest.approx(10.0)
    assert found.amounts == pytest.approx([2.0, 2.0, 0.0])
    assert found.multipliers == pytest.approx([2.0, 1.0, 0.0])
    down = maximise([-1.0, -1.0, 0.0], rows, [4.0, 2.0, 5.0], at_least=[4.0, -np.inf, 1.5])
    known = linprog(
        [1.0, 1.0, 0.0], A_ub=[rows[1], rows[2], -rows[2]], b_ub=[2.0, 5.0, -1.5],
        A_eq=rows[:1], b_eq=[4.0],
    )  # fmt: skip
    assert known.fun is not None
    assert down.value == pytest.approx(-known.fun)
    assert maximise([1.0], [[1.0]], [2.0], at_least=[3.0]).status == "infeasible"
    with pytest.raises(ValueError, match="at_least of a linear program"):
        maximise([1.0], [[1.0]], [2.0], at_least=[np.nan])


@pytest.mark.parametrize("way", WAYS)
def test_a_program_without_an_optimum_says_why(way: tuple[Way, bool]) -> None:
    unbounded = maximise([1.0], [[-1.0]], [1.0], ways=[way])
    assert unbounded.status == "unbounded"
    assert unbounded.value == np.inf
    assert np.isnan(unbounded.amounts).all()
    infeasible = maximise([1.0], [[1.0]], [-1.0], ways=[way])
    assert infeasible.status == "infeasible"
    assert infeasible.value == -np.inf


def test_the_next_way_is_tried_where_one_finds_nothing() -> None:
    """A way of which HiGHS knows nothing leaves the program unsolved."""
    unsolved = maximise([1.0], [[1.0]], [1.0], ways=[])
    assert unsolved.status == "not solved"
    assert np.isnan(unsolved.value)
    found = maximise([1.0], [[1.0]], [1.0], ways=[("ipm", False), ("primal", False)])
    assert found.value == pytest.approx(1.0)


@pytest.mark.parametrize("place", ["gains", "rows", "at_most"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_highs_would_call_solved_are_refused(place: str, wrong: float) -> None:
    given: dict[str, Any] = {"gains": [1.0], "rows": [[1.0]], "at_most": [1.0]}
    given[place] = np.full_like(given[place], wrong).tolist()
    with pytest.raises(ValueError, match=f"{place} of a linear program must be finite"):
        maximise(given["gains"], given["rows"], given["at_most"])
