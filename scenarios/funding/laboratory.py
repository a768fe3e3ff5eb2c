"""Margin rules of clearing houses compared on prices that no margin moves: given, or drawn.

Parameters and tables of the part of ``margin-procyclicality`` in which rules are replayed; the rest
of the scenario is the market, in which the margin moves the price that it reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from markets.margin.historical import (
    ByVolatility,
    ExpectedShortfall,
    FilteredValueAtRisk,
    HistoricalRule,
    NormalValueAtRisk,
    ValueAtRisk,
)
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.funding.price_paths import Law, draw_prices
from scenarios.funding.replay import compared
from simulator.data_file import DataFile
from simulator.parameters import Table, about
from simulator.price_series import read_prices

RuleName = Literal[
    "value-at-risk", "expected-shortfall", "filtered-value-at-risk", "normal-value-at-risk"
]

MEASURES: Mapping[str, type[HistoricalRule]] = {
    "value-at-risk": ValueAtRisk,
    "expected-shortfall": ExpectedShortfall,
    "filtered-value-at-risk": FilteredValueAtRisk,
    "normal-value-at-risk": NormalValueAtRisk,
}


class RuleSettings(Table):
    """A margin rule by name, with its settings; see :mod:`markets.margin.historical`."""

    rule: RuleName = about("measure of risk")
    label: str = about("what tables call it; the rule's name unless given", default="")
    confidence: float = about("share of dates covered", default=0.99, gt=0.5, lt=1.0)
    horizon: int = about("margin period of risk", "dates", default=1, ge=1)
    window: int = about("past returns that are read", "returns", default=250, ge=2)
    side: Literal["long", "short", "both"] = about("whose losses are covered", default="long")
    decay: float = about(
        "weight of the past in the volatility, for the last two rules", default=0.94, ge=0.0, lt=1.0
    )
    least: float = about("least haircut", "share of the price", default=0.0, ge=0.0, lt=1.0)
    floor_window: int = about(
        "past returns of the floor; 0 for none, 2500 for ten years", "returns", default=0, ge=0
    )
    buffer: float = about(
        "buffer that is drawn down before the charge rises; 0 for none, at least 0.25 by Article 28"
        " of the EMIR technical standards", "share of the haircut", default=0.0, ge=0.0,
    )  # fmt: skip
    speed_limit: float | None = about(
        "largest rise of the haircut from date to date; none unless given", "share", default=None,
        gt=0.0,
    )  # fmt: skip

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.label or self.rule

    def make(self) -> HistoricalRule:
        """The rule.

        Raises
        ------
        Refused
            If its settings make no sense together.
        """
        measure = MEASURES[self.rule]
        kept = self.model_dump(exclude={"rule", "label", "decay", "speed_limit"})
        if issubclass(measure, ByVolatility):
            kept["decay"] = self.decay
        if self.speed_limit is not None:
            kept["speed_limit"] = self.speed_limit
        return measure(**kept)


RULES = [
    RuleSettings(rule="value-at-risk"),
    RuleSettings(rule="expected-shortfall", confidence=0.975),
    RuleSettings(rule="filtered-value-at-risk"),
    RuleSettings(rule="normal-value-at-risk"),
    RuleSettings(rule="filtered-value-at-risk", label="filtered, buffer", buffer=0.25),
]
"""What is compared by default: each measure, and one with a buffer."""


class Replay(Table):
    """What rules are replayed, and on which prices."""

    prices: DataFile | None = about(
        "closing prices: a CSV or Parquet file with a column date and one per security; drawn"
        " unless given", default=None,
    )  # fmt: skip
    law: Law = about("law of drawn prices", default="garch")
    volatility: float = about(
        "standard deviation of a drawn daily return in the long run", "log return",
        default=0.012, gt=0.0, le=1.0,
    )  # fmt: skip
    paths: int = about("drawn series of prices", "paths", default=4, ge=1, le=100_000)
    dates: int = about("dates of a drawn series", "dates", default=1_000, ge=2, le=1_000_000)
    skip: int = about(
        "dates at the beginning that rules only learn from", "dates", default=250, ge=0
    )
    rules: list[RuleSettings] = about(
        "rules to compare", "", "a list of tables", default=RULES, min_length=1
    )

    @model_validator(mode="after")
    def _together(self) -> Replay:
        """Refuse rules of one name, settings that make no sense, and too few dates."""
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f'two rules are named "{twice}"; give one a label')
        longest = max(rule.make().horizon for rule in self.rules)
        if self.prices is None and self.dates <= self.skip + longest:
            raise ValueError(
                f"dates is {self.dates}; it must be more than skip and the horizon,"
                f" {self.skip + longest}"
            )
        return self

    def series(self, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Prices of each security, or of each drawn path, by name.

        Raises
        ------
        Refused
            If the file can't be used.
        """
        if self.prices is None:
            return {
                f"path {number}": draw_prices(self.law, self.dates, self.volatility, rng)
                for number in range(1, self.paths + 1)
            }
        longest = max(rule.horizon for rule in self.rules)
        read = read_prices(self.prices.path)
        if len(read.dates) <= self.skip + longest:
            raise Refused(
                f"{self.prices.path} has {len(read.dates)} dates; skip and the horizon take"
                f" {self.skip + longest}"
            )
        return {name: read.prices[:, k] for k, name in enumerate(read.names)}


def replayed(replay: Replay, days: int, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Tables of the rules on every series, and at the same average margin.

    ``replay`` and ``replay_same_average`` have a row per rule: the mean over the series of every
    measure and, with several, its standard error in a column ``..._se``; ``replay_series`` has a
    row per rule and series.
    """
    rules = {settings.name: settings.make() for settings in replay.rules}
    plain: list[pd.DataFrame] = []
    scaled: list[pd.DataFrame] = []
    for name, prices in replay.series(rng).items():
        charged = {label: rule.replay(prices) for label, rule in rules.items()}
        for kept, same in ((plain, False), (scaled, True)):
            table = compared(rules, charged, prices, skip=replay.skip, days=days, same_average=same)
            table.insert(1, "series", name)
            kept.append(table)
    return {
        "replay": _over_series(plain),
        "replay_same_average": _over_series(scaled),
        "replay_series": pd.concat(plain, ignore_index=True),
    }


def _over_series(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Means over the series, with standard errors where there are several."""
    grouped = (
        pd.concat(tables, ignore_index=True).drop(columns="series").groupby("rule", sort=False)
    )
    means, count = grouped.mean(), len(tables)
    if count == 1:
        return means.reset_index()
    errors = grouped.std(ddof=1) / math.sqrt(count)
    wide = {}
    for name in means:
        wide[name], wide[f"{name}_se"] = means[name], errors[name]
    return pd.DataFrame(wide).reset_index()
