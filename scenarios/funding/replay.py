"""Margin rules replayed on given prices: what each would have charged, and how it did.

The prices are what they are; no margin moves them. (In the market of ``margin-procyclicality`` the
margin moves the price that it reads.) A rule that charges more looks calmer and is breached less;
so rules are also compared *at the same average margin*: each path of haircuts is multiplied by a
constant so that its mean is that of the first rule.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from markets.margin.historical import HistoricalRule
from markets.quote import FloatArray
from scenarios.funding.backtest import backtest, losses_of
from scenarios.funding.measures import largest_increase, peak_to_trough


def compared(
    rules: Mapping[str, HistoricalRule],
    charged: Mapping[str, FloatArray],
    prices: FloatArray,
    *,
    skip: int,
    days: int,
    same_average: bool = False,
) -> pd.DataFrame:
    """How rules did on one series of prices: a row per rule.

    Columns: ``average_margin`` (share of the price), ``peak_to_trough`` (largest margin over the
    smallest), ``largest_N_day_increase`` (share of the price), then those of
    :class:`scenarios.funding.backtest.Backtest`.

    Parameters
    ----------
    rules : mapping
        Rules by name.
    charged : mapping
        What each would have charged, see :meth:`markets.margin.historical.HistoricalRule.replay`.
    prices : array of shape (dates,)
        The prices.
    skip : int
        Dates at the beginning that are left out of the comparison, for rules to learn from.
    days : int
        Days over which the largest increase is measured.
    same_average : bool
        Whether to rescale all haircuts to the mean of the first rule's.
    """
    rows: list[dict[str, object]] = []
    average: float | None = None
    for name, rule in rules.items():
        haircuts = charged[name][skip:]
        average = float(haircuts.mean()) if average is None else average
        if same_average and haircuts.mean() > 0.0:
            haircuts = haircuts * (average / haircuts.mean())
        losses = losses_of(prices[skip:], rule.horizon, rule.side)
        tails = 2.0 if rule.side == "both" else 1.0  # either side may be breached
        covered = 1.0 - tails * (1.0 - rule.confidence)
        tested = backtest(haircuts, losses, covered, rule.horizon)
        rows.append(
            {
                "rule": name,
                "average_margin": float(haircuts.mean()),
                "peak_to_trough": peak_to_trough(haircuts) if haircuts.min() > 0.0 else np.nan,
                f"largest_{days}_day_increase": largest_increase(haircuts, days),
                **{field: getattr(tested, field) for field in tested.__slots__},
            }
        )
    return pd.DataFrame(rows)
