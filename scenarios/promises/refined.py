r"""The equilibrium that rounds of trembling traders approach.

Rounds rest where every trader still keeps a little of every venture. From there this module goes on
to no tremble at all, by Newton's method on the conditions of equilibrium themselves (a primal-dual
path): with :math:`S_{ik}` the share of wealth that trader i has in venture k, at returns
:math:`\rho_{ik} = r_{ik} / c_k(p, q)`,

.. math:: S_{ik} (1 - \theta_i \rho_{ik}) = \mu, \qquad \sum_k S_{ik} = 1, \qquad
          \sum_i w_i(p) S_{ik} z_{kn} / c_k(p, q) = \text{supply}_n ,

and :math:`\mu \to 0`. It starts from the quotes and positions of the last round. What it arrives at
is data: quotes, positions and each trader's shadow return :math:`1/\theta_i`, which the certificate
checks against linear programs. It shares no code with the traders.

Of many traders thousands change from one venture to another while the last trembles die away, and
promises that nobody trades in the end hold up every step. Sets of traded promises, as the volumes
suggest, are then tried first without the others, which are priced afterwards: at most what an
issuer asks, at least what a buyer pays. Where these cross, the set is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from markets.quote import BoolArray, FloatArray
from scenarios.promises.program import Promise
from simulator.point import RestingPoint

GAP: Final = 2e-13
"""Largest share of a trader's wealth times its shortfall in return, at the end."""

CLEARED: Final = 1e-12
"""Largest excess demand at the end, as a share of all wealth."""

DUST: Final = 1e-11
"""Share of a trader's wealth in a venture below which it is put into the trader's largest one."""

LEAST: Final = 1e-18
"""Least shortfall in return, so that rounding can't make it none."""

STEPS: Final = 200
"""Newton steps before this gives up; twenty are usual."""

FEW: Final = 2_000
"""Traders up to whom all promises are tried together first."""

TRIED: Final = 3
"""Sets of traded promises that are tried."""

ROUNDING: Final = 1e-11
"""Share by which the price that buyers pay for a promise may exceed what issuers ask."""

SHORT_OF: Final = 0.95
"""Share of the way to zero that a step goes at most."""


@dataclass(frozen=True, slots=True)
class Primitives:
    """Traders and what they can hold; N traders, K ventures, J promises.

    Attributes
    ----------
    value : array (N, K)
        Expected consumption from one unit of each venture.
    units : array (K, 2 + J)
        Cash, assets and promises of one unit of each venture.
    cash, asset : array (N,)
        Endowments.
    """

    value: FloatArray
    units: FloatArray
    cash: FloatArray
    asset: FloatArray


def ventures(
    payoff: FloatArray, promises: Sequence[Promise], *, now: bool, storable: bool
) -> tuple[FloatArray, FloatArray]:
    """Units (K, 2 + J), and consumption now and in every state (K, 1 + S), of every venture.

    In this order: consumption now, cash stored, promises bought, promises issued, the asset.
    """
    states, count = payoff.size, len(promises)
    owed = np.array([p.owed for p in promises]).reshape(count, states)
    backing = np.array([(p.pledged_cash, p.pledged_asset) for p in promises]).reshape(count, 2)
    worth = backing @ np.stack([np.ones(states), payoff])
    delivered = np.minimum(owed, worth)
    one = np.eye(count)
    cash = np.concatenate([[1.0], np.zeros(1 + count)])
    later = np.vstack([np.ones(states), delivered, worth - delivered, payoff])
    units = np.vstack([
        cash, np.column_stack([np.zeros((count, 2)), one]), np.column_stack([backing, -one]),
        np.concatenate([[0.0, 1.0], np.zeros(count)]),
    ])  # fmt: skip
    worths = np.column_stack([np.zeros(len(later)), later])
    if not storable:
        units, worths = units[1:], worths[1:]
    if now:
        units = np.vstack([cash, units])
        worths = np.vstack([np.concatenate([[1.0], np.zeros(states)]), worths])
    return units, worths


def refined(
    point: RestingPoint,
    *,
    payoff: FloatArray,
    promises: Sequence[Promise],
    weights: FloatArray,
    storable: bool = True,
) -> RestingPoint:
    """The resting point without trembles; the given one where Newton's method does not get there.

    Parameters
    ----------
    point : RestingPoint
        Where the rounds ended, every trader in a row of its own.
    payoff : array (S,)
        Of the asset.
    promises : sequence of Promise
        What may be traded, in the order of the quotes.
    weights : array (rows, 1 + S)
        Expected utility of consumption now and in every state.
    """
    agents, names = point.agents, [promise.name for promise in promises]
    now = bool((weights[:, 0] > 0.0).any())
    units, worths = ventures(payoff, promises, now=now, storable=storable)
    prices = np.array([point.quotes["asset_price"], *(point.quotes[f"price_{n}"] for n in names)])
    own_cash, own_asset = (agents[f"endowed_{n}"].to_numpy(float) for n in ("cash", "asset"))
    rich = own_cash + prices[0] * own_asset > 0.0
    if not (point.complete and np.isfinite(prices).all() and (prices > 0.0).all()):
        return point
    held = held_units(agents, names, units, now=now)
    cost = units @ np.concatenate([[1.0], prices])
    if not (cost > 0.0).all():
        return point
    traders = Primitives(weights[rich] @ worths.T, units, own_cash[rich], own_asset[rich])
    spent = (held * cost)[rich]
    found = None
    for traded in _candidates(spent, len(names)):
        found = _settled(traders, prices, spent, traded)
        if found is not None:
            break
    if found is None:
        return point
    prices, shares, returns = found
    cost = units @ np.concatenate([[1.0], prices])
    settled = np.zeros_like(held)
    settled[rich] = (own_cash + prices[0] * own_asset)[rich, None] * _without_dust(shares) / cost
    quotes = dict(
        zip(["asset_price", *(f"price_{n}" for n in names)], prices.tolist(), strict=True)
    )
    shadow = np.zeros(len(agents))
    shadow[rich] = returns
    return replace(
        point,
        quotes=quotes,
        agents=positions(agents, names, units, settled, now=now),
        proof={"quotes": quotes, "returns": shadow.tolist()},
    )


def held_units(
    agents: pd.DataFrame, names: list[str], units: FloatArray, *, now: bool
) -> FloatArray:
    """Units of every venture that the table of positions amounts to, (rows, K)."""
    bought, sold = (
        agents[[f"{way}_{n}" for n in names]].to_numpy(float) for way in ("bought", "sold")
    )
    pledged = sold @ units[len(units) - 1 - len(names) : -1, :2]
    idle, outright = (agents[["cash", "asset"]].to_numpy(float) - pledged).T
    consumed = [agents["consumed"].to_numpy(float)] if now else []
    stored = [idle] if len(units) - len(consumed) - 2 * len(names) == 2 else []
    return np.column_stack([*consumed, *stored, bought, sold, outright])


def positions(
    agents: pd.DataFrame, names: list[str], units: FloatArray, held: FloatArray, *, now: bool
) -> pd.DataFrame:
    """The table with other positions."""
    count, table = len(names), agents.copy()
    first = len(units) - 1 - 2 * count
    consumed = held[:, 0] if now else 0.0
    if "consumed" in table:
        table["consumed"] = consumed
    table["cash"] = held @ units[:, 0] - consumed
    table["asset"] = held @ units[:, 1]
    for j, name in enumerate(names):
        table[f"bought_{name}"] = held[:, first + j]
        table[f"sold_{name}"] = held[:, first + count + j]
    return table


def _without_dust(shares: FloatArray) -> FloatArray:
    """Shares with specks removed; every row still adds up to 1."""
    clean = np.where(shares < DUST, 0.0, shares)
    largest = np.argmax(clean, axis=1)
    rows = np.arange(len(clean))
    clean[rows, largest] += 1.0 - clean.sum(axis=1)
    return clean


def _candidates(spent: FloatArray, count: int) -> list[BoolArray]:
    """Sets of promises that may be the traded ones, each of shape (J,): all, and the largest.

    Volumes fall most from the smallest that is traded to what trembles leave of the others.
    """
    everything = [np.ones(count, dtype=np.bool_)]
    if count < 2:
        return everything
    first = spent.shape[1] - 1 - 2 * count
    volume = np.sum(spent[:, first : first + count], axis=0) + LEAST
    ranked = np.sort(volume)[::-1]
    steepest = np.argsort(ranked[1:] / ranked[:-1], kind="stable")[:TRIED]
    fewer = [volume >= ranked[k] for k in steepest.tolist()]
    return [*everything, *fewer] if len(spent) <= FEW else [*fewer, *everything]


def _settled(
    traders: Primitives, prices: FloatArray, spent: FloatArray, traded: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Quotes (1 + J,), shares (N, K) and returns (N,) where only some promises are traded.

    None if that is not reached, or somebody would trade another promise at any price of it.
    """
    count, value, units = traded.size, traders.value, traders.units
    first = len(units) - 1 - 2 * count
    kept = np.concatenate([np.ones(first, dtype=np.bool_), traded, traded, [True]])
    own = np.concatenate([[True], traded])
    inner = replace(traders, value=value[:, kept], units=units[kept][:, np.append(True, own)])
    found = _newton(inner, prices[own], spent[:, kept])
    if found is None:
        return None
    quotes, shares, returns = prices.copy(), np.zeros_like(spent), found[2]
    quotes[own], shares[:, kept] = found[:2]
    for j in np.flatnonzero(~traded).tolist():
        bought, sold = first + j, first + count + j
        paid = float(np.max(value[:, bought] / returns))
        backing = float(units[sold, :2] @ [1.0, quotes[0]])
        asked = backing - float(np.max(value[:, sold] / returns))
        if paid > asked * (1.0 + ROUNDING):
            return None
        quotes[1 + j] = min(max(quotes[1 + j], paid), max(asked, paid))
    return quotes, shares, returns


def _newton(
    traders: Primitives, prices: FloatArray, spent: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Quotes (1 + J,), shares of wealth (N, K) and returns (N,) at the end; None if not reached."""
    value, units = traders.value, traders.units
    priced = units[:, 1:]
    supply = np.concatenate([[traders.asset.sum()], np.zeros(prices.size - 1)])
    shares = np.maximum(spent, 0.0) + LEAST
    shares /= shares.sum(axis=1, keepdims=True)
    cost = units @ np.concatenate([[1.0], prices])
    best = np.max(value / cost, axis=1)
    # a multiplier at which shares times shortfalls add up to a few times the trembles
    lag = np.sum(shares * (best[:, None] - value / cost), axis=1) / best
    theta = (1.0 - np.minimum(lag + 1e-6, 0.5)) / best
    centring = 0.3
    for _ in range(STEPS):
        wealth = traders.cash + prices[0] * traders.asset
        cost = units @ np.concatenate([[1.0], prices])
        returns = value / cost
        short = np.maximum(1.0 - theta[:, None] * returns, LEAST)
        spending = wealth @ shares
        excess = priced.T @ (spending / cost) - supply
        off = float(np.max(np.abs(excess * prices))) / wealth.sum()
        if off <= CLEARED and float(np.max(shares * short)) <= GAP:
            return prices, shares, 1.0 / theta
        target = centring * float(np.mean(shares * short))
        weight = shares / short * returns
        whole = weight.sum(axis=1)
        own = target / short - shares
        own += weight * (((1.0 - shares.sum(axis=1)) - own.sum(axis=1)) / whole)[:, None]
        scale = wealth * theta
        by_cost = weight.T @ (weight * (scale / whole)[:, None]) - np.diag(scale @ weight)
        slope = by_cost @ (priced / cost[:, None])
        slope[:, 0] += traders.asset @ shares
        slope = priced.T @ (slope / cost[:, None] - (spending / cost**2)[:, None] * priced)
        wanted = -excess - priced.T @ ((wealth @ own) / cost)
        if not (np.isfinite(slope).all() and np.isfinite(wanted).all()):
            return None
        move = (
            prices
            * np.linalg.lstsq(slope * np.outer(prices, prices), wanted * prices, rcond=1e-15)[0]
        )
        dearer = priced @ move / cost
        pull = (weight @ dearer) / whole
        change = own - theta[:, None] * weight * (dearer[None, :] - pull[:, None])
        turn = ((1.0 - shares.sum(axis=1)) - (target / short - shares).sum(axis=1)) / whole
        turn = turn + theta * pull
        length = min(_room(shares, change), _room(cost, cost * dearer))
        moved = _inside(traders, prices, theta, move, turn, short, length)
        if moved is None:
            return None
        length, prices, theta = moved
        shares = shares + length * change
        centring = min(max((1.0 - length) ** 2, 0.05), 0.8)
    return None


def _room(level: FloatArray, change: FloatArray) -> float:
    """Largest step, at most 1, that leaves a positive level positive."""
    falls = change < 0.0
    return min(1.0, SHORT_OF * float(np.min(-level[falls] / change[falls], initial=np.inf)))


def _inside(
    traders: Primitives,
    prices: FloatArray,
    theta: FloatArray,
    move: FloatArray,
    turn: FloatArray,
    short: FloatArray,
    length: float,
) -> tuple[float, FloatArray, FloatArray] | None:
    """The step, shortened until no return exceeds the shadow return; None if it vanishes."""
    while length > 1e-12:
        quotes = prices + length * move
        multiplier = theta + length * turn
        cost = traders.units @ np.concatenate([[1.0], quotes])
        if (cost > 0.0).all():
            left = 1.0 - multiplier[:, None] * traders.value / cost
            if (left > 0.0).all() and (left > (1.0 - SHORT_OF) * (1.0 - length) * short).all():
                return length, quotes, multiplier
        length *= 0.8
    return None
