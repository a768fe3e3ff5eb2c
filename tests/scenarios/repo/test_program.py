"""The trader's linear program against the closed form of its solution and random portfolios.

Source: Bottazzi, Pascoa and Ramirez (slides), trader's problem and its solution.
"""

import ast
import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from scenarios.repo import program_optimum
from scenarios.repo.program import CONSTRAINTS, HOLDINGS, TraderPrograms
from scenarios.repo.program_optimum import CHUNK, best_portfolios, best_utilities

FloatArray = NDArray[np.float64]

GAP = 1e-12
"""Share of the optimum: what is left of HiGHS' tolerances after sharpening is rounding."""

CHECKING_CODE = (
    "scenarios/repo/carried.py",
    "scenarios/repo/program.py",
    "scenarios/repo/program_optimum.py",
    "scenarios/repo/holdings.py",
    "scenarios/repo/certificate.py",
    "scenarios/repo/market_conditions.py",
    "scenarios/repo/measures.py",
    "scenarios/repo/trader_conditions.py",
    "scenarios/repo/verdict.py",
    "simulator/certificate.py",
    "simulator/linear_program.py",
)
SHARP = 2e-14
"""The same where no funded price comes close to a payoff: a hundred rounding errors."""

ROOT = Path(__file__).resolve().parents[3]


def closed_form(programs: TraderPrograms) -> FloatArray:
    """Expected utility of the best response, from the slides' formulas extended to rho <= 0."""
    q, margin = programs.security_price, programs.haircut
    long_price = q * (1.0 + programs.repo_rate * (1.0 - margin))
    short_price = q * (1.0 + programs.repo_rate * (1.0 + margin))
    wealth = programs.endowed_cash + q * programs.endowed_securities
    b = programs.belief
    expected = b * programs.low_payoff + (1.0 - b) * programs.high_payoff
    by_margin = wealth / (q * margin) if margin > 0.0 else np.full(len(b), np.inf)
    longs = np.minimum(
        by_margin, (programs.income_up + wealth) / (long_price - programs.low_payoff)
    )
    shorts = np.minimum(
        by_margin, (programs.income_down + wealth) / (programs.high_payoff - short_price)
    )
    gain = longs * np.maximum(expected - long_price, 0.0)
    gain = gain + shorts * np.maximum(short_price - expected, 0.0)
    return np.asarray(b * programs.income_up + (1.0 - b) * programs.income_down + wealth + gain)


def slides(count: int = 1, **changes: Any) -> TraderPrograms:
    """Traders of the slides' example with a haircut of 1%."""
    fields: dict[str, Any] = {
        "low_payoff": 0.70,
        "high_payoff": 1.15,
        "haircut": 0.01,
        "security_price": 0.754,
        "repo_rate": 0.0,
        "belief": (np.arange(count) + 0.5) / count,
        "endowed_cash": 1.0,
        "endowed_securities": 1.0,
        "income_up": 0.0,
        "income_down": 107.6,
    }
    return TraderPrograms(**(fields | changes))


@st.composite
def members(draw: st.DrawFn) -> TraderPrograms:
    """A few members at quotes without arbitrage: D_U < e1, e2 < D_D, rho <= 0."""
    low = draw(st.floats(0.0, 5.0))
    high = low + draw(st.floats(0.1, 5.0))
    haircut = draw(st.one_of(st.just(0.0), st.floats(1e-4, 0.95)))
    upper = low + (high - low) * draw(st.floats(0.02, 0.98))
    lower = upper
    if haircut > 0.0:
        lower = low + (upper - low) * draw(st.one_of(st.just(1.0), st.floats(0.02, 1.0)))
    # e1 = upper, e2 = lower
    spread = (upper - lower) / (2.0 * haircut) if haircut > 0.0 else 0.0
    price = upper + spread * (1.0 - haircut)
    count = draw(st.integers(1, 5))

    def column(values: st.SearchStrategy[float]) -> FloatArray:
        return np.array(draw(st.lists(values, min_size=count, max_size=count)))

    money = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))
    return TraderPrograms(
        low,
        high,
        haircut,
        price,
        -spread / price,
        column(st.floats(0.0, 1.0)),
        column(money),
        column(money),
        column(money),
        column(money),
    )


def scale(programs: TraderPrograms) -> FloatArray:
    """Means of each member, the least unit in which its utility can be compared."""
    return np.asarray(programs.wealth + programs.income_up + programs.income_down)


def utilities(programs: TraderPrograms) -> FloatArray:
    """The same through the function that takes arrays."""
    return best_utilities(
        low_payoff=programs.low_payoff,
        high_payoff=programs.high_payoff,
        haircut=programs.haircut,
        security_price=programs.security_price,
        repo_rate=programs.repo_rate,
        belief=programs.belief,
        endowed_cash=programs.endowed_cash,
        endowed_securities=programs.endowed_securities,
        income_up=programs.income_up,
        income_down=programs.income_down,
        reuse=programs.reuse,
    )


@given(members())
def test_optimum_is_the_closed_form_best_response(programs: TraderPrograms) -> None:
    expected = closed_form(programs)
    assert np.all(np.abs(utilities(programs) - expected) <= GAP * (expected + scale(programs)))


@given(members(), st.integers(0, 2**32 - 1))
def test_no_feasible_portfolio_is_better(programs: TraderPrograms, seed: int) -> None:
    """Random portfolios: from all cash into a random direction as far as the constraints allow."""
    rng = np.random.default_rng(seed)
    best = utilities(programs)
    for _ in range(50):
        box, lending, borrowing = rng.exponential(size=(3, len(programs))) * rng.integers(
            0, 2, size=(3, 1)
        )
        security = box - lending + borrowing
        paid = programs.security_price * (box + programs.haircut * (lending + borrowing))
        towards = np.column_stack([-paid, security, lending, borrowing])
        start = np.column_stack([programs.wealth, *np.zeros((3, len(programs)))])
        room, drift = programs.slack(start), towards @ programs.rows.T
        with np.errstate(divide="ignore", invalid="ignore"):
            furthest = np.min(np.where(drift < 0.0, room / -drift, np.inf), axis=1)
        furthest = np.where(np.isfinite(furthest), furthest, 1.0)
        portfolio = start + (rng.random() * furthest)[:, np.newaxis] * towards
        reached = programs.utilities(portfolio)
        assert np.all(reached <= best + GAP * (np.abs(best) + scale(programs)))


@given(members())
def test_optimal_portfolio_meets_the_papers_constraints(programs: TraderPrograms) -> None:
    x, y, theta, psi = best_portfolios(programs).T
    q, c, rate = programs.security_price, programs.haircut, 1.0 + programs.repo_rate
    gross = scale(programs) + np.abs(x) + q * (np.abs(y) + theta + psi)
    repo = q * (theta - psi) + c * q * (theta + psi)
    budget = (x - programs.endowed_cash) + q * (y - programs.endowed_securities) + repo
    up = programs.income_up + x + rate * repo + y * programs.low_payoff
    down = programs.income_down + x + rate * repo + y * programs.high_payoff
    assert np.all(budget <= GAP * gross)
    for floor in (q * (y + theta - psi), up, down, x, q * theta, q * psi):
        assert np.all(floor >= -GAP * gross)


@pytest.mark.parametrize("haircut", [0.0, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.3, 0.99])
def test_sharpened_optimum_is_exact_at_every_leverage(haircut: float) -> None:
    rng = np.random.default_rng(0)
    primitives = ("endowed_cash", "endowed_securities", "income_up", "income_down")
    drawn = {
        name: rng.exponential(mean, 500)
        for name, mean in zip(primitives, (1, 1, 50, 50), strict=True)
    }
    programs = slides(500, haircut=haircut, **drawn)
    expected = closed_form(programs)
    assert np.max(np.abs(utilities(programs) / expected - 1.0)) <= SHARP


@pytest.mark.parametrize("distance", [1e-5, 1e-8, 1e-11])
def test_traders_within_highs_tolerance_of_the_margin_are_solved(distance: float) -> None:
    """HiGHS can't tell apart the slopes of a trader this close to indifference."""
    marginal = (1.15 - 0.754) / 0.45
    programs = slides(belief=marginal + distance * np.array([-1.0, 0.0, 1.0]))
    assert np.max(np.abs(utilities(programs) / closed_form(programs) - 1.0)) <= GAP


@settings(max_examples=30)
@given(members())
def test_without_reuse_the_optimum_is_to_be_long_or_to_keep_cash(programs: TraderPrograms) -> None:
    """The formula of the longs, at a zero rate, where the repo market can clear."""
    price = programs.low_payoff + 0.5 * (programs.high_payoff - programs.low_payoff)
    alone = dataclasses.replace(programs, repo_rate=0.0, security_price=price, reuse=False)
    wealth = alone.wealth
    size = (alone.income_up + wealth) / (price - alone.low_payoff)
    if alone.haircut > 0.0:
        size = np.minimum(size, wealth / (price * alone.haircut))
    expected = alone.belief * alone.low_payoff + (1.0 - alone.belief) * alone.high_payoff
    income = alone.belief * alone.income_up + (1.0 - alone.belief) * alone.income_down
    best = income + wealth + size * np.maximum(expected - price, 0.0)
    assert np.all(np.abs(utilities(alone) - best) <= GAP * (scale(alone) + size * price))
    portfolios = best_portfolios(alone)
    assert np.all(portfolios[:, 1] - portfolios[:, 3] >= -GAP * (scale(alone) + size))
    # with reuse a trader can do all that, and more
    assert np.all(utilities(dataclasses.replace(alone, reuse=True)) >= best * (1.0 - 1e-12))


@settings(max_examples=30)
@given(members())
def test_positions_lie_within_the_slides_bounds(programs: TraderPrograms) -> None:
    """L = W / (q (1-h)) bounds repo on both sides, -L and L [(1-h) + 1] the security."""
    if programs.haircut == 0.0:
        return
    price, margin = programs.security_price, programs.haircut
    for alone in (programs, dataclasses.replace(programs, repo_rate=0.0, reuse=False)):
        most = alone.wealth / (price * margin)
        slack = 1e-9 * (most + scale(alone))
        _, security, lending, borrowing = best_portfolios(alone).T
        assert np.all(lending <= most + slack)
        assert np.all(borrowing <= most + slack)
        assert np.all(security >= -most - slack)
        assert np.all(security <= most * (margin + 1.0) + slack)


def test_members_do_not_depend_on_their_company() -> None:
    programs = slides(2 * CHUNK + 7)
    together = utilities(programs)
    some = np.array([0, CHUNK - 1, CHUNK, 2 * CHUNK, 2 * CHUNK + 6])
    alone = [utilities(programs[slice(row, row + 1)])[0] for row in some]
    np.testing.assert_allclose(together[some], alone, rtol=1e-14)


def test_dense_program_of_one_member_is_the_one_that_is_solved() -> None:
    programs = slides(7, income_up=3.0)
    for member in range(7):
        objective, rows, least = programs.dense(member)
        assert rows.shape == (len(CONSTRAINTS), len(HOLDINGS))
        found = linprog(-objective, A_ub=-rows, b_ub=-least, bounds=(None, None), method="highs")
        best = programs[slice(member, member + 1)]
        gain = best.gains(best_portfolios(best))[0]
        assert found.x is not None
        assert objective @ found.x == pytest.approx(gain, rel=1e-6)


def test_slack_is_rows_times_holdings_less_the_least() -> None:
    programs = slides(3, income_up=2.0, repo_rate=-0.1)
    portfolios = np.random.default_rng(3).normal(size=(3, 5, 4))
    expected = portfolios @ programs.rows.T - programs.least[:, np.newaxis]
    np.testing.assert_allclose(programs.slack(portfolios), expected, atol=1e-12)
    expected_gains = np.einsum("nvi,ni->nv", portfolios, programs.objective)
    np.testing.assert_allclose(programs.gains(portfolios), expected_gains, atol=1e-12)


def test_unbounded_program_is_infinite() -> None:
    """Without margin, a security cheaper than its worst payoff is bought without limit."""
    programs = slides(3, haircut=0.0, security_price=0.6)
    assert np.all(np.isposinf(utilities(programs)))
    assert np.all(np.isnan(best_portfolios(programs)))


def test_a_small_margin_bounds_even_an_arbitrage() -> None:
    programs = slides(3, security_price=0.6)
    x, y, theta, psi = best_portfolios(programs).T
    limit = 1.6 / (0.6 * 0.01)
    np.testing.assert_allclose(psi, limit, rtol=1e-12)
    np.testing.assert_allclose(y, limit, rtol=1e-12)
    np.testing.assert_allclose(x + theta, 0.0, atol=1e-9)


def test_infeasible_program_names_its_member() -> None:
    programs = slides(5, endowed_cash=np.array([1.0, 1.0, 1.0, -5.0, 1.0]))
    with pytest.raises(ValueError, match="member 3: the program is infeasible"):
        best_portfolios(programs)


def test_disagreement_with_highs_names_its_member(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = program_optimum._highs

    def wrong(programs: TraderPrograms, first: int) -> FloatArray:
        found = honest(programs, first)
        found[2] = [1.0, 0.0, 0.0, 0.0]
        return found

    monkeypatch.setattr(program_optimum, "_highs", wrong)
    with pytest.raises(ValueError, match="member 2: HiGHS' optimum and the best vertex differ"):
        best_portfolios(slides(4))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"haircut": 1.0}, "haircut is 1.0"),
        ({"haircut": -0.1}, "haircut is -0.1"),
        ({"security_price": 0.0}, "security_price is 0.0"),
        ({"repo_rate": np.nan}, "repo_rate is nan"),
        ({"belief": np.array([0.5, np.nan])}, "belief of member 1 is nan"),
        ({"income_up": np.array([np.inf, 0.0])}, "income_up of member 0 is inf"),
        ({"belief": np.full((2, 2), 0.5)}, "shape (2, 2)"),
    ],
)
def test_what_is_no_program_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        slides(2, **changes)


@pytest.mark.parametrize("path", CHECKING_CODE)
def test_checking_code_imports_no_trading_code(path: str) -> None:
    """Nothing of the layers that trade, and nothing of this economy that uses them."""
    imported = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            imported.add(node.module)
    assert not {name for name in imported if name.split(".")[0] in ("markets", "agents")}
    assert {name for name in imported if name.startswith("scenarios.")} <= {
        f"scenarios.repo.{Path(each).stem}" for each in CHECKING_CODE
    }
