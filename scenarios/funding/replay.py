"""Margin rules replayed on given prices: what each would have charged, and how it did.

The prices are what they are; no margin moves them. (In the market of ``margin-procyclicality`` the
margin moves the price that it reads.) A rule that charges more looks calmer and is breached less;
so rules are also compared *at the same average margin*: each path of haircuts is multiplied by a
constant so that its mean is that of the first rule.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from markets.margin import MarginRule, PostedMargin
from markets.margin.historical import HistoricalRule
from markets.quote import FloatArray
from scenarios.funding.backtest import backtest, losses_of
from scenarios.funding.measures import largest_increase, peak_to_trough

POSITIONS = {"long": 1.0, "short": -1.0}
"""Sign of the position that a rule is told of, where it covers one side."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A rule on one series of prices, from the date on at which the comparison begins.

    Attributes
    ----------
    haircuts : array of shape (dates,)
        What it would have charged.
    losses : array of shape (dates,)
        Loss over its margin period of risk from each date, on the side that it covers; NaN where
        the period has not passed. A share of the price, as haircuts are.
    horizon : int
        Dates of the margin period of risk.
    covered : float
        Share of periods that the margin is to cover; NaN of a rule that promises none.
    """

    haircuts: FloatArray
    losses: FloatArray
    horizon: int
    covered: float

    def rescaled(self, average: float) -> Replayed:
        """The same with all haircuts multiplied so that their mean is this."""
        mean = float(self.haircuts.mean())
        factor = average / mean if mean > 0.0 else 1.0
        return Replayed(factor * self.haircuts, self.losses, self.horizon, self.covered)

    def measures(self, days: int) -> dict[str, float]:
        """How the rule did, by name.

        ``average_margin`` (share of the price), ``peak_to_trough`` (largest margin over the
        smallest), ``largest_N_day_increase`` (share of the price), then those of
        :class:`scenarios.funding.backtest.Backtest`.
        """
        tested = backtest(self.haircuts, self.losses, self.covered, self.horizon)
        positive = float(self.haircuts.min()) > 0.0
        return {
            "average_margin": float(self.haircuts.mean()),
            "peak_to_trough": peak_to_trough(self.haircuts) if positive else np.nan,
            f"largest_{days}_day_increase": largest_increase(self.haircuts, days),
            **{field: getattr(tested, field) for field in tested.__slots__},
        }


class Promise(NamedTuple):
    """What the margin of a rule is to cover; a rule says so by attributes of these names.

    Attributes
    ----------
    horizon : int
        Margin period of risk, dates; 1 unless the rule says.
    side : str
        Whose losses, "long", "short" or those of "both" sides; long unless the rule says.
    covered : float
        Share of periods whose loss on one side it is to cover; NaN unless the rule says.
    """

    horizon: int
    side: str
    covered: float


def promise(rule: MarginRule) -> Promise:
    """What the margin of a rule is to cover."""
    side = getattr(rule, "side", "long")
    return Promise(
        math.ceil(getattr(rule, "horizon", 1)),
        "both" if side == "position" else side,  # of no position in particular
        getattr(rule, "covered", math.nan),
    )


def replay(rule: MarginRule, prices: FloatArray, skip: int) -> Replayed:
    """A rule on a series of prices: asked at the close of each date.

    Parameters
    ----------
    rule : MarginRule
        The rule.
    prices : array of shape (dates,)
        The prices.
    skip : int
        Dates at the beginning that are left out of the comparison, for rules to learn from.

    Raises
    ------
    Infeasible
        If the rule fails, or its answer is no haircut.
    """
    horizon, side, covered = promise(rule)
    tails = 2.0 if side == "both" else 1.0  # either side may be breached
    return Replayed(
        _haircuts(rule, prices, POSITIONS.get(side, 0.0))[skip:],
        losses_of(prices[skip:], horizon, side),
        horizon,
        1.0 - tails * (1.0 - covered),
    )


def _haircuts(rule: MarginRule, prices: FloatArray, position: float) -> FloatArray:
    """Haircuts at the close of each date, shape (dates,)."""
    if isinstance(rule, HistoricalRule):
        return rule.replay(prices, position)
    first, *others = prices.tolist()
    posted = PostedMargin.opened(rule, first, position=position, every_round=False)
    haircuts = [posted.announced]
    for price in others:
        posted = posted.closed_at(price)
        haircuts.append(posted.announced)
    return np.array(haircuts)


def in_the_market(
    dates: pd.DataFrame, promises: Mapping[str, Promise], horizon: int, following: Collection[str]
) -> dict[str, Replayed]:
    """Rules in the market, where the margin moves the price, measured as on given prices.

    Both at the haircut worked out at the close of each date. A rule that follows the posted price
    has charged that; one that is asked once per date charges it at the next.

    Parameters
    ----------
    dates : pandas.DataFrame
        A run's table of dates with a case per rule: ``security_price``, ``margin`` in cash and
        ``experts_position``, by whose sign they lose where the price falls or rises.
    promises : mapping
        What rules are to cover, by name; a rule that is not there promises nothing.
    horizon : int
        Margin period of risk of such a rule.
    following : collection of str
        Rules that follow the posted price.
    """
    made = {}
    for name, path in dates.groupby("case", sort=False):
        prices = path["security_price"].to_numpy(dtype=np.float64)
        side = np.where(path["experts_position"].to_numpy(dtype=np.float64) < 0.0, -1.0, 1.0)
        asked = promises.get(str(name), Promise(horizon, "long", math.nan))
        margin = path["margin"].to_numpy(dtype=np.float64)
        losses = side * losses_of(prices, asked.horizon, "long")
        if name not in following:
            margin, prices, losses = margin[1:], prices[:-1], losses[:-1]
        made[str(name)] = Replayed(margin / prices, losses, asked.horizon, asked.covered)
    return made


def at_the_same_average(replayed: Mapping[str, Replayed]) -> dict[str, Replayed]:
    """Rules rescaled to the mean haircut of the first."""
    average = float(next(iter(replayed.values())).haircuts.mean())
    return {name: each.rescaled(average) for name, each in replayed.items()}
