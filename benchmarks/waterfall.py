"""A clearing house that can lose: time per date and member, by members and by securities."""

from __future__ import annotations

from collections.abc import Sequence
from time import process_time
from typing import Any

from benchmarks.report import Cell, Table
from benchmarks.scaling import exponent
from scenarios.waterfall.default_waterfall import SCENARIO
from simulator.parameters import parse
from simulator.run import Run, simulate

COLUMNS = (
    "members", "securities", "dates", "rounds", "defaults", "seconds", "a date, ms",
    "a date and member, us", "exponent",
)  # fmt: skip


def table(sizes: Sequence[int], securities: Sequence[int], dates: int) -> Table:
    """Time whole runs, certificates of every date included, in processor seconds.

    ``sizes`` of members have two securities each; the largest is timed with other numbers of
    ``securities``, too. The exponent is that of time from the row before.
    """
    result = Table("waterfall", "A clearing house that can lose: whole runs", COLUMNS)
    timed(min(sizes), 2, 1)  # imports and first calls
    for series in (
        [(members, 2, float(members)) for members in sizes],
        [(max(sizes), count, float(count)) for count in securities],
    ):
        points: list[tuple[float, float]] = []
        for members, count, scale in series:
            run, seconds = timed(members, count, dates)
            points.append((scale, seconds))
            grown: Cell = exponent(points[-2:]) if len(points) > 1 else "none"
            result.rows.append((
                members, count, dates, len(run.rounds), int(run.dates["defaulted"].sum()), seconds,
                1e3 * seconds / dates, 1e6 * seconds / dates / members, grown,
            ))  # fmt: skip
    result.notes.append(
        "drawn news (GARCH), normal value-at-risk margins, the greatest equilibrium"
    )
    return result


def timed(members: int, securities: int, dates: int) -> tuple[Run[Any], float]:
    """A run, and its processor seconds."""
    given = parse(SCENARIO.parameters, {
        "traders": members, "securities": [f"s{k}" for k in range(securities)], "news": "drawn",
        "past": 100, "dates": dates, "income": 2.0, "margin": {"rule": "normal-value-at-risk"},
        "equilibrium": "greatest",
    })  # fmt: skip
    began = process_time()
    run = simulate(SCENARIO, given)
    return run, process_time() - began
