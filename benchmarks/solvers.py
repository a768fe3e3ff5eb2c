r"""Rounds of ours against root finders on the same excess demand, from the same starts.

The equilibrium is a complementarity problem in the market's coordinates :math:`u`: excess demand
:math:`z_j(u)` is zero, or :math:`u_j` rests at a limit and :math:`z_j` pushes outward. A root
finder is given its natural residual :math:`u - P(u + z(P(u)))`, where :math:`P` moves into the box.
An evaluation of it costs what a round costs: all traders respond and the orders are netted.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq, root

from benchmarks.economies import FAMILIES, economy
from benchmarks.report import Table
from markets.adjustment.rule import SHARE_TOLERANCE
from markets.quote import Excess, FloatArray
from markets.refused import Infeasible
from simulator.economy import Economy

HAIRCUTS = (0.01, 0.02, 0.05, 0.10, 0.20, 0.35, 0.50)

STARTS: dict[str, str | dict[str, float]] = {
    "own": "primitives",
    "cheap": {"security_price": 0.36, "repo_rate": 0.0},
    "expensive": {"security_price": 4.5, "repo_rate": 0.0},
    "cheap, special": {"security_price": 0.72, "repo_rate": -0.5},
    "expensive, special": {"security_price": 1.8, "repo_rate": -0.4},
}
"""Our own start (the mean payoff, no interest) and four far ones."""

TRUE_SHARE = 1e-8
"""Largest excess demand, as a share of what is traded, of a true success: a hundred times what
our own rule asks of itself (1e-10), in the root finders' favour."""

MOST = 1000
"""Evaluations after which a method has failed, as many as a run of ours has rounds."""

NEAR = 1e-6
"""Distance from a limit at which a root finder's answer counts as resting there."""

BRACKET = (1e-9, 1.0 - 1e-9)
"""Coordinates between which bracketing searches."""

PRECISE: dict[str, Any] = {"xtol": 1e-15, "rtol": 1e-14, "maxiter": MOST}
"""What bracketing is asked for; shares of excess demand need most of these digits."""


@dataclass
class Problem:
    """Excess demand of one economy as a function of coordinates, with a count of evaluations."""

    made: Economy
    start: FloatArray
    evaluations: int = 0

    @classmethod
    def of(cls, made: Economy) -> Problem:
        """Start where the economy's own adjuster starts."""
        made.open()
        assert made.adjustment is not None
        return cls(made, made.adjustment.coordinates.copy())

    def ask(self, coordinates: FloatArray, *, count: bool = True) -> Excess:
        """Excess demand at coordinates inside the box."""
        return self.made.market.excess(*self._traded(coordinates, count=count))

    def _traded(self, coordinates: FloatArray, *, count: bool) -> tuple[Any, Any]:
        """Quotes at coordinates inside the box, and the netted orders of all traders."""
        if count:
            self.evaluations += 1
            if self.evaluations > MOST:
                raise OverflowError(f"more than {MOST} evaluations")
        made = self.made
        posted = made.market.post(coordinates, made.terms, np.full(coordinates.size, 1e-12))
        return posted, made.house.net([cohort.respond(posted) for cohort in made.cohorts])

    def clip(self, coordinates: FloatArray) -> FloatArray:
        """Move into the box."""
        return self.made.market.limits(self.made.terms).clip(coordinates)

    def natural(self, coordinates: FloatArray) -> FloatArray:
        """Natural residual of the complementarity problem."""
        inside = self.clip(coordinates)
        return np.asarray(coordinates - self.clip(inside + self.ask(inside).residual))

    def natural_and_slope(self, coordinates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same with its derivatives, from the depth that our own rule is given."""
        inside = self.clip(coordinates)
        traded = self._traded(inside, count=True)
        depth = self.made.market.depth(*traded, inside)
        assert depth is not None
        target = inside + self.made.market.excess(*traded).residual
        moving = (self.clip(target) == target).astype(np.float64)
        within = np.diag((inside == coordinates).astype(np.float64))
        slope = np.eye(2) - moving[:, np.newaxis] * (np.eye(2) + depth) @ within
        return np.asarray(coordinates - self.clip(target)), slope

    def share(self, answer: FloatArray) -> float:
        """Largest share of excess demand at an answer, recomputed; infinite if there is none."""
        if not np.all(np.isfinite(answer)):
            return float("inf")
        limits = self.made.market.limits(self.made.terms)
        shares = []
        rested = limits.clip(np.where(np.abs(answer - limits.lower) < NEAR, limits.lower, answer))
        for point in (limits.clip(answer), rested):
            excess = self.ask(point, count=False)
            held = limits.held(point, excess.share)
            shares.append(float(np.max(np.abs(np.where(held, 0.0, excess.share)))))
        return min(shares)


@dataclass(frozen=True)
class Try:
    """How one method did on one problem."""

    evaluations: int
    claimed: bool
    true: bool


def ours(family: str, traders: int, haircut: float, start: str) -> Try:
    """Rounds of the economy itself."""
    made = economy(family, traders, haircut=haircut, start=STARTS[start])
    made.open()
    while made.running and made.round < MOST:
        made.step()
    state = made.adjustment
    assert state is not None
    answer = Problem(made, state.coordinates)
    return Try(made.round, state.settled, answer.share(answer.start) <= TRUE_SHARE)


def _root(method: str, given_slope: bool = False) -> Callable[[Problem], tuple[FloatArray, bool]]:
    """Return one method of `scipy.optimize.root`."""
    options: dict[str, dict[str, float]] = {
        "hybr": {"xtol": 1e-12, "maxfev": MOST},
        "lm": {"xtol": 1e-14, "ftol": 1e-14, "maxiter": MOST},
        "df-sane": {"fatol": 1e-10, "ftol": 0.0, "maxfev": MOST},
        "anderson": {"fatol": 1e-10, "maxiter": MOST},
    }

    def solve(problem: Problem) -> tuple[FloatArray, bool]:
        residual: Any = problem.natural_and_slope if given_slope else problem.natural
        answer = root(  # type: ignore[call-overload]
            residual,
            problem.start,
            method=method,
            jac=True if given_slope else None,
            options=options[method],
        )
        return np.asarray(answer.x, dtype=np.float64), bool(answer.success)

    return solve


def bracketing(problem: Problem) -> tuple[FloatArray, bool]:
    """Brent's method on the price at each share of cash holders, and on that share outside.

    Where the repo rate rests at zero the inner search alone is enough. The bracket is the whole
    ladder but its ends, so that the start does not matter. Where the inner excess demand has one
    sign everywhere the price goes to the end that it pushes to. No point is evaluated twice.
    """
    low, high = BRACKET
    known: dict[tuple[float, float], FloatArray] = {}

    def residual(level: float, between: float) -> FloatArray:
        if (level, between) not in known:
            known[level, between] = problem.ask(np.array([level, between])).residual
        return known[level, between]

    def level(between: float) -> float:
        if residual(low, between)[0] <= 0.0:
            return low
        if residual(high, between)[0] >= 0.0:
            return high
        return float(brentq(lambda u: residual(u, between)[0], low, high, **PRECISE))

    def outside(between: float) -> float:
        return float(residual(level(between), between)[1])

    if outside(0.0) <= 0.0:
        return np.array([level(0.0), 0.0]), True
    between = float(brentq(outside, 0.0, high, **PRECISE))
    return np.array([level(between), between]), True


METHODS: dict[str, Callable[[Problem], tuple[FloatArray, bool]]] = {
    "root, hybr": _root("hybr"),
    "root, hybr, given our depth": _root("hybr", given_slope=True),
    "root, lm": _root("lm"),
    "root, lm, given our depth": _root("lm", given_slope=True),
    "root, df-sane": _root("df-sane"),
    "root, anderson": _root("anderson"),
    "brentq, nested": bracketing,
}


def attempt(method: Callable[[Problem], tuple[FloatArray, bool]], problem: Problem) -> Try:
    """Let a method try; an exception is a failure that is not claimed as a success."""
    problem.evaluations = 0
    claimed = true = False
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        with suppress(ArithmeticError, ValueError, RuntimeError, np.linalg.LinAlgError, Infeasible):
            answer, claimed = method(problem)
            true = problem.share(answer) <= TRUE_SHARE
    return Try(min(problem.evaluations, MOST), claimed, true)


def table(traders: int, haircuts: Sequence[float] = HAIRCUTS) -> tuple[Table, ...]:
    """Try every method on every problem; in all, problem by problem, and by economy."""
    problems = [(family, h, start) for family in FAMILIES for h in haircuts for start in STARTS]
    tries: dict[str, list[Try]] = {"walras": [], **{name: [] for name in METHODS}}
    for family, haircut, start in problems:
        tries["walras"].append(ours(family, traders, haircut, start))
        made = economy(family, traders, haircut=haircut, start=STARTS[start])
        problem = Problem.of(made)
        for name, method in METHODS.items():
            tries[name].append(attempt(method, problem))
        made.close()
    overall = Table(
        "solvers",
        f"Rounds against evaluations of root finders: {len(problems)} problems,"
        f" {traders:,} individuals",
        (
            "method", "problems", "true successes", "claimed", "claimed but false",
            "evaluations: median", "mean", "largest", "ours needs no more, %",
        ),
    )  # fmt: skip
    for name, tried in tries.items():
        fair = [
            mine.evaluations <= one.evaluations
            for mine, one in zip(tries["walras"], tried, strict=True)
            if one.true and mine.true
        ]
        spent = [one.evaluations for one in tried if one.true]
        overall.rows.append(
            (
                name,
                len(problems),
                len(spent),
                sum(one.claimed for one in tried),
                sum(one.claimed and not one.true for one in tried),
                float(statistics.median(spent)) if spent else "none",
                statistics.fmean(spent) if spent else "none",
                max(spent) if spent else "none",
                100.0 * sum(fair) / len(fair) if fair else "none",
            )
        )
    overall.notes += [
        f"Haircuts {', '.join(f'{h:g}' for h in haircuts)}; economies {'; '.join(FAMILIES)};"
        f" starts {'; '.join(STARTS)}. A true success leaves an excess demand of at most"
        f" {TRUE_SHARE:g} of what is traded, recomputed; evaluations are those of true successes,"
        f" and a method has failed after {MOST}. Ours stops at {SHARE_TOLERANCE:g}.",
    ]
    detail = Table(
        "solvers_by_economy",
        "The same by economy: true successes, and median of evaluations",
        ("method", *FAMILIES),
    )
    each = len(problems) // len(FAMILIES)
    for name, tried in tries.items():
        cells: list[str] = []
        for number in range(len(FAMILIES)):
            some = tried[number * each : (number + 1) * each]
            true = [one.evaluations for one in some if one.true]
            middle = f"{statistics.median(true):g}" if true else "-"
            cells.append(f"{len(true)}/{each}, {middle}")
        detail.rows.append((name, *cells))
    return overall, _afterwards(tries), detail


def _afterwards(tries: dict[str, list[Try]]) -> Table:
    """Compare with whichever root finder was best, chosen afterwards for each problem."""
    mine = tries["walras"]
    best = [
        min((tries[name][k].evaluations for name in METHODS if tries[name][k].true), default=MOST)
        for k in range(len(mine))
    ]
    rounds = [one.evaluations if one.true else MOST for one in mine]
    result = Table(
        "solvers_afterwards",
        "Rounds against whichever root finder is best, chosen afterwards for each problem",
        ("problems", "fewer", "no more", "more", "mean of ours", "mean of the best"),
    )
    pairs = list(zip(rounds, best, strict=True))
    result.rows.append(
        (
            len(pairs),
            sum(a < b for a, b in pairs),
            sum(a <= b for a, b in pairs),
            sum(a > b for a, b in pairs),
            statistics.fmean(rounds),
            statistics.fmean(best),
        )
    )
    return result
