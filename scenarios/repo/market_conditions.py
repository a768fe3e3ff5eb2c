"""Conditions of the certificate on the three markets of date 0, and on the clearing house."""

from __future__ import annotations

import numpy as np

from scenarios.repo.holdings import Holdings
from scenarios.repo.measures import ratio
from simulator.certificate import Condition

CLEARING_TOLERANCE = 1e-9
"""Share of what is traded: ten times the excess demand at which rounds may come to rest."""

AT_REST = 1e-10
"""Share of the positions in a market: the excess demand at which rounds may come to rest."""

MOST_UNKNOWN = 1e-2
"""Share of what is lent and borrowed: beyond, a repo market is not known well enough to certify."""

HOUSE_TOLERANCE = 1e-9
"""Share of the cash the clearing house passes on: like clearing, on which its accounts rest."""


def markets(held: Holdings) -> list[Condition]:
    """Clearing of the three markets of date 0."""
    programs, total = held.programs, held.total
    owned, endowed = total(held.security), total(programs.endowed_securities)
    gross = total(np.abs(held.security)) + endowed
    kept, cash = total(held.cash), total(programs.endowed_cash)
    bought = total(np.abs(held.security - programs.endowed_securities))
    h = 1.0 - programs.haircut
    lending, borrowing = (2.0 - h) * total(held.repo_lending), h * total(held.repo_borrowing)
    reinvested = programs.haircut * total(held.repo_lending + held.repo_borrowing)
    return [
        Condition(
            "security market",
            ratio(owned - endowed, gross),
            CLEARING_TOLERANCE,
            "securities held are those that there are (share of long and short positions and"
            " endowments)",
        ),
        Condition(
            "cash market",
            ratio(kept - cash, kept + cash + programs.security_price * bought),
            CLEARING_TOLERANCE,
            "cash kept is the cash that there is (share of cash kept, endowed and paid for"
            " securities)",
        ),
        _repo_market(lending, borrowing, gross + reinvested + endowed),
    ]


def _repo_market(lending: float, borrowing: float, positions: float) -> Condition:
    """Clearing of the repo market.

    Its excess demand is that of the security less that of the margin to reinvest. Rounds rest
    where each of these two is at most :data:`AT_REST` of its own positions, which at haircuts close
    to 1 are many times what is lent and borrowed: nobody can then tell the repo market's gap from
    zero any better than that.
    """
    scale = lending + borrowing
    conditioning = positions / scale if scale > 0.0 else 0.0
    meaning = (
        "repo lending by traders, and of the margin they pay, is repo borrowing:"
        " (2 - h) theta = h psi (share of their sum"
    )
    tolerance = CLEARING_TOLERANCE
    if AT_REST * conditioning > tolerance:
        tolerance = min(AT_REST * conditioning, MOST_UNKNOWN)
        meaning += f"; positions are {conditioning:.0f} times that, and known to {AT_REST:.0e}"
    return Condition("repo market", ratio(lending - borrowing, scale), tolerance, meaning + ")")


def clearing_house(held: Holdings) -> list[Condition]:
    r"""Accounts of the clearing house, from every member's payments, row by row.

    At date 0 it gets :math:`q [\theta - \psi + (1-h)(\theta + \psi)]` from each member, which
    counts the margin that it lends on at once (the loan is part of :math:`\psi`). At date 1 it
    owes :math:`1 + \rho` times as much; a member that is insolvent in a state pays less than it
    owes. Its cash is measured by the loans and the margin that pass through it.
    """
    programs, total = held.programs, held.total
    price, margin = programs.security_price, programs.haircut
    lending, borrowing = held.repo_lending, held.repo_borrowing
    paid_in = price * ((lending - borrowing) + margin * (lending + borrowing))
    passed = price * (1.0 + margin) * total(np.abs(lending) + np.abs(borrowing))
    repaid = -(1.0 + programs.repo_rate) * paid_in
    slack = programs.slack(held.portfolios)
    unpaid_up, unpaid_down = np.maximum(-slack[:, 2], 0.0), np.maximum(-slack[:, 3], 0.0)
    margin_held = margin * price * total(lending + borrowing)
    reinvested = margin_held / price
    received, passed_on = total(borrowing), total(lending)
    scale = "(share of the loans and margin that pass through it)"
    return [
        Condition(
            "clearing house, date 0",
            ratio(total(paid_in), passed),
            HOUSE_TOLERANCE,
            f"it lends what it gets, the margin included {scale}",
        ),
        Condition(
            "clearing house, state U",
            ratio(total(repaid - unpaid_up), passed),
            HOUSE_TOLERANCE,
            f"in state U its members pay what it must pay {scale}",
        ),
        Condition(
            "clearing house, state D",
            ratio(total(repaid - unpaid_down), passed),
            HOUSE_TOLERANCE,
            f"in state D its members pay what it must pay {scale}",
        ),
        Condition(
            "clearing house, collateral",
            ratio(received - (passed_on + reinvested), received + passed_on + reinvested),
            HOUSE_TOLERANCE,
            "securities pledged with it are lent on or held against the margin that it reinvests"
            " (share of what is pledged, lent on and held)",
        ),
    ]
