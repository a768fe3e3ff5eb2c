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

Where dates are linked, endowments are what traders carried and what calls left of it, of either
sign; cash and securities in all are those of the first date.

Without reuse of collateral the box of every trader is :math:`y - \psi \ge 0`; all else is the same.

Source: Bottazzi, Pascoa and Ramirez (slides), definition of equilibrium; the conditions for a
negative repo rate are our extension.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scenarios.repo.holdings import Holdings
from scenarios.repo.market_conditions import clearing_house, markets
from scenarios.repo.measures import largest, share_of
from scenarios.repo.program import TraderPrograms
from scenarios.repo.trader_conditions import accounts, optimality
from simulator.certificate import Certificate, Condition

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
    reuse: bool = True,
    announced: float | None = None,
    complete: bool,
    sample: int = 200,
) -> Certificate:
    r"""Check quotes and holdings against the definition of an equilibrium.

    1. Each trader: its optimum by HiGHS (a sample), its budget, box, signs and solvency (all).
    2. Each market: security, cash, repo.
    3. The clearing house: its accounts at date 0 and in both states, and its collateral.
    4. The quotes: sign of the repo rate, complementarity, no arbitrage.
    5. Where the date was linked to one before: what was carried, see
       :mod:`scenarios.repo.carried`.

    Parameters
    ----------
    low_payoff, high_payoff : float
        :math:`0 \le D_U < D_D`, cash per security in states U and D.
    haircut : float
        :math:`1 - h`, in [0, 1).
    security_price : float
        :math:`q > 0`, cash per security.
    repo_rate : float
        :math:`\rho`, per period.
    agents : pandas.DataFrame
        One row per trader, or a slice of a continuum in which all hold the same portfolio, with the
        columns of :data:`COLUMNS`; further columns are ignored.
    reuse : bool
        Whether collateral may be sold by who lends against it.
    announced : float, optional
        The haircut that the house announced, where it is known from elsewhere.
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
        reuse=reuse,
        complete=complete,
    )
    everyone = f"all {len(held)}" if complete else f"the {len(held)} rows of a sample"
    # numbers that overflow or are none end up in residuals, and certify nothing
    with np.errstate(over="ignore", invalid="ignore"):
        conditions = [optimality(held, sample), *accounts(held, everyone)]
        if complete:
            conditions += [*markets(held), *clearing_house(held)]
        conditions += [*_repo_rate(held, everyone), _no_arbitrage(held.programs)]
        if held.carried is not None:
            holds = np.any(held.portfolios != 0.0, axis=1)
            conditions += held.carried.conditions(held.unit, haircut, holds)
    if announced is not None:
        conditions.append(
            Condition(
                "haircut", abs(haircut - announced), 0.0, "the haircut is the one announced",
                "the table of traders",
            )
        )  # fmt: skip
    return Certificate(tuple(conditions))


# ---------------------------------------------------------------------- quotes
def _repo_rate(held: Holdings, everyone: str) -> list[Condition]:
    r"""Sign of the repo rate, and what must be true where it is below zero.

    Cash earns zero, so nobody would keep any at :math:`\rho > 0`. At :math:`\rho < 0` borrowing
    cash earns interest, which takes a security to pledge: so nobody leaves one in the box
    (:math:`y + \theta - \psi = 0`), and nobody lends in repo what it borrows in repo
    (:math:`\min(\theta, \psi) = 0`, unless margin is free of charge). In total the
    clearing house then holds all the securities, :math:`\Theta^{EX} = \sum w e_y`. Where
    collateral is not reused, nobody lends at all, so that there is no such equilibrium.
    """
    programs, rate = held.programs, held.programs.repo_rate
    box = np.abs(held.slack[:, 1])
    if programs.reuse:
        round_trip = 2.0 * programs.haircut * np.minimum(held.repo_lending, held.repo_borrowing)
    else:
        round_trip = np.abs(held.repo_lending)
    idle = largest(share_of(programs.security_price * (box + round_trip), held.unit))
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
    r"""Funded prices between the payoffs: :math:`e_1 > D_U` and :math:`e_2 < D_D`.

    Without reuse there are no shorts, and the second is no matter of arbitrage.
    """
    price, rate, haircut = programs.security_price, programs.repo_rate, programs.haircut
    long_price = price * (1.0 + rate * (1.0 - haircut))
    short_price = price * (1.0 + rate * (1.0 + haircut))
    beyond = programs.low_payoff - long_price
    if programs.reuse:
        beyond = max(beyond, short_price - programs.high_payoff)
    residual = 0.0
    if not beyond < 0.0:
        # the inequality is strict: equality fails by the least number
        spread = programs.high_payoff - programs.low_payoff
        residual = max(beyond / spread, float(np.finfo(np.float64).tiny))
    return Condition(
        "price",
        residual,
        PRICE_TOLERANCE,
        "a security funded in repo costs a long more than its worst payoff"
        + " and brings a short less than its best" * programs.reuse
        + " (share of the spread of payoffs)",
        "the quotes",
    )
