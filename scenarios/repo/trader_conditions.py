"""Conditions of the certificate on traders: their optimum, and the constraints of their program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.repo.holdings import Holdings
from scenarios.repo.measures import largest, share_of
from scenarios.repo.program_optimum import best_portfolios
from simulator.certificate import Condition

OPTIMALITY_TOLERANCE = 1e-9
"""Share of wealth: 10^4 times what rounding costs at a leverage of 100, and no trader's reason to
change its mind."""

ACCOUNT_TOLERANCE = 1e-9
"""Share of wealth: rounding of positions a hundred times wealth is 10^-13 of it."""


def optimality(held: Holdings, sample: int) -> Condition:
    """Largest shortfall of a trader's expected utility against the optimum that HiGHS finds."""
    rows = _sampled(held, sample)
    some = held[rows]
    best = best_portfolios(some.programs)
    # incomes cancel: compare without them, or a large one would swallow the digits
    shortfall = some.programs.gains(best) - some.programs.gains(some.portfolios)
    unit = np.maximum(some.unit, some.unit_of(best))
    share = np.where(np.isnan(best[:, 0]), np.inf, share_of(shortfall, unit))
    return Condition(
        "optimality",
        largest(share),
        OPTIMALITY_TOLERANCE,
        "no trader could expect more at these quotes (shortfall against the optimum of its linear"
        " program, as a share of its wealth)",
        f"{len(rows)} of {len(held)}, with the marginal traders",
    )


def _sampled(held: Holdings, sample: int) -> NDArray[np.int64]:
    """Rows to be solved: evenly along beliefs, both ends and all turning points of each cohort.

    A row is at a turning point if its kind of position differs from that of a neighbour in
    belief, or if it holds a part position; the neighbours on both sides come with it. Traders
    who can't post margin for anything turn nowhere.
    """
    belief, kind = held.programs.belief, held.kind
    able = (held.programs.wealth > 0.0) | (held.programs.haircut == 0.0)
    part = (kind != 0) & ~held.constrained_by_margin & ~held.constrained_by_solvency
    chosen = np.zeros(len(held), dtype=np.bool_)
    chosen[_evenly(np.argsort(belief, kind="stable"), sample)] = True
    for cohort in np.unique(held.cohort):
        members = np.flatnonzero((held.cohort == cohort) & able)
        if not members.size:
            continue
        members = members[np.argsort(belief[members], kind="stable")]
        changes = np.diff(kind[members]) != 0
        turning = part[members]
        turning[:-1] |= changes
        turning[1:] |= changes
        around = turning.copy()
        around[:-1] |= turning[1:]
        around[1:] |= turning[:-1]
        around[[0, -1]] = True
        chosen[members[around]] = True
    return np.flatnonzero(chosen)


def _evenly(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """About ``count`` of the rows, spread evenly, with the first and the last."""
    if rows.size <= count:
        return rows
    return rows[np.linspace(0.0, rows.size - 1.0, count).round().astype(np.int64)]


def accounts(held: Holdings, everyone: str) -> list[Condition]:
    """The constraints of the trader's program at what each row holds."""
    unit, price = held.unit, held.programs.security_price
    budget, box, up, down, cash, lending, borrowing = held.slack.T
    signs = np.minimum(cash, price * np.minimum(lending, borrowing))
    return [
        Condition(
            "budget",
            largest(share_of(np.abs(budget), unit)),
            ACCOUNT_TOLERANCE,
            "every trader spends what it has at date 0, no more and no less (share of wealth)",
            everyone,
        ),
        Condition(
            "box",
            largest(share_of(-price * box, unit)),
            ACCOUNT_TOLERANCE,
            "nobody sells or pledges a security it neither owns"
            + (" nor borrowed" if held.programs.reuse else ", nor sells one pledged to it")
            + " (share of wealth)",
            everyone,
        ),
        Condition(
            "non-negativity",
            largest(share_of(-signs, unit)),
            ACCOUNT_TOLERANCE,
            "cash, repo lending and repo borrowing are not negative (share of wealth)",
            everyone,
        ),
        Condition(
            "solvency",
            largest(share_of(-np.minimum(up, down), unit)),
            ACCOUNT_TOLERANCE,
            "every trader can pay what it owes in both states (share of wealth)",
            everyone,
        ),
    ]
