"""What came of many draws, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from benchmarks.report import Table
from benchmarks.robustness.attempt import AIMS, RIGHT, Attempt, Finding

Z = 1.959963984540054
"""Quantile of the normal distribution for an interval of 95%."""


def wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson's 95% interval for a share; right at 0 and 1 too, where the normal one has no width.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(10, 10)]
    [0.722, 1.0]
    """
    share, weight = count / of, Z * Z / of
    middle = (share + weight / 2.0) / (1.0 + weight)
    half = Z * sqrt(share * (1.0 - share) / of + weight / (4.0 * of)) / (1.0 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def tables(found: Sequence[Attempt], ranges: Mapping[str, Mapping[str, str]]) -> list[Table]:
    """The result by economy, how runs ended, and what was drawn."""
    return [_findings(found, list(ranges)), _outcomes(found), _ranges(ranges)]


def _findings(found: Sequence[Attempt], economies: Sequence[str]) -> Table:
    table = Table(
        "findings",
        "What came of the draws",
        ("economy", "draws", *Finding, "cleared and right, 95% interval", "aim",
         "met", "rounds: median", "99%", "needed schedules, % of runs", "largest gap"),
        notes=[
            "Every draw is run with the scenario's default rule and rounds. Cleared and right: the"
            " run says that it found an equilibrium, and another program, with another solver than"
            f" the certificate's, finds no condition missed by more than {RIGHT:g} (a share)."
            " Refused: that program agrees, but the run does not, or valid input was refused. The"
            " interval is Wilson's.",
            "Needed schedules: quotes were calculated centrally from schedules that traders handed"
            " in (a call auction); in all other runs the rounds alone found them.",
            "Met: the share of economies cleared and right reaches the aim, and none is wrong,"
            " refused or crashed.",
        ],
    )  # fmt: skip
    for economy in economies:
        aim = AIMS[economy]
        mine = [one for one in found if one.economy == economy]
        counts = Counter(one.finding for one in mine)
        right = counts[Finding.RIGHT]
        low, high = wilson(right, len(mine))
        never = counts[Finding.WRONG] + counts[Finding.REFUSED] + counts[Finding.CRASHED]
        rounds = [one.rounds for one in mine if one.finding is Finding.RIGHT] or [0]
        gaps = [one.gap for one in mine if one.finding is Finding.RIGHT] or [np.nan]
        table.rows.append(
            (
                economy,
                len(mine),
                *(counts[finding] for finding in Finding),
                f"{100 * right / len(mine):.1f}% ({100 * low:.1f} to {100 * high:.1f})",
                f"{aim:.0%}",
                "yes" if right >= aim * len(mine) and never == 0 else "NO",
                int(np.median(rounds)),
                int(np.quantile(rounds, 0.99)),
                f"{100 * sum(one.schedules for one in mine) / len(mine):.0f}",
                float(np.max(gaps)),
            )
        )
    return table


def _outcomes(found: Sequence[Attempt]) -> Table:
    table = Table("outcomes", "How runs ended", ("scenario", "finding", "outcome", "runs"))
    counts = Counter((one.drawn.scenario, str(one.finding), one.outcome) for one in found)
    for (scenario, finding, outcome), count in counts.items():
        table.rows.append((scenario, finding, outcome, count))
    table.rows.sort(key=lambda row: [str(cell) for cell in row[:3]])
    return table


def _ranges(ranges: Mapping[str, Mapping[str, str]]) -> Table:
    table = Table("ranges", "What was drawn", ("economy", "parameter", "range"))
    for economy, drawn in ranges.items():
        table.rows += [(economy, name, words) for name, words in drawn.items()]
    return table
