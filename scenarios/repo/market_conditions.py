"""Conditions of the certificate on the three markets of date 0, and on the clearing house."""

from __future__ import annotations

import numpy as np

from scenarios.repo.holdings import Holdings
from scenarios.repo.measures import ratio
from scenarios.repo.program import FloatArray
from simulator.certificate import Condition

CLEARING_TOLERANCE = 1e-9
"""Share of what is traded: ten times the excess demand at which rounds may come to rest."""

AT_REST = 1e-10
"""Share of the positions in a market: the excess demand at which rounds may come to rest."""

MOST_UNKNOWN = 1e-2
"""Share of what is lent and borrowed, or of cash: beyond, a market is not known well enough to
certify."""

INDIFFERENT = 1e-12
"""Share of the spread of payoffs: expecting that much more or less than the price is rounding."""

HOUSE_TOLERANCE = 1e-9
"""Share of the cash the clearing house passes on: like clearing, on which its accounts rest."""


def markets(held: Holdings) -> list[Condition]:
    """Clearing of the three markets of date 0."""
    programs, total = held.programs, held.total
    owned, endowed = total(held.security), total(held.first_securities)
    gross = total(np.abs(held.security)) + endowed
    kept, cash = total(held.cash), total(held.first_cash)
    bought = total(np.abs(held.security - held.first_securities))
    securities_tolerance, securities_known = _known(
        CLEARING_TOLERANCE, total(_ordered(held)) + endowed, gross
    )
    paid = kept + cash + programs.security_price * bought
    # by Walras' law its gap is that of the other two markets
    positions = _positions(held)
    tolerance, known = _known(CLEARING_TOLERANCE, programs.security_price * positions, paid)
    h = 1.0 - programs.haircut
    lending, borrowing = (2.0 - h) * total(held.repo_lending), h * total(held.repo_borrowing)
    return [
        Condition(
            "security market",
            ratio(owned - endowed, gross),
            securities_tolerance,
            "securities held are those that there are (share of long and short positions and"
            f" endowments{securities_known})",
        ),
        Condition(
            "cash market",
            ratio(kept - cash, paid),
            tolerance,
            "cash kept is the cash that there is (share of cash kept, endowed and paid for"
            f" securities{known})",
        ),
        _repo_market(lending, borrowing, positions),
    ]


def _repo_market(lending: float, borrowing: float, positions: float) -> Condition:
    """Clearing of the repo market.

    Its excess demand is that of the security less that of the margin to reinvest. Rounds rest
    where each of these two is at most :data:`AT_REST` of its own positions, which can be many times
    what is lent and borrowed: nobody can then tell the repo market's gap from zero any better than
    that.
    """
    scale, known = _measure(lending + borrowing, positions)
    tolerance, resolved = _known(CLEARING_TOLERANCE, positions, scale)
    known += resolved
    meaning = (
        "repo lending by traders, and of the margin they pay, is repo borrowing:"
        f" (2 - h) theta = h psi (share of their sum{known})"
    )
    return Condition("repo market", ratio(lending - borrowing, scale), tolerance, meaning)


def _measure(scale: float, positions: float) -> tuple[float, str]:
    """What a gap in repo is a share of, and a remark if that is not what passes through repo.

    So little may be lent that it is the rest of positions that should be none: less than those are
    known to, and no more than rounds leave of a market that has cleared. It counts as nothing.
    """
    if 0.0 < scale <= AT_REST * positions:
        return positions, f"; of positions, since less than {AT_REST:.0e} of them is lent"
    return scale, ""


def _positions(held: Holdings) -> float:
    """Positions in the security market and in the reinvestment of margin, as they are ordered."""
    ordered, endowed = held.total(_ordered(held)), held.total(held.first_securities)
    return (1.0 + held.programs.haircut) * ordered + 2.0 * endowed


def _known(tolerance: float, positions: float, scale: float) -> tuple[float, str]:
    """Tolerance of a gap measured by ``scale``, where positions are known to their own share."""
    conditioning = positions / scale if scale > 0.0 else 0.0
    if not AT_REST * conditioning > tolerance:
        return tolerance, ""
    return (
        min(AT_REST * conditioning, MOST_UNKNOWN),
        f"; positions are {conditioning:.0f} times that, and known to {AT_REST:.0e}",
    )


def _ordered(held: Holdings) -> FloatArray:
    r"""Securities that each row orders, long and short, shape (n,).

    At a repo rate of zero a trader who expects just the price is indifferent between its full long
    position :math:`l` and its full short one :math:`s`. It orders parts of both,
    :math:`f l + (1 - f) s`, and holds the net, :math:`y = f l - (1 - f) s`.
    """
    programs, net = held.programs, np.abs(held.security)
    price, spread = programs.security_price, programs.high_payoff - programs.low_payoff
    expected = programs.low_payoff + (1.0 - programs.belief) * spread
    indifferent = np.abs(expected - price) <= INDIFFERENT * spread
    loss, gain = price - programs.low_payoff, programs.high_payoff - price
    both_sides = programs.reuse and programs.repo_rate == 0.0
    if not (both_sides and indifferent.any() and min(loss, gain) > 0.0):
        return net
    wealth, margin = programs.wealth, price * programs.haircut
    with np.errstate(over="ignore"):  # what overflows is unlimited
        most = wealth / margin if margin > 0.0 else np.full(len(held), np.inf)
    long = np.minimum(most, (programs.income_up + wealth) / loss)
    short = np.minimum(most, (programs.income_down + wealth) / gain)
    both = np.maximum(long + short, np.finfo(np.float64).tiny)
    part = np.clip((held.security + short) / both, 0.0, 1.0)
    return np.where(indifferent, np.maximum(part * long + (1.0 - part) * short, net), net)


def clearing_house(held: Holdings) -> list[Condition]:
    r"""Accounts of the clearing house, from every member's payments, row by row.

    At date 0 it gets :math:`q [\theta - \psi + (1-h)(\theta + \psi)]` from each member, which
    counts the margin that it lends on at once (the loan is part of :math:`\psi`). At date 1 it
    owes :math:`1 + \rho` times as much; a member that is insolvent in a state pays less than it
    owes. Its cash is measured by the loans and the margin that pass through it.

    Its accounts rest on the repo market's clearing: they are that market's gap, and known as well
    as it is.
    """
    programs, total = held.programs, held.total
    price, margin = programs.security_price, programs.haircut
    lending, borrowing = held.repo_lending, held.repo_borrowing
    paid_in = price * ((lending - borrowing) + margin * (lending + borrowing))
    repaid = -(1.0 + programs.repo_rate) * paid_in
    slack = held.slack
    unpaid_up, unpaid_down = np.maximum(-slack[:, 2], 0.0), np.maximum(-slack[:, 3], 0.0)
    margin_held = margin * price * total(lending + borrowing)
    reinvested = margin_held / price
    received, passed_on = total(borrowing), total(lending)
    positions = _positions(held)
    through = (1.0 + margin) * total(np.abs(lending) + np.abs(borrowing))
    measure, known = _measure(through, positions)
    passed = price * measure
    tolerance, resolved = _known(HOUSE_TOLERANCE, positions, measure)
    known += resolved
    moved, _ = _measure(received + passed_on + reinvested, positions)
    scale = f"(share of the loans and margin that pass through it{known})"
    return [
        Condition(
            "clearing house, date 0",
            ratio(total(paid_in), passed),
            tolerance,
            f"it lends what it gets, the margin included {scale}",
        ),
        Condition(
            "clearing house, state U",
            ratio(total(repaid - unpaid_up), passed),
            tolerance,
            f"in state U its members pay what it must pay {scale}",
        ),
        Condition(
            "clearing house, state D",
            ratio(total(repaid - unpaid_down), passed),
            tolerance,
            f"in state D its members pay what it must pay {scale}",
        ),
        Condition(
            "clearing house, collateral",
            ratio(received - (passed_on + reinvested), moved),
            tolerance,
            "securities pledged with it are lent on or held against the margin that it reinvests"
            " (share of what is pledged, lent on and held)",
        ),
    ]
