"""Figures of margin rules replayed on prices, drawn from plain tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from simulator import palette

RULES_SHOWN: Final = 8
"""Rules that have a panel; a figure of more would not fit on a page."""

POINTS: Final = 10
"""Series from which on a box says more than the points themselves."""

MEASURED: Final = (
    ("average_margin", "average margin", True),
    ("peak_to_trough", "peak-to-trough ratio", False),
    ("largest_increase", "largest {days}-day increase", True),
    ("breach_share", "share of dates with a breach", True),
    ("shortfall", "mean margin shortfall", True),
    ("over_margining", "mean over-margining", True),
)
"""Columns of a distribution, what they are called, and whether they are shares."""


def replayed(studies: Mapping[str, pd.DataFrame], days: int) -> dict[str, Figure]:
    """All figures of the studies of a replay, by file name."""
    figures = {}
    by_series = studies["replay_paths"].groupby("series", sort=False)
    for number, (_, path) in enumerate(by_series, start=1):
        ending = f"_{number}" if len(by_series) > 1 else ""
        figures[f"replay_margins{ending}"] = margins(path, same_average=False)
        figures[f"replay_same_average{ending}"] = margins(path, same_average=True)
    if studies["replay_series"]["series"].nunique() > 1:
        figures["replay_distributions"] = distributions(studies["replay_series"], days)
    return figures


@palette.styled()
def margins(path: pd.DataFrame, *, same_average: bool) -> Figure:
    """Price of one security, and below it the margin of each rule with losses and breaches.

    Parameters
    ----------
    path : pandas.DataFrame
        Rows of one series of the study ``replay_paths``.
    same_average : bool
        Whether to show margins rescaled to the average of the first rule's.
    """
    column = "margin_same_average" if same_average else "margin"
    names = path["rule"].unique()[:RULES_SHOWN]
    figure = Figure(figsize=(9.0, 2.6 + 1.45 * len(names)))
    upper, *panels = figure.subplots(
        1 + len(names), 1, sharex=True, height_ratios=[1.5, *[1.0] * len(names)]
    )
    when = path["date"].to_numpy()
    dated = not np.issubdtype(when.dtype, np.number)
    first = path[path["rule"] == names[0]]
    when = pd.to_datetime(first["date"]).to_numpy() if dated else first["date"].to_numpy()
    upper.plot(when, first["price"], color=palette.PRICE, linewidth=1.0)
    upper.set_ylabel("price")
    upper.set_title(f"Price of {first['series'].iloc[0]}")
    for axes, name in zip(panels, names, strict=True):
        row = path[path["rule"] == name]
        loss, margin = row["loss"].to_numpy(), row[column].to_numpy()
        hit = loss > margin  # not where the loss is not known yet
        axes.fill_between(
            when, 0.0, np.nan_to_num(loss).clip(min=0.0), color=palette.NEUTRAL[1], linewidth=0.0,
            step="mid", label="loss over the margin period",
        )  # fmt: skip
        axes.plot(when, margin, color=palette.HOUSE, linewidth=1.2, label="margin")
        axes.plot(
            when[hit], loss[hit], color=palette.BAD, marker="v", markersize=4.0, linestyle="none",
            label="breach: loss above the margin",
        )  # fmt: skip
        breaches = f"{hit.sum()} {'breach' if hit.sum() == 1 else 'breaches'}"
        axes.set_title(f"{name}: {breaches} in {np.isfinite(loss).sum()} dates")
        axes.sharey(panels[0])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    panels[0].set_ylim(bottom=0.0)
    if dated:
        locator = AutoDateLocator()
        panels[-1].xaxis.set_major_locator(locator)
        panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    panels[-1].set_xlabel("date")
    average = ", rescaled to the same average" if same_average else ""
    figure.supylabel(f"margin and loss, share of the price{average}", fontsize=10.0)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return palette.laid_out(figure)


@palette.styled()
def distributions(series: pd.DataFrame, days: int) -> Figure:
    """Measures of each rule over all series: boxes, or the points themselves of a few.

    Parameters
    ----------
    series : pandas.DataFrame
        The study ``replay_series``.
    days : int
        Days over which the largest increase is measured.
    """
    names = series["rule"].unique()[:RULES_SHOWN]
    figure = Figure(figsize=(11.0, 2.6 + 0.7 * len(names)))
    legend: dict[str, Artist] = {}
    panels = figure.subplots(2, 3, sharey=True)
    rows = np.arange(len(names), 0, -1)
    for axes, (column, words, share) in zip(panels.flat, MEASURED, strict=True):
        column = f"largest_{days}_day_increase" if column == "largest_increase" else column
        by_rule = [series.loc[series["rule"] == name, column].dropna() for name in names]
        if len(series) >= POINTS * len(series["rule"].unique()):
            axes.boxplot(
                by_rule, positions=rows, orientation="horizontal", widths=0.55, whis=(5, 95),
                showfliers=False, manage_ticks=False,
                medianprops={"color": palette.INK}, boxprops={"color": palette.NEUTRAL[0]},
                label="quartiles, median, 5% and 95%",
            )  # fmt: skip
        else:
            for row, values in zip(rows, by_rule, strict=True):
                axes.plot(
                    values, np.full(len(values), row), linestyle="none", marker="o",
                    markersize=4.0, color=palette.NEUTRAL[1], label="one series",
                )  # fmt: skip
        means = [values.mean() for values in by_rule]
        errors = [values.std(ddof=1) / np.sqrt(len(values)) for values in by_rule]
        axes.errorbar(
            means, rows, xerr=errors, linestyle="none", marker="D", markersize=4.5, capsize=3.0,
            color=palette.HOUSE, label="mean and its standard error",
        )  # fmt: skip
        if column == "breach_share":
            axes.plot(
                [series.loc[series["rule"] == name, "expected_share"].iloc[0] for name in names],
                rows, linestyle="none", marker="|", markersize=16.0, color=palette.BAD,
                label="promised by the confidence",
            )  # fmt: skip
        handles, labels = axes.get_legend_handles_labels()
        legend |= dict(zip(labels, handles, strict=True))
        axes.set_title(words.format(days=days))
        axes.set_yticks(rows, names)
        axes.set_ylim(0.4, len(names) + 0.6)
        if share:
            axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=3)
    return palette.laid_out(figure)
