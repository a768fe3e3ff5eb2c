r"""The equilibrium of a continuum that rounds of trembling traders approach.

Rounds tell which ventures are used. On the line of beliefs in good news each venture's return is a
straight line; ventures that pay in one proportion are a *group*, and who holds what is a matter of
where the groups' returns cross. With w the wealth of a trader and F the distribution of beliefs,
group g has the wealth :math:`w\,(F(h_g) - F(h_{g-1}))`. Unknown are the prices of the asset and of
traded promises, and how a group's wealth is split; there is one equation for each market, and one
for each further venture of a group (its price per payoff is that of the first).

Promises that nobody trades are quoted as in the last round, or at the nearer end of the interval at
which nobody wants to trade them. What comes out is checked: every split is positive, groups are in
order, and no other venture returns more to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import root

from agents.beliefs import Beliefs
from markets.quote import BoolArray, FloatArray
from scenarios.promises.program import Promise
from scenarios.promises.refined import held_units, positions, ventures
from simulator.point import RestingPoint

USED: Final = 1e-3
"""Share of all wealth that most likely parts ventures that are used from others, in which trembles
leave about 10^-4; sets nearest to this one are tried first."""

LEAST: Final = 1e-15
"""Volume, as a share of all wealth, of a venture that nobody has put anything into."""

SOLVED: Final = 1e-11
"""Largest equation left, as shares."""

ROUNDING: Final = 1e-11
"""Relative return by which another venture may seem better."""

SAME_TILT: Final = 1e-12
"""Difference of two payoffs' shares after good news below which they are one proportion."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the continuum and its ventures; K ventures, J promises.

    Attributes
    ----------
    beliefs : Beliefs
        Distribution of beliefs in good news.
    members, cash, asset : float
        Mass of traders, and what each owns.
    units : array (K, 2 + J)
        Cash, assets and promises of one unit of a venture.
    payoff : array (K, 2)
        Of one unit after good and after bad news.
    """

    beliefs: Beliefs
    members: float
    cash: float
    asset: float
    units: FloatArray
    payoff: FloatArray

    @property
    def tilt(self) -> FloatArray:
        """Share of a payoff that comes after good news, (K,)."""
        return np.asarray(self.payoff[:, 0] / self.payoff.sum(axis=1))


@dataclass(frozen=True, slots=True)
class Solution:
    """Prices (2 + J,), ends of the groups' stretches (G + 1,), and each group's split (G, K)."""

    prices: FloatArray
    ends: FloatArray
    split: FloatArray


def refined_line(
    point: RestingPoint,
    *,
    payoff: FloatArray,
    promises: Sequence[Promise],
    beliefs: Beliefs,
) -> RestingPoint:
    """The resting point without trembles; the given one where no set of used ventures fits.

    Parameters
    ----------
    point : RestingPoint
        Where the rounds ended.
    payoff : array (2,)
        Of the asset after good and bad news.
    promises : sequence of Promise
        What may be traded, in the order of the menu.
    beliefs : Beliefs
        Distribution of beliefs.
    """
    agents, names = point.agents, [promise.name for promise in promises]
    units, worths = ventures(payoff, promises, now=False, storable=True)
    weight = agents["weight"].to_numpy(float)
    line = Line(
        beliefs, float(weight.sum()), float(agents["endowed_cash"].iloc[0]),
        float(agents["endowed_asset"].iloc[0]), units, worths[:, 1:],
    )  # fmt: skip
    quoted = ["asset_price", *(f"price_{n}" for n in names)]
    prices = np.array([1.0, *(point.quotes[name] for name in quoted)])
    if not (np.isfinite(prices).all() and (prices > 0.0).all()):
        return point
    volume = weight @ held_units(agents, names, units, now=False) * (units @ prices)
    volume = np.maximum(volume / volume.sum(), LEAST)
    found = None
    for used in _candidates(volume):
        found = solved(line, prices, volume, used)
        if found is not None:
            break
    if found is None:
        return point
    quotes = dict(zip(quoted, found.prices[1:].tolist(), strict=True))
    return replace(
        point,
        quotes=quotes,
        agents=_table(point, line, found, names),
        proof={"quotes": quotes, "ends of stretches": found.ends.tolist()},
    )


def _candidates(volume: FloatArray) -> list[BoolArray]:
    """Sets of ventures that may be the used ones: those of the largest volumes, however many."""
    ranked = np.sort(volume)[::-1]
    least = np.sqrt(ranked * np.append(ranked[1:], ranked[-1] ** 2))
    nearest = np.argsort(np.abs(np.log(least / USED)), kind="stable")
    return [volume >= cut for cut in least[nearest].tolist()]


def solved(line: Line, prices: FloatArray, volume: FloatArray, used: BoolArray) -> Solution | None:
    """Solve with some ventures used, from prices and volumes nearby; None if that does not fit."""
    count = prices.size - 2
    first = len(line.units) - 1 - 2 * count
    traded = used[first : first + count] & used[first + count : first + 2 * count]
    used = used.copy()
    used[first : first + count] = traded
    used[first + count : first + 2 * count] = traded
    groups = _groups(line, used)
    if not groups:
        return None
    free = np.flatnonzero(np.concatenate([[False, True], traded]))
    supply = np.concatenate([[line.members * line.asset], np.zeros(int(traded.sum()))])
    parts = [volume[g] / volume[g].sum() for g in groups]
    start = np.concatenate([np.log(prices[free]), *(part[1:] for part in parts)])

    def unpack(x: FloatArray) -> Solution:
        quotes = prices.copy()
        quotes[free] = np.exp(x[: free.size])
        split, place = np.zeros((len(groups), len(used))), free.size
        for row, group in zip(split, groups, strict=True):
            rest = x[place : place + len(group) - 1]
            row[group] = np.concatenate([[1.0 - rest.sum()], rest])
            place += len(group) - 1
        return Solution(quotes, _ends(line, quotes, groups), split)

    def missed(x: FloatArray) -> FloatArray:
        one = unpack(x)
        cost = line.units @ one.prices
        per = cost / line.payoff.sum(axis=1)
        ties = [per[g[1:]] / per[g[0]] - 1.0 for g in groups]
        wealth = line.members * (line.cash + one.prices[1] * line.asset)
        below = line.beliefs.below(one.ends)
        spent = wealth * np.diff(below) @ one.split
        excess = (line.units.T @ (spent / cost))[free] - supply
        return np.concatenate([*ties, excess * one.prices[free] / wealth])

    with np.errstate(all="ignore"):
        answer = root(missed, start, tol=1e-14)
        if not (np.isfinite(answer.x).all() and np.max(np.abs(missed(answer.x))) <= SOLVED):
            return None
    found = unpack(answer.x)
    fits = np.all(np.diff(found.ends) > 0.0) and np.all(found.split >= 0.0)
    return _untraded(line, found, traded) if fits else None


def _groups(line: Line, used: BoolArray) -> list[list[int]]:
    """Used ventures that pay in one proportion, the pessimists' groups first."""
    groups: list[list[int]] = []
    order = np.flatnonzero(used)
    for k in order[np.argsort(line.tilt[order], kind="stable")].tolist():
        if groups and line.tilt[k] - line.tilt[groups[-1][0]] <= SAME_TILT:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _ends(line: Line, prices: FloatArray, groups: list[list[int]]) -> FloatArray:
    """Beliefs at which neighbouring groups return the same, with 0 and 1 at the ends."""
    good, bad = (line.payoff / (line.units @ prices)[:, None]).T
    ends = [0.0]
    for low, high in pairwise(groups):
        k, m = low[0], high[0]
        fall, rise = bad[k] - bad[m], good[m] - good[k]
        ends.append(fall / (fall + rise))
    return np.array([*ends, 1.0])


def _untraded(line: Line, found: Solution, traded: BoolArray) -> Solution | None:
    """With promises that nobody trades inside their intervals; None if an interval is empty."""
    count = traded.size
    first = len(line.units) - 1 - 2 * count
    prices, cost = found.prices.copy(), line.units @ found.prices
    chances = np.column_stack([found.ends, 1.0 - found.ends])
    representative = [int(np.flatnonzero(row)[0]) for row in found.split]
    value = chances @ line.payoff.T
    best = np.max(value[:, representative] / cost[representative], axis=1)
    quoted = np.ones(len(line.units), dtype=np.bool_)
    for j in np.flatnonzero(~traded).tolist():
        bought, sold = first + j, first + count + j
        quoted[[bought, sold]] = False
        lowest = float(np.max(value[:, bought] / best))
        highest = float(line.units[sold, :2] @ prices[:2] - np.max(value[:, sold] / best))
        if lowest > highest * (1.0 + ROUNDING):
            return None
        prices[2 + j] = min(max(prices[2 + j], lowest), max(lowest, highest))
    if np.any(value[:, quoted] / cost[quoted] > best[:, None] * (1.0 + ROUNDING)):
        return None
    return replace(found, prices=prices)


def _table(point: RestingPoint, line: Line, found: Solution, names: list[str]) -> pd.DataFrame:
    """One row per stretch of the line."""
    ends, beliefs = found.ends, line.beliefs
    below = beliefs.below(ends)
    table = pd.DataFrame(
        {
            "case": point.case,
            "date": point.date,
            "cohort": str(point.agents["cohort"].iloc[0]),
            "member": np.arange(len(found.split)),
            "weight": line.members * np.diff(below),
            "belief": beliefs.means(below),
            "belief_low": ends[:-1],
            "belief_high": ends[1:],
            "endowed_cash": line.cash,
            "endowed_asset": line.asset,
        }
    )
    wealth = line.cash + found.prices[1] * line.asset
    held = wealth * found.split / (line.units @ found.prices)
    return positions(table, names, line.units, held, now=False)
