r"""Proof that quotes and holdings are an equilibrium of the repo market with margins.

Everything is worked out again from the primitives, the quotes and the table of holdings, with the
trader's linear program (:mod:`scenarios.repo.program`) and HiGHS; nothing here has traded.

The definition (:math:`h = 1 - \text{haircut}`, :math:`w` the number of traders a row stands for):

* every trader's portfolio :math:`(x, y, \theta, \psi)` solves its program at
  :math:`(q, \rho)`;
* :math:`\sum w y = \sum w e_y`, :math:`\sum w x = \sum w e_x`, and
  :math:`(2-h) \Theta = h \Psi` with :math:`\Theta = \sum w \theta`, :math:`\Psi = \sum w \psi`,
  which is :math:`\Theta + \Theta^{EX} = \Psi` with the margin reinvested in repo,
  :math:`\Theta^{EX} = (1-h)(\Theta + \Psi)`.

What follows from these is checked as well, since it is where errors would show: the accounts of the
clearing house, the sign of the repo rate, its complementarity, and quotes without arbitrage.

Why these scales
----------------
A trader's accounts are measured by its wealth :math:`W = e_x + q e_y`, what it brings to the
market: its income may be a hundred times as large, and would hide a mistake. Only where positions
exceed a thousand times its wealth does rounding force a larger unit, see
:mod:`scenarios.repo.holdings`.
Markets are measured by what is traded in them, the clearing house by the cash it passes on.

Source: Bottazzi, Pascoa and Ramirez (slides), definition of equilibrium; the conditions for a
negative repo rate are our extension.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scenarios.repo.holdings import Holdings
from scenarios.repo.program import HOLDINGS, FloatArray, TraderPrograms
from scenarios.repo.program_optimum import best_portfolios
from simulator.certificate import Certificate, Condition

OPTIMALITY_TOLERANCE = 1e-9
"""Share of wealth: 10^4 times what rounding costs at a leverage of 100, and no trader's reason to
change its mind."""

ACCOUNT_TOLERANCE = 1e-9
"""Share of wealth: rounding of positions a hundred times wealth is 10^-13 of it."""

CLEARING_TOLERANCE = 1e-9
"""Share of what is traded: ten times the excess demand at which rounds may come to rest."""

AT_REST = 1e-10
"""Share of the positions in a market: the excess demand at which rounds may come to rest."""

MOST_UNKNOWN = 1e-2
"""Share of what is lent and borrowed: beyond, a repo market is not known well enough to certify."""

HOUSE_TOLERANCE = 1e-9
"""Share of the cash the clearing house passes on: like clearing, on which its accounts rest."""

RATE_TOLERANCE = 1e-12
"""Per period: how far above zero rounding may leave a repo rate."""

COMPLEMENTARITY_TOLERANCE = 1e-9
"""Per period, or share of wealth, whichever of the two is the smaller one."""

PRICE_TOLERANCE = 0.0
"""Share of the spread of payoffs: no arbitrage is an inequality between the quotes alone."""


def certify(
    *,
    low_payoff: float,
    high_payoff: float,
    haircut: float,
    security_price: float,
    repo_rate: float,
    agents: pd.DataFrame,
    complete: bool,
    sample: int = 200,
) -> Certificate:
    r"""Check quotes and holdings against the definition of an equilibrium.

    1. Each trader: its optimum by HiGHS (a sample), its budget, box, signs and solvency (all).
    2. Each market: security, cash, repo.
    3. The clearing house: its accounts at date 0 and in both states, and its collateral.
    4. The quotes: sign of the repo rate, complementarity, no arbitrage.

    Parameters
    ----------
    low_payoff, high_payoff : float
        :math:`0 \le D_U < D_D`, cash a security in states U and D.
    haircut : float
        :math:`1 - h`, in [0, 1).
    security_price : float
        :math:`q > 0`, cash a security.
    repo_rate : float
        :math:`\rho`, per period.
    agents : pandas.DataFrame
        One row a trader, or a slice of a continuum in which all hold the same portfolio, with the
        columns of :data:`COLUMNS`; further columns are ignored.
    complete : bool
        Whether the table shows all traders. A sample says nothing about clearing and the
        clearing house: those conditions are left out then, and the caller must say so.
    sample : int
        Rows whose program is solved, spread evenly along beliefs; the rows around every change
        of position along a cohort's beliefs, and all part positions, come on top.

    Raises
    ------
    ValueError
        If the table, the payoffs, the haircut or the quotes are not what they are said to be; see
        :meth:`Holdings.read`. Holdings that are not finite are no error: they certify nothing.
    """
    if sample < 1:
        raise ValueError(f"sample is {sample}; at least one trader must be checked")
    held = Holdings.read(
        agents,
        low_payoff=low_payoff,
        high_payoff=high_payoff,
        haircut=haircut,
        security_price=security_price,
        repo_rate=repo_rate,
    )
    everyone = f"all {len(held)}" if complete else f"the {len(held)} rows of a sample"
    # numbers that overflow or are none end up in residuals, and certify nothing
    with np.errstate(over="ignore", invalid="ignore"):
        conditions = [_optimality(held, sample), *_accounts(held, everyone)]
        if complete:
            conditions += [*_markets(held), *_clearing_house(held)]
        conditions += [*_repo_rate(held, everyone), _no_arbitrage(held.programs)]
    return Certificate(tuple(conditions))


# ---------------------------------------------------------------------- traders
def _optimality(held: Holdings, sample: int) -> Condition:
    """Largest shortfall of a trader's expected utility against the optimum that HiGHS finds."""
    rows = _sampled(held, sample)
    some = Holdings(
        held.programs[rows],
        held.cohort[rows],
        held.weight[rows],
        *(getattr(held, name)[rows] for name in HOLDINGS),
    )
    best = best_portfolios(some.programs)
    # incomes cancel: compare without them, or a large one would swallow the digits
    shortfall = some.programs.gains(best) - some.programs.gains(some.portfolios)
    share = np.where(np.isnan(best[:, 0]), np.inf, _share(shortfall, some.unit(best)))
    return Condition(
        "optimality",
        _largest(share),
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
    belief, kind = held.programs.belief, held.kind()
    able = (held.programs.wealth > 0.0) | (held.programs.haircut == 0.0)
    part = (kind != 0) & ~held.stopped_by_margin() & ~held.stopped_by_solvency()
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


def _accounts(held: Holdings, everyone: str) -> list[Condition]:
    """The constraints of the trader's program at what each row holds."""
    unit, price = held.unit(), held.programs.security_price
    budget, box, up, down, cash, lending, borrowing = held.programs.slack(held.portfolios).T
    signs = np.minimum(cash, price * np.minimum(lending, borrowing))
    return [
        Condition(
            "budget",
            _largest(_share(np.abs(budget), unit)),
            ACCOUNT_TOLERANCE,
            "every trader spends what it has at date 0, no more and no less (share of wealth)",
            everyone,
        ),
        Condition(
            "box",
            _largest(_share(-price * box, unit)),
            ACCOUNT_TOLERANCE,
            "nobody sells or pledges a security it neither owns nor borrowed (share of wealth)",
            everyone,
        ),
        Condition(
            "non-negativity",
            _largest(_share(-signs, unit)),
            ACCOUNT_TOLERANCE,
            "cash, repo lending and repo borrowing are not negative (share of wealth)",
            everyone,
        ),
        Condition(
            "solvency",
            _largest(_share(-np.minimum(up, down), unit)),
            ACCOUNT_TOLERANCE,
            "every trader can pay what it owes in both states (share of wealth)",
            everyone,
        ),
    ]


# ---------------------------------------------------------------------- markets
def _markets(held: Holdings) -> list[Condition]:
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
            _ratio(owned - endowed, gross),
            CLEARING_TOLERANCE,
            "securities held are those that there are (share of long and short positions and"
            " endowments)",
        ),
        Condition(
            "cash market",
            _ratio(kept - cash, kept + cash + programs.security_price * bought),
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
    return Condition("repo market", _ratio(lending - borrowing, scale), tolerance, meaning + ")")


def _clearing_house(held: Holdings) -> list[Condition]:
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
            _ratio(total(paid_in), passed),
            HOUSE_TOLERANCE,
            f"it lends what it gets, the margin included {scale}",
        ),
        Condition(
            "clearing house, state U",
            _ratio(total(repaid - unpaid_up), passed),
            HOUSE_TOLERANCE,
            f"in state U its members pay what it must pay {scale}",
        ),
        Condition(
            "clearing house, state D",
            _ratio(total(repaid - unpaid_down), passed),
            HOUSE_TOLERANCE,
            f"in state D its members pay what it must pay {scale}",
        ),
        Condition(
            "clearing house, collateral",
            _ratio(received - (passed_on + reinvested), received + passed_on + reinvested),
            HOUSE_TOLERANCE,
            "securities pledged with it are lent on or held against the margin that it reinvests"
            " (share of what is pledged, lent on and held)",
        ),
    ]


# ---------------------------------------------------------------------- quotes
def _repo_rate(held: Holdings, everyone: str) -> list[Condition]:
    r"""Sign of the repo rate, and what must be true where it is below zero.

    Cash earns zero, so nobody would keep any at :math:`\rho > 0`. At :math:`\rho < 0` borrowing
    cash earns interest, which takes a security to pledge: so nobody leaves one in the box
    (:math:`y + \theta - \psi = 0`), and nobody lends in repo what it borrows in repo
    (:math:`\min(\theta, \psi) = 0`, unless margin is free of charge). In total the
    clearing house then holds all the securities, :math:`\Theta^{EX} = \sum w e_y`.
    """
    programs, rate = held.programs, held.programs.repo_rate
    box = np.abs(held.security + (held.repo_lending - held.repo_borrowing))
    round_trip = 2.0 * programs.haircut * np.minimum(held.repo_lending, held.repo_borrowing)
    idle = _largest(_share(programs.security_price * (box + round_trip), held.unit()))
    complementarity = idle if np.isnan(idle) else min(max(-rate, 0.0), idle)
    return [
        Condition(
            "repo rate",
            max(rate, 0.0),
            RATE_TOLERANCE,
            "the repo rate is not above zero, the return of cash (per period)",
            "the quote",
        ),
        Condition(
            "repo rate, complementarity",
            complementarity,
            COMPLEMENTARITY_TOLERANCE,
            "the repo rate is zero, or nobody leaves a security idle or lends in repo what it"
            " borrowed in repo (the smaller of minus the rate and the largest idle share of"
            " wealth)",
            everyone,
        ),
    ]


def _no_arbitrage(programs: TraderPrograms) -> Condition:
    r"""Funded prices between the payoffs: :math:`e_1 > D_U` and :math:`e_2 < D_D`."""
    price, rate, haircut = programs.security_price, programs.repo_rate, programs.haircut
    long_price = price * (1.0 + rate * (1.0 - haircut))
    short_price = price * (1.0 + rate * (1.0 + haircut))
    beyond = max(programs.low_payoff - long_price, short_price - programs.high_payoff)
    residual = 0.0
    if not beyond < 0.0:
        # the inequality is strict: equality fails by the least number
        spread = programs.high_payoff - programs.low_payoff
        residual = max(beyond / spread, float(np.finfo(np.float64).tiny))
    return Condition(
        "price",
        residual,
        PRICE_TOLERANCE,
        "a security funded in repo costs a long more than its worst payoff and brings a short less"
        " than its best (share of the spread of payoffs)",
        "the quotes",
    )


# ---------------------------------------------------------------------- measures
def _share(amount: FloatArray, unit: FloatArray) -> FloatArray:
    """An amount as a share of a unit, row by row; nothing of nothing is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((amount == 0.0) & (unit == 0.0), 0.0, amount / unit)


def _largest(violation: FloatArray) -> float:
    """Largest violation, 0 if there is none, NaN if one can't be worked out."""
    return float(np.max(np.maximum(violation, 0.0)))


def _ratio(gap: float, scale: float) -> float:
    """Size of a gap as a share of what it is a gap in; nothing of nothing is 0."""
    if gap == 0.0 and scale == 0.0:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.abs(np.divide(gap, scale)))
