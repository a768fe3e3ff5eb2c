"""Several starts: which resting points the rounds find, how often, and which are stable."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from simulator.declared import Declared
from simulator.journey import Opened, travel
from simulator.outcome import Outcome
from simulator.point import Case, DateEnd, ScenarioEconomy
from simulator.results import P

SAME = 1e-6
"""Distance, as a share of the quote, of two resting points that are one: markets clear to 1e-10 of
what is traded, and quotes follow with the depth of the market."""

NEGLIGIBLE = 1e-3
"""Quotes below this share of the largest are compared with that share of it."""


START_BYTES = 20_000.0
"""Bytes that a start costs: its random numbers, and where it came to rest."""

NEUTRAL = 1e-9
"""Growth per round below which a displacement neither grows nor shrinks, as in Scarf's economy."""

REST = (Outcome.CLEARED, Outcome.NO_TRADE)
"""Outcomes of a certified equilibrium; in the second nobody trades."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Where one start came to rest, and the growth of a small displacement there."""

    end: DateEnd
    growth: float


def search(scenario: Declared[P], parameters: P, starts: int, seed: int) -> pd.DataFrame:
    r"""Run every case from several starts and list the equilibria found at each date.

    The first start is that of the parameters, and its later dates start where the dates before
    them came to rest. All others are random quotes, drawn anew at every date, from a stream of
    random numbers per start; but the second begins later dates where the parameters say. All else
    that is drawn (members, news) is that of the run with this seed. One row per case, date and
    equilibrium, the most frequent first:

    * ``number`` and ``of``: which of the equilibria found; ``number`` is empty for starts that did
      not come to rest, which have a row per outcome.
    * ``starts`` and ``share``: how many starts came here, and as a share: the basin of the rule of
      this run, which need not be the textbook rule.
    * ``stable``: whether the textbook rule, in small steps, comes back after a small displacement:
      all eigenvalues of :math:`\operatorname{diag}(k) Z'`, with :math:`k` the market's pace and
      :math:`Z'` the slope of the residuals, over the coordinates that no attained limit holds,
      have negative real parts. ``growth`` is the largest of them, per round.

    Then the quotes. Every equilibrium was certified like that of a run.
    """
    arrivals: dict[tuple[str, int], list[_Arrival]] = {}
    drawn = parameters.model_copy(update={"start": "random"})
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(starts)]
    for number, stream in enumerate(streams):
        generator = np.random.default_rng(seed)  # all starts are in the economy of the run
        asked = parameters if number == 0 else drawn
        for one in scenario.cases(asked):
            case = replace(one, build=partial(_starting, one, stream)) if number > 0 else one
            economy: ScenarioEconomy | None = None
            for event in travel(scenario, asked, case, generator):
                if isinstance(event, Opened):
                    economy = event.economy
                    if number > 0 and economy.date > 1:
                        economy.restart(parameters.start if number == 1 else "random")
                elif isinstance(event, DateEnd) and economy is not None:
                    key = (case.name, event.point.date)
                    arrivals.setdefault(key, []).append(_Arrival(event, growth(economy)))
            if economy is not None:
                economy.close()
    rows = [row for key, found in arrivals.items() for row in _rows(key, found)]
    return pd.DataFrame(rows)


def _starting(case: Case, stream: np.random.Generator, rng: np.random.Generator) -> ScenarioEconomy:
    """The economy of a case, whose first quotes come from a stream of their own."""
    economy = case.build(rng)
    economy.starts = stream
    return economy


def growth(economy: ScenarioEconomy) -> float:
    """Largest real part of the eigenvalues of the textbook rule's step.

    Minus infinity where residuals push every coordinate against an attained limit, which it then
    comes back to at once; NaN where slopes are no numbers, or a coordinate at a limit has a
    residual of exactly zero, so that it may or may not leave it.
    """
    if not economy.traded or economy.adjustment is None:
        return np.nan
    state, (residual, slope) = economy.adjustment, economy.slope()
    free = ~state.limits.held(state.coordinates, residual)
    pace = np.broadcast_to(economy.market.pace, free.shape)[free]
    matrix = pace[:, None] * slope[np.ix_(free, free)]
    at_edge = ~free & (residual == 0.0)
    if at_edge.any() or not np.isfinite(matrix).all():
        return np.nan
    if not free.any():
        return -np.inf
    return float(np.max(np.linalg.eigvals(matrix).real))


def _rows(key: tuple[str, int], arrivals: list[_Arrival]) -> list[Mapping[str, object]]:
    """The rows of a case and date."""
    rests: list[list[_Arrival]] = []
    others: dict[Outcome, int] = {}
    for arrival in arrivals:
        if arrival.end.outcome not in REST:
            others[arrival.end.outcome] = others.get(arrival.end.outcome, 0) + 1
            continue
        same = [rest for rest in rests if _apart(rest[0], arrival) <= SAME]
        if same:
            same[0].append(arrival)
        else:
            rests.append([arrival])
    rests.sort(key=len, reverse=True)
    rows: list[Mapping[str, object]] = []
    for number, rest in enumerate(rests, start=1):
        first = rest[0]
        rows.append(
            {
                "case": key[0],
                "date": key[1],
                "number": number,
                "of": len(rests),
                "outcome": str(first.end.outcome),
                "starts": len(rest),
                "share": len(rest) / len(arrivals),
                "stable": stability(first.growth),
                "growth": first.growth,
                **first.end.point.quotes,
            }
        )
    for outcome, count in others.items():
        rows.append(
            {
                "case": key[0],
                "date": key[1],
                "of": len(rests),
                "outcome": str(outcome),
                "starts": count,
                "share": count / len(arrivals),
            }
        )
    return rows


def stability(growth: float) -> str:
    """Whether the textbook rule comes back, by the growth of a small displacement, in a word."""
    return "unknown" if np.isnan(growth) else str(growth < -NEUTRAL).lower()


def _apart(one: _Arrival, other: _Arrival) -> float:
    """Largest distance of two resting points' quotes, as a share of the larger one.

    Quotes of what nobody trades at either are left out where both lie in both intervals.
    """
    mine, theirs = one.end.point.quotes, other.end.point.quotes
    ends = (one.end.intervals, other.end.intervals)
    untraded = {
        name
        for name, quote in mine.items()
        if all(
            name in end and all(end[name][0] <= q <= end[name][1] for q in (quote, theirs[name]))
            for end in ends
        )
    }
    return apart(mine, theirs, untraded)


def apart(
    mine: Mapping[str, float], theirs: Mapping[str, float], left_out: Collection[str] = ()
) -> float:
    """Largest distance of quotes of the same names, as a share of the larger one."""
    largest = max(abs(quote) for quote in mine.values())
    distances = [0.0]
    for name, quote in mine.items():
        if name in left_out:
            continue
        # a rate that is zero is compared with the largest of all quotes
        scale = max(abs(quote), abs(theirs[name]), NEGLIGIBLE * largest, np.finfo(float).tiny)
        distances.append(abs(quote - theirs[name]) / scale)
    return max(distances)
