"""Bankruptcy economies: rules that move quotes side by side, and best responses per second.

Run with ``python -m benchmarks.bankruptcy [economies of each size]``.

Rules start at the same quotes and stop at the same tolerance; SciPy's solvers get the same
residuals as a normal map, :math:`z(P(u)) - (u - P(u))` with :math:`P` the projection on the box.
Every claimed success is checked again by the excess demand it leaves.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from scipy.optimize import root

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import LinearQuadratic
from benchmarks.random_bankruptcies import SIZES, Primitives, as_state, draw
from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster, inward_share
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import RATE_PACE, BondMarket, BondTrader
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from scenarios.bankruptcy.program import plan_by_slsqp
from simulator.economy import Economy
from simulator.outcome import Outcome

BondEconomy = Economy[float, BondQuotes, BondBook]

TOLERANCE = 1e-8
"""Excess demand as a share of what is traded, and step, at which every rule may stop."""

ROUNDS = 2_000
"""Rounds, or evaluations, that each rule is given."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule on one economy: what it claims, whether that is so, and what it took."""

    claimed: bool
    cleared: bool
    rounds: int
    seconds: float


class UnscaledMarket(BondMarket):
    """The same markets with residuals in units, not in changes of prices."""

    def open(self, cohorts: Sequence[BondTrader]) -> None:
        """Forget the demand slope."""
        super().open(cohorts)
        self._scale = np.eye(len(self.quotes))


def _steps(size: tuple[int, int, int], prices: float, rates: float) -> FloatArray:
    return np.append(np.full(1 + size[2], prices), np.full(size[1], rates))


def rules(size: tuple[int, int, int]) -> dict[str, tuple[Adjuster, type[BondMarket]]]:
    """The rules by name, and the market: with residuals scaled by the demand slope, or not."""
    ends: dict[str, Any] = {"share_tolerance": TOLERANCE, "step_tolerance": TOLERANCE}
    pace = _steps(size, 1.0, RATE_PACE)
    return {
        "implicit (default)": (ImplicitTatonnement(**ends), BondMarket),
        "Newton, safeguarded": (NewtonTatonnement(**ends), BondMarket),
        "plain, unscaled": (PlainTatonnement(_steps(size, 0.02, 0.03), **ends), UnscaledMarket),
        "plain": (PlainTatonnement(pace, **ends), BondMarket),
        "Anderson": (AndersonTatonnement(pace, **ends), BondMarket),
    }


def by_rule(drawn: Primitives, rule: tuple[Adjuster, type[BondMarket]]) -> Tried:
    """Run the rounds of an economy by a rule."""
    economy = drawn.economy(*rule)
    begun = time.perf_counter()
    outcome = economy.clear(ROUNDS)
    seconds = time.perf_counter() - begun
    state = economy.adjustment
    assert state is not None
    tried = Tried(outcome is Outcome.CLEARED, state.share <= TOLERANCE, economy.round, seconds)
    economy.close()
    return tried


def by_solver(drawn: Primitives, method: str) -> Tried:
    """Give the economy to a solver of SciPy."""
    economy = drawn.economy()
    economy.open()
    market, (cohort,) = economy.market, economy.cohorts
    limits, calls = market.limits(economy.terms), 0

    def normal_map(coordinates: FloatArray) -> tuple[FloatArray, float]:
        if not np.all(np.isfinite(coordinates)):
            return np.full_like(coordinates, 1e6), np.inf
        inside = np.clip(coordinates, 1e-3, np.minimum(limits.upper, 1e3))
        posted = market.post(inside, economy.terms, inside)
        excess = market.excess(posted, economy.house.net([cohort.respond(posted)]))
        cohort.remember(posted)
        return excess.residual - (coordinates - inside), inward_share(limits, inside, excess)

    def residual(coordinates: FloatArray) -> FloatArray:
        nonlocal calls
        calls += 1
        return normal_map(coordinates)[0]

    limit = {"hybr": "maxfev", "df-sane": "maxfev", "lm": "maxiter"}[method]
    start = market.locate(economy.quotes, economy.terms)
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solution: Any = root(  # type: ignore[call-overload]
            residual, start, method=method, tol=1e-12, options={limit: ROUNDS}
        )
    seconds = time.perf_counter() - begun
    cleared = bool(np.all(np.isfinite(solution.x))) and normal_map(solution.x)[1] <= TOLERANCE
    economy.close()
    return Tried(bool(solution.success), cleared, calls, seconds)


def compare(count: int) -> Iterator[tuple[str, str, list[Tried]]]:
    """All rules and solvers on random economies of both sizes."""
    for number, size in enumerate(SIZES):
        rng = np.random.default_rng(2026 + number)
        economies = [draw(rng, *size) for _ in range(count)]
        label = "I={}, S={}, J={}".format(*size)
        tries: dict[str, Callable[[Primitives], Tried]] = {
            name: lambda drawn, rule=rule: by_rule(drawn, rule)  # type: ignore[misc]
            for name, rule in rules(size).items()
        }
        for method in ("hybr", "df-sane", "lm"):
            tries[f"scipy root, {method}"] = lambda drawn, m=method: by_solver(drawn, m)  # type: ignore[misc]
        for name, trial in tries.items():
            yield label, name, [trial(drawn) for drawn in economies]


def large(
    members: int = 10_000, cohorts: int = 5, states: int = 10, equities: int = 5
) -> BondEconomy:
    """A large economy whose members all differ."""
    rng = np.random.default_rng(7)
    instruments = BondAndEquities(
        rng.dirichlet(np.full(states, 5.0)), rng.uniform(0.1, 1.6, (states, equities))
    )
    economy = Economy(BondMarket(instruments), adjuster=ImplicitTatonnement())
    BankruptcyClearingHouse(economy, instruments, 10.0)
    each = members // cohorts
    for k in range(cohorts):
        Investors(
            economy,
            f"cohort {k + 1}",
            utility=LinearQuadratic(rng.uniform(4.0, 9.0, each), rng.uniform(9.0, 14.0, each)),
            now=rng.uniform(1.0, 5.0, each),
            later=rng.uniform(0.05, 1.2, (each, states)),
            equities=rng.uniform(0.05, 1.2, (each, equities)),
        )
    return economy


def solver_seconds(economy: BondEconomy, some: int = 40) -> float:
    """Seconds that SciPy's SLSQP takes for one member's program, on average."""
    cohort, posted = economy.cohorts[0], economy.posted
    assert isinstance(cohort, Investors)
    state = as_state(
        cohort.endowment.rows(slice(0, some)),
        cohort.instruments,
        posted,
        cohort.held.rows(slice(0, some)),
    )
    begun = time.perf_counter()
    for member in range(some):
        plan_by_slsqp(state, member)
    return (time.perf_counter() - begun) / some


def main(count: int = 250) -> None:
    """Print both comparisons."""
    console = Console(width=120)
    console.print(f"{count} random economies of each size, to {TOLERANCE:g}")
    heads = ("size", "rule", "cleared", "false claims", "rounds: median", "90%", "ms each")
    widths = (14, 24, 12, 14, 16, 8, 8)
    console.print("".join(f"{head:<{width}}" for head, width in zip(heads, widths, strict=True)))
    for label, name, tries in compare(count):
        good = [tried.rounds for tried in tries if tried.cleared] or [ROUNDS]
        cells = (
            label,
            name,
            f"{sum(tried.cleared for tried in tries)} of {len(tries)}",
            sum(tried.claimed and not tried.cleared for tried in tries),
            f"{np.median(good):.0f}",
            f"{np.percentile(good, 90):.0f}",
            f"{1e3 * np.mean([tried.seconds for tried in tries]):.0f}",
        )
        row = "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        console.print(row, highlight=False)
    economy = large()
    begun = time.perf_counter()
    outcome = economy.clear()
    speed = economy.round / (time.perf_counter() - begun)
    alone = solver_seconds(economy)
    console.print(
        f"10,000 members in 5 cohorts, 10 states, 5 equities: {outcome} after {economy.round}"
        f" rounds, {speed:.1f} rounds per second, derivatives included; a loop over SLSQP needs"
        f" {1e3 * alone:.1f} ms per member, {1e4 * alone:.0f} s per round:"
        f" {1e4 * alone * speed:.0f} times as long"
    )
    economy.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
