"""Orders of one side of a cohort, the longs or the shorts, and how they respond to quotes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.repo.order_sums import Summing
from agents.repo.primitives import Primitives, Rows, pick
from markets.ladder import Rung
from markets.quote import FloatArray
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes

SAMPLED = 64
"""Members whose orders stand for all those waiting in a band of the ladder."""

LEAST_LOSS = 1e-12
"""Share of the spread of payoffs that a security loses at least where it goes against a trader, so
that positions stay finite at a price equal to a payoff."""


@dataclass(frozen=True, slots=True)
class Side:
    """Total orders of one side, their derivatives, and what waits in the band of the ladder."""

    total: float
    by_price: float
    by_funded_price: float
    by_haircut: float
    in_band: float


def orders(traders: Primitives, posted: RepoQuotes, summing: Summing) -> RepoBook:
    """Best response of all members to the posted quotes, as totals.

    Longs are a prefix and shorts a suffix of the rows; sizes are added up block by block.
    """
    traders = traders.at(posted.price)
    longs = side(traders, posted, summing, long=True)
    shorts = side(traders, posted, summing, long=False)
    wealth = traders.total_wealth(posted.price)
    margin = posted.haircut * posted.price * (longs.total + shorts.total)
    return RepoBook(
        longs=longs.total,
        longs_by_price=longs.by_price,
        longs_by_long_price=longs.by_funded_price,
        longs_by_haircut=longs.by_haircut,
        longs_in_band=longs.in_band,
        shorts=shorts.total,
        shorts_by_price=shorts.by_price,
        shorts_by_short_price=shorts.by_funded_price,
        shorts_by_haircut=shorts.by_haircut,
        shorts_in_band=shorts.in_band,
        idle_cash=wealth - margin,
        cash=traders.total_cash,
        supply=traders.supply,
    )


def side(traders: Primitives, posted: RepoQuotes, summing: Summing, *, long: bool) -> Side:
    """Orders of the longs (the first rows) or of the shorts (the last)."""
    if not (long or posted.reuse):
        return Side(0.0, 0.0, 0.0, 0.0, 0.0)
    rung, band = (
        (posted.long_rung, posted.long_band) if long else (posted.short_rung, posted.short_band)
    )
    if traders.alike:
        count = traders.above(rung) if long else traders.members - traders.above(rung)
        each = [float(part[0]) for part in full_size(traders, posted, slice(0, 1), long=long)]
        total, by_price, by_funded, by_haircut = (count * part for part in each)
        in_band = each[0] * max(traders.above(band.below) - traders.above(band.above), 0.0)
    else:
        total, by_price, by_funded, by_haircut = _sum_side(
            traders, posted, summing, rung, long=long
        )
        above, below = traders.above(band.above), traders.above(band.below)
        in_band = _waiting(traders, posted, above, below, long=long)
    return Side(total, by_price, by_funded, by_haircut, in_band)


def full_size(
    traders: Primitives, posted: RepoQuotes, rows: Rows, *, long: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Full order of the chosen rows; its derivatives by price, funded price and haircut.

    Steps: wealth; what margin allows; what solvency allows; the smaller of the two. Nobody is
    short where collateral is not reused. Members are taken as they stand at the posted price.
    """
    price, haircut = posted.price, posted.haircut
    securities = pick(traders.securities, rows)
    cash = pick(traders.cash, rows) - traders.counted_at * securities
    income = pick(traders.income_up if long else traders.income_down, rows)
    loss = _loss(posted, long=long)
    wealth = traders.wealth(price, rows)
    by_solvency = (income + wealth) / loss
    solvency_by_price = securities / loss
    solvency_by_funded = by_solvency / (-loss if long else loss)
    if not posted.margined:
        size, by_price, by_funded = by_solvency, solvency_by_price, solvency_by_funded
        by_haircut = np.zeros_like(size)
    else:
        by_margin = wealth / (price * haircut)
        solvent = by_solvency < by_margin
        size = np.minimum(by_margin, by_solvency)
        by_price = np.where(solvent, solvency_by_price, -cash / (price * price * haircut))
        by_funded = np.where(solvent, solvency_by_funded, 0.0)
        by_haircut = np.where(solvent, 0.0, -by_margin / haircut)
    if not (long or posted.reuse):
        nothing = np.zeros(size.size)
        return nothing, nothing, nothing, nothing
    return (
        size,
        np.broadcast_to(by_price, size.size),
        np.broadcast_to(by_funded, size.size),
        np.broadcast_to(by_haircut, size.size),
    )


def _sum_side(
    traders: Primitives, posted: RepoQuotes, summing: Summing, rung: Rung, *, long: bool
) -> tuple[float, float, float, float]:
    """Sums of the orders of one side and of their derivatives.

    All rows beyond the rung count in full, those on it with the share that is filled.
    """
    above, upto = traders.edge(rung)
    first, last = (0, above) if long else (upto, traders.rows)
    sums = _sum_rows(traders, posted, summing, first, last, long=long)
    if above < upto:
        ends = (above, upto) if traders.edges is None else traders.edges[[above, upto]]
        filled = (traders.above(rung) - ends[0]) / (ends[1] - ends[0])
        part = filled if long else 1.0 - filled
        sums += part * _sum_rows(traders, posted, summing, above, upto, long=long)
    return float(sums[0]), float(sums[1]), float(sums[2]), float(sums[3])


def _sum_rows(
    traders: Primitives, posted: RepoQuotes, summing: Summing, first: int, last: int, *, long: bool
) -> FloatArray:
    """Sums of :func:`full_size` over the rows from ``first`` to before ``last``."""
    price, haircut, loss = posted.price, posted.haircut, _loss(posted, long=long)
    fields = (traders.cash, traders.securities, traders.income_up if long else traders.income_down)
    cash, securities, income = (
        np.broadcast_to(field, traders.rows)[first:last] for field in fields
    )
    sums = summing(
        cash,
        securities,
        income,
        price - traders.counted_at,
        1.0 / (price * haircut) if posted.margined else np.inf,
        1.0 / loss,
    )
    by_price, by_haircut = sums.solvent_securities / loss, 0.0
    if posted.margined:
        margined = sums.margined_cash
        if traders.counted_at > 0.0:
            held = float(np.add.reduce(securities)) - sums.solvent_securities
            margined -= traders.counted_at * held
        by_price -= margined / (price * price * haircut)
        by_haircut = (sums.solvent_orders - sums.total) / haircut
    by_funded = sums.solvent_orders / (-loss if long else loss)
    return np.array([sums.total, by_price, by_funded, by_haircut])


def _waiting(
    traders: Primitives, posted: RepoQuotes, start: float, stop: float, *, long: bool
) -> float:
    """Orders of the members between two places on the ladder."""
    count = stop - start
    if count <= 0.0:
        return 0.0
    if traders.edges is not None:
        start, stop = traders.edges.searchsorted([start, stop], side="right") - 1
    first, last = int(start), min(max(int(np.ceil(stop)), int(start) + 1), traders.rows)
    first = min(first, last - 1)
    rows: Rows = slice(first, last)
    if last - first > SAMPLED:
        rows = np.linspace(first, last - 1, SAMPLED).astype(np.int64)
    size = full_size(traders, posted, rows, long=long)[0]
    return count * float(np.mean(size) / np.mean(traders.mass(rows)))


def _loss(posted: RepoQuotes, *, long: bool) -> float:
    """What a security loses a long, or a short, in the state it does not expect."""
    low, high = posted.security.low_payoff, posted.security.high_payoff
    loss = posted.long_price - low if long else high - posted.short_price
    return max(loss, LEAST_LOSS * (high - low))
