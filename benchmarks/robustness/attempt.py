"""One random economy: run it, and recompute where it came to rest by other code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.robustness.drawn import Drawn
from benchmarks.timing import given_up
from markets.refused import Refused
from simulator.knowledge import Knowledge
from simulator.outcome import Outcome
from simulator.parameters import Parameters, parse
from simulator.run import Run, simulate
from walras.catalogue import find

AIMS = {
    "repo": 0.99,
    "bankruptcy": 0.99,
    "credit": 0.95,
    "pledge": 1.0,
    "funding": 1.0,
    "promises": 0.99,
    "leverage": 0.95,
    "exchange": 0.99,
}
"""Share of its draws to be cleared and right, by economy. Each has a module of this package with
``RANGES`` (of the draws, in words), ``draw`` and ``gaps`` (the independent recomputation)."""

RIGHT = 1e-6
"""Largest gap, as a share, of an equilibrium by the independent recomputation."""

EQUILIBRIA = (Outcome.CLEARED, Outcome.NO_TRADE)
"""Outcomes that claim an equilibrium; in the second nobody trades."""


class Finding(StrEnum):
    """What one draw counts as."""

    RIGHT = "cleared and right"
    WRONG = "cleared and wrong"
    REFUSED = "right or valid, but refused"
    CRASHED = "crash or internal error"
    LATE = "over the time limit"
    NOT_CLEARED = "not cleared, and it says so"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one draw.

    Attributes
    ----------
    economy, seed, number
        Which draw it was.
    drawn : Drawn
        The economy.
    finding : Finding
        What it counts as.
    outcome : str
        How the run ended, by itself.
    reason : str
        Why, or the largest gap.
    gap : float
        Largest gap of the recomputation; NaN where there was nothing to recompute.
    rounds : int
        Rounds of all dates.
    schedules : bool
        Whether quotes of some date were calculated from traders' schedules.
    """

    economy: str
    seed: int
    number: int
    drawn: Drawn
    finding: Finding
    outcome: str
    reason: str
    gap: float = np.nan
    rounds: int = 0
    schedules: bool = False


class Late(BaseException):
    """The time limit is over; no handler for errors may swallow it."""


def draw(economy: str, seed: int, number: int) -> Drawn:
    """The economy of a number; the same whichever others are drawn."""
    stream = np.random.default_rng([seed, *economy.encode(), number])
    drawn: Drawn = module_of(economy).draw(stream)
    return drawn


def attempt(economy: str, seed: int, number: int, limit: float) -> Attempt:
    """Draw an economy, run it with its default rule and rounds, and recompute the result.

    Parameters
    ----------
    economy : str
        One of :data:`AIMS`.
    seed, number : int
        Which draw.
    limit : float
        Seconds that the run may take.
    """
    drawn = draw(economy, seed, number)

    def found(finding: Finding, outcome: str, reason: str, **more: Any) -> Attempt:
        return Attempt(economy, seed, number, drawn, finding, outcome, reason, **more)

    try:
        with given_up(limit, Late()):
            parameters, run = run_of(drawn, seed)
    except Late:
        return found(Finding.LATE, "", f"not done in {limit:g} s")
    except Refused as error:
        return found(Finding.REFUSED, "bad input", str(error))
    except Exception as error:  # noqa: BLE001 - a crash is what is counted
        return found(Finding.CRASHED, type(error).__name__, str(error))
    outcome = run.outcome
    schedules = any(end.knew is Knowledge.SCHEDULES for end in run.ends)
    known: dict[str, Any] = {"rounds": len(run.rounds), "schedules": schedules}
    if outcome is Outcome.DEFECT:
        return found(Finding.CRASHED, str(outcome), run.reason, **known)
    if outcome not in EQUILIBRIA and not run.certificate.conditions:
        return found(Finding.NOT_CLEARED, str(outcome), run.reason, **known)
    try:
        gaps = _gaps(module_of(economy).gaps, parameters, run)
    except Exception as error:  # noqa: BLE001 - what it can't recompute is not known to be right
        if outcome not in EQUILIBRIA:
            return found(Finding.NOT_CLEARED, str(outcome), run.reason, **known)
        reason = f"recomputation: {type(error).__name__}: {error}"
        return found(Finding.CRASHED, str(outcome), reason, **known)
    worst = max(gaps, key=lambda name: gaps[name])
    known["gap"] = gaps[worst]
    right = gaps[worst] <= RIGHT
    if outcome in EQUILIBRIA:
        finding = Finding.RIGHT if right else Finding.WRONG
        return found(finding, str(outcome), f"largest gap: {worst}", **known)
    refused = right and (outcome is Outcome.NOT_CERTIFIED or run.certificate.holds)
    finding = Finding.REFUSED if refused else Finding.NOT_CLEARED
    return found(finding, str(outcome), run.reason, **known)


def run_of(drawn: Drawn, seed: int) -> tuple[Parameters, Run[Any]]:
    """Run a drawn economy, with its defaults."""
    scenario = find(drawn.scenario)
    parameters = parse(scenario.parameters, drawn.parameters)
    return parameters, simulate(scenario, parameters, seed=seed, studies=False)


def _gaps(
    gaps: Callable[[Parameters, Run[Any]], Mapping[str, float]],
    parameters: Parameters,
    run: Run[Any],
) -> dict[str, float]:
    """Gaps by name; one that is not a number is as large as can be."""
    known = {name: float(gap) for name, gap in gaps(parameters, run).items()}
    return {name: gap if np.isfinite(gap) else np.inf for name, gap in known.items()}


def module_of(economy: str) -> Any:
    """The module that draws and recomputes an economy."""
    return import_module(f"benchmarks.robustness.{economy}")
