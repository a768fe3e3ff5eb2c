"""Margin rules of clearing houses compared on prices that no margin moves: given, or drawn.

Parameters and tables of the part of ``margin-procyclicality`` in which rules are replayed; the rest
of the scenario is the market, in which the margin moves the price that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pydantic import model_validator

from markets.margin import MarginRule
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.funding.replay import Replayed, at_the_same_average, promise, replay
from simulator.data_file import DataFile
from simulator.margin_settings import MARGIN, MarginSettings
from simulator.names import unknown
from simulator.parameters import Table, about
from simulator.price_paths import Law, draw_prices
from simulator.price_series import read_prices

RULES = [
    MarginSettings.model_validate(settings)
    for settings in (
        {"rule": "value-at-risk"},
        {"rule": "expected-shortfall", "confidence": 0.975},
        {"rule": "filtered-value-at-risk"},
        {"rule": "normal-value-at-risk"},
        {"rule": "filtered-value-at-risk", "label": "filtered, buffer", "buffer": 0.25},
    )
]
"""What is compared by default: each measure, and one with a buffer."""

TESTS = ("kupiec", "independence", "conditional_coverage")
"""Tests of breaches, see :mod:`scenarios.funding.backtest`."""

LEVEL = 0.05
"""Level at which they reject on each of several series."""

SHOWN = {"given": 2, "drawn": 1}
"""Series whose margins are kept date by date and drawn; of all others only the measures are."""


class Replay(Table):
    """What rules are replayed, and on which prices."""

    prices: DataFile | None = about(
        "closing prices: a CSV or Parquet file with a column date and one per security; drawn"
        " unless given", "", "the name of a file", default=None,
    )  # fmt: skip
    security: str = about(
        "the one security of prices on which rules are replayed; all of them unless given", "",
        "a column of prices", default="",
    )  # fmt: skip
    longest_gap: int = about(
        "days that may lie between two rows of prices; the return over them counts as one", "days",
        default=31, ge=1,
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
    rules: list[MarginSettings] = about(
        'rules to compare, each asked at the close of every date; of long positions unless side is'
        ' "short" or "both"', "", f"a list, each {MARGIN}", default=RULES, min_length=1,
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> Replay:
        """Refuse rules of one name, settings that make no sense, and too few dates."""
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f'two rules are named "{twice}"; give one a label')
        horizons = [promise(rule.make()).horizon for rule in self.rules if rule.can_be_made]
        taken = self.skip + max(horizons, default=1)
        if self.prices is None:
            if self.security:
                raise ValueError(f'security is "{self.security}"; drawn prices have none')
            if self.dates <= taken:
                raise ValueError(
                    f"dates is {self.dates}; it must be more than skip and the horizon, {taken}"
                )
            return self
        read = read_prices(self.prices.path, longest_gap=self.longest_gap)
        if self.security and self.security not in read.names:
            raise Refused(unknown(self.security, list(read.names), "security"))
        if len(read.dates) <= taken:
            raise ValueError(
                f"{self.prices.path} has {len(read.dates)} dates; skip and the horizon take {taken}"
            )
        return self

    def made(self) -> dict[str, MarginRule]:
        """The rules by name.

        Raises
        ------
        Refused
            If a rule needs code that may not be executed.
        """
        return {rule.name: rule.make(side="long") for rule in self.rules}

    def series(self, rng: np.random.Generator) -> Iterator[Series]:
        """Every security, or every drawn path."""
        if self.prices is None:
            dates = np.arange(1, self.dates + 1)
            for number in range(1, self.paths + 1):
                prices = draw_prices(self.law, self.dates, self.volatility, rng)
                yield Series(f"path {number}", dates, prices)
        else:
            read = read_prices(self.prices.path)
            for k, name in enumerate(read.names):
                if self.security in ("", name):
                    yield Series(name, read.dates.astype(str), read.prices[:, k])


class Series(NamedTuple):
    """Prices of a security by date, shape (dates,)."""

    name: str
    dates: ArrayLike
    prices: FloatArray


def replayed(settings: Replay, days: int, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Tables of the rules on every series, as they charge and at the same average margin.

    * ``replay`` and ``replay_same_average`` have a row per rule. Of several series they give means,
      each with its standard error in a column ``..._se`` (as if series were independent), and of
      tests the share of series in which they reject at 5%, ``..._rejected``.
    * ``replay_series`` has a row per rule and series.
    * ``replay_paths`` has a row per rule and date of the first series: price, margin, the margin
      rescaled to the same average, and the loss over the margin period of risk from that date.
    """
    plain: list[dict[str, object]] = []
    scaled: list[dict[str, object]] = []
    paths: list[pd.DataFrame] = []
    rules = settings.made()
    shown = SHOWN["drawn" if settings.prices is None else "given"]
    for number, series in enumerate(settings.series(rng)):
        charged = {name: replay(rule, series.prices, settings.skip) for name, rule in rules.items()}
        same = at_the_same_average(charged)
        for rows, each in ((plain, charged), (scaled, same)):
            for name, path in each.items():
                rows.append({"rule": name, "series": series.name, **path.measures(days)})
        if number < shown:
            paths += [_path(series, name, charged, same, settings.skip) for name in charged]
    by_series = pd.DataFrame(plain)
    return {
        "replay": _over_series(by_series),
        "replay_same_average": _over_series(pd.DataFrame(scaled)),
        "replay_series": by_series,
        "replay_paths": pd.concat(paths, ignore_index=True),
    }


def _path(
    series: Series,
    rule: str,
    charged: Mapping[str, Replayed],
    same: Mapping[str, Replayed],
    skip: int,
) -> pd.DataFrame:
    """Margins and losses of one rule by date."""
    return pd.DataFrame(
        {
            "series": series.name,
            "rule": rule,
            "date": np.asarray(series.dates)[skip:],
            "price": series.prices[skip:],
            "margin": charged[rule].haircuts,
            "margin_same_average": same[rule].haircuts,
            "loss": charged[rule].losses,
        }
    )


def _over_series(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the series, with standard errors where there are several."""
    count = table["series"].nunique()
    numbers = table.drop(columns="series")
    if count == 1:
        return numbers
    for test in TESTS:
        values = numbers[f"{test}_p"]
        numbers[f"{test}_p"] = (values < LEVEL).astype(float).where(values.notna())
    numbers = numbers.rename(columns={f"{test}_p": f"{test}_rejected" for test in TESTS})
    grouped = numbers.groupby("rule", sort=False)
    means, errors = grouped.mean(), grouped.sem()
    wide = {}
    for name in means:
        wide[name], wide[f"{name}_se"] = means[name], errors[name]
    return pd.DataFrame(wide).reset_index()
