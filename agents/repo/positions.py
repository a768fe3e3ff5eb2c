"""Positions of traders at posted quotes, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agents.cohort import in_given_order, rows_shown
from agents.repo.carried import Carried, balance_sheets
from agents.repo.multipliers import multipliers
from agents.repo.primitives import Primitives, Rows, pick
from agents.repo.sides import full_size
from markets.quote import FloatArray
from markets.repo.quotes import RepoQuotes
from markets.variable import Variable

ROUNDING = 1e-14
"""Cash below this share of what a trader turns over is rounding, and kept as zero."""


@dataclass(frozen=True, slots=True)
class RepoPositions:
    """Holdings of members, one row each.

    Attributes
    ----------
    cash
        x, cash kept.
    security
        y, negative when sold short.
    borrowed
        theta, securities borrowed in repo (cash lent).
    pledged
        psi, securities pledged in repo (cash borrowed).
    """

    cash: FloatArray
    security: FloatArray
    borrowed: FloatArray
    pledged: FloatArray


def shares(traders: Primitives, posted: RepoQuotes) -> tuple[FloatArray, FloatArray]:
    """Share of each member's wealth that goes long and that goes short, each (members,)."""
    return traders.filled(posted.long_rung), 1.0 - traders.filled(posted.short_rung)


def positions(
    traders: Primitives,
    posted: RepoQuotes,
    placed: float,
    rows: Rows = slice(None),
    parts: tuple[FloatArray, FloatArray] | None = None,
) -> RepoPositions:
    r"""Holdings of members at the posted quotes.

    Parameters
    ----------
    traders : Primitives
        The members as they stand at the posted price, see :meth:`Primitives.at`.
    posted : RepoQuotes
        The quotes.
    placed : float
        Share of the idle cash that the clearing house places in repo (zero unless the repo rate
        is): 0 leaves every trader with no more repo than its position needs, 1 with no cash at
        all; between them its repo is the mixture.
    rows : array of int or slice
        The members asked for.
    parts : pair of arrays, optional
        Long and short shares of those members; their own unless given.
    """
    if parts is None:
        long_shares, short_shares = shares(traders, posted)
        parts = long_shares[rows], short_shares[rows]
    bought = parts[0] * full_size(traders, posted, rows, long=True)[0]
    sold = parts[1] * full_size(traders, posted, rows, long=False)[0]
    price, loan = posted.price, 1.0 - posted.haircut
    wealth = traders.wealth(price, rows)
    security = bought - sold
    pledged, borrowed = bought, sold
    if placed > 0.0:
        spare = wealth - price * security
        # never more than is bought, though a loan next to nothing makes the quotient inexact
        most_pledged = np.minimum(np.maximum(-spare, 0.0) / (price * loan), bought)
        most_borrowed = np.maximum(spare, 0.0) / (price * (2.0 - loan))
        pledged = pledged + placed * (most_pledged - pledged)
        borrowed = borrowed + placed * (most_borrowed - borrowed)
    cash = (
        wealth
        - price * security
        - price * (borrowed - pledged)
        - posted.haircut * price * (borrowed + pledged)
    )
    turnover = wealth + price * (np.abs(security) + borrowed + pledged)
    cash = np.where(np.abs(cash) <= ROUNDING * turnover, 0.0, cash)
    return RepoPositions(cash, security, borrowed, pledged)


VARIABLES = (
    Variable("weight", "traders", "traders that the row stands for"),
    Variable("quantile_low", "share", "traders with lower beliefs, as a share of the cohort"),
    Variable("quantile_high", "share", "traders with beliefs no higher, as a share of the cohort"),
    Variable("belief", "probability", "belief in the low payoff"),
    Variable("endowed_cash", "cash", "cash owned at the start"),
    Variable("endowed_securities", "securities", "securities owned at the start"),
    Variable("income_up", "cash", "income at date 1 in state U, of the low payoff"),
    Variable("income_down", "cash", "income at date 1 in state D, of the high payoff"),
    Variable("haircut", "share of the price", "haircut charged"),
    Variable("cash", "cash", "cash kept"),
    Variable("security", "securities", "position: above zero long, below zero short"),
    Variable("repo_lending", "securities", "borrowed against cash lent (reverse repo)"),
    Variable("repo_borrowing", "securities", "pledged for cash borrowed (repo)"),
    Variable("first_cash", "cash", "cash owned at the first date"),
    Variable("first_securities", "securities", "securities owned at the first date"),
    Variable("closing_price", "cash per security", "price at which the last date closed"),
    Variable("wealth", "cash", "wealth at the posted price, once calls are settled"),
    Variable("profit_and_loss", "cash", "change of wealth since the close of the last date"),
    Variable("call", "cash", "margin that the position carried lacks"),
    Variable("status", "", "solvent, called, defaulted or closed out"),
    *(
        Variable(
            f"{name}_multiplier",
            f"cash at date 1 per {unit}",
            f"multiplier: expected cash at date 1 from relaxing {what} by one unit",
        )
        for name, unit, what in (
            ("budget", "unit of cash", "the budget"),
            ("box", "security", "the box constraint"),
            ("solvency_up", "unit of cash", "solvency in state U, of the low payoff"),
            ("solvency_down", "unit of cash", "solvency in state D, of the high payoff"),
            ("cash", "unit of cash", "that cash is not negative"),
            ("lending", "security", "that repo lending is not negative"),
            ("borrowing", "security", "that repo borrowing is not negative"),
        )
    ),
)
"""Columns of :func:`table`, beside those that tell members apart."""


def closed(traders: Primitives, posted: RepoQuotes, placed: float) -> Carried:
    """What members carry from a date that closes at the posted quotes.

    Slices of a continuum are cut at the marginal traders, so that nobody's gains are netted with
    another's losses.
    """
    there, edges = traders.at(posted.price), traders.edges
    rows, parts, ratio = np.arange(there.rows), None, np.ones(there.rows)
    if traders.population == "continuum":
        splits = [there.above(posted.long_rung), there.above(posted.short_rung)]
        old = np.arange(traders.members + 1.0) if edges is None else edges
        edges = np.union1d(old, splits)
        middle = 0.5 * (edges[:-1] + edges[1:])
        parts = (middle < splits[0]).astype(np.float64), (middle > splits[1]).astype(np.float64)
        rows = there.row_of(edges[:-1])
        ratio = np.diff(edges) / there.mass(rows)
    wealth = there.wealth(posted.price, rows) * ratio
    security = positions(there, posted, placed, rows, parts).security * ratio
    return Carried(posted.price, wealth, security, edges)


def table(
    name: str,
    traders: Primitives,
    posted: RepoQuotes,
    placed: float,
    limit: int | None,
    *,
    linked: bool = False,
) -> pd.DataFrame:
    """Primitives, holdings and multipliers, one row per member.

    Members with names are shown in the order in which they were given, others by rising belief.
    A slice of a continuum in which some are long and others are not is shown as one row each, with
    the mean belief of that part and its ``weight`` in traders.

    Parameters
    ----------
    name : str
        Name of the cohort.
    traders, posted, placed
        As in :func:`positions`.
    limit : int, optional
        Show only about this many rows, evenly spread, with all around the marginal traders.
    linked : bool
        Whether dates are linked: then with the columns of
        :func:`agents.repo.carried.balance_sheets`.
    """
    first, traders = traders, traders.at(posted.price)
    members, beliefs = traders.members, traders.beliefs
    splits = [traders.above(posted.long_rung), traders.above(posted.short_rung)]
    rows = rows_shown(members, limit, splits)
    if traders.population == "continuum":
        low = np.union1d(rows.astype(np.float64), [s for s in splits if int(s) in rows])
        if traders.edges is not None:
            low = np.union1d(low, traders.edges[np.isin(traders.edges.astype(np.int64), rows)])
        low = low[low < members]
        high = np.minimum(np.append(low[1:], members), np.floor(low) + 1.0)
        rows = low.astype(np.int64)
        middle = 0.5 * (low + high)
        parts = (middle < splits[0]).astype(np.float64), (middle > splits[1]).astype(np.float64)
        held = positions(traders, posted, placed, traders.row_of(low), parts)
        knots = np.union1d(low, high) / members
        belief = beliefs.means(knots)[np.searchsorted(knots, low / members)]
    else:
        if traders.given is not None:
            rows = rows[np.argsort(traders.given[rows])]
        low, high = rows.astype(np.float64), rows + 1.0
        held = positions(traders, posted, placed, rows)
        belief = beliefs.members(members)[rows]

    def each(field: FloatArray) -> FloatArray:
        return np.broadcast_to(pick(field, rows), rows.size)

    own = traders.row_of(low)
    mass = traders.mass(own)
    endowments = {"cash": each(first.cash), "securities": each(first.securities)}
    balances = {}
    if linked:
        closing, brought = np.nan, None
        if first.carried is not None:
            closing, brought = first.carried.price, first.carried.each(own, mass)
        wealth = np.broadcast_to(traders.wealth(posted.price, own) / mass, own.size)
        balances = balance_sheets(endowments, closing, brought, wealth, posted)
        if brought is not None:
            endowments = {"cash": brought[0] - closing * brought[1], "securities": brought[1]}
    shown = pd.DataFrame(
        {
            "cohort": name,
            "member": rows,
            "weight": high - low,
            "quantile_low": low / members,
            "quantile_high": high / members,
            "belief": belief,
            **{f"endowed_{name}": field for name, field in endowments.items()},
            "income_up": each(first.income_up),
            "income_down": each(first.income_down),
            "haircut": posted.haircut,
            "cash": held.cash / mass,
            "security": held.security / mass,
            "repo_lending": held.borrowed / mass,
            "repo_borrowing": held.pledged / mass,
            **balances,
            **multipliers(traders, posted, own, belief),
        }
    )
    if traders.names is None or traders.given is None:
        return shown
    return in_given_order(shown, traders.names, traders.given[rows])
