"""Pictures that the pages of pledgeable securities show, drawn day by day.

They share lines and colours with :mod:`scenarios.pledge.figures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.pledge import closed_form as theory
from scenarios.pledge.option import log_pledge_value
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = ("b1", "b2", "tau_theta")
"""Coefficients on the card."""

POINTS = 80
"""Haircuts at which the closed form is drawn."""


@card.styled()
def coefficients(so_far: SoFar) -> Figure:
    """Conjectured and realised coefficients day by day, against the closed forms."""
    from scenarios.pledge import figures

    figure, panels = card.frame(len(SHOWN), top=0.83, hspace=0.22)
    dates = so_far.dates
    if len(dates):
        versions = so_far.ends[0].described["coefficients"]
        assert isinstance(versions, Mapping)
        for axes, name in zip(panels, SHOWN, strict=True):
            figures.draw_coefficient(axes, dates, name, versions)
        for line, label in zip(panels[0].get_lines(), LABELS, strict=True):
            line.set_label(label)
    for axes, label in zip(panels, ("$\\beta_1$ (value)", "$\\beta_2$ (noise)", "$\\tau_\\theta$"),
                           strict=True):  # fmt: skip
        axes.margins(y=0.2)
        card.upright(axes, label, 3)
    figures.log_days(panels[-1], max(so_far.date, 10))
    panels[-1].set_xlabel("day")
    card.legend(panels[0], 3, fontsize=8.0)
    return figure


LABELS = ("as printed", "with noise", "corrected", "conjectured", "realised")
"""Names of the lines of a coefficient, in their order, short enough for a card."""


def coefficients_text(so_far: SoFar) -> str:
    """Conjectured and realised coefficients on the last day, beside the corrected ones."""
    if not so_far.ends:
        return "Coefficients of the log price by day: conjectured, realised and by theory."
    last = so_far.dates.iloc[-1]
    both = "; ".join(
        f"{what} {last[f'conjecture_{name}']:.4f} and {last[f'realised_{name}']:.4f}"
        for name, what in (("b1", "of the value"), ("b2", "of noise"))
    )
    return f"Day {last['date']}: coefficients conjectured and realised: {both}."


@card.styled()
def price_against_haircut(so_far: SoFar) -> Figure:
    """The last day's log prices at their haircuts, and the closed form at every haircut."""
    from scenarios.pledge import figures

    figure, (axes,) = card.frame(top=0.8)
    prices, curves = prices_at_haircuts(so_far), closed_forms(so_far)
    for k, curve in enumerate(curves):
        axes.plot(curve["haircut"], curve["log_price"], color=palette.CLOSED_FORM, linestyle="--",
                  label="closed form" if k == 0 else None)  # fmt: skip
    for k, row in enumerate(prices.to_dict("records")):
        axes.plot(
            row["haircut"], row["log_price"], linestyle="none", markersize=8.0, zorder=5,
            color=figures.SECURITY_COLOURS[k % len(figures.SECURITY_COLOURS)],
            marker=figures.SECURITY_MARKERS[k % len(figures.SECURITY_MARKERS)],
            label=row["security"],
        )  # fmt: skip
    least = 1.0 - so_far.parameters.spot_share
    axes.set_xlim(0.0, 1.0)
    axes.axvspan(0.0, least, color=palette.NEUTRAL[3], linewidth=0.0, zorder=0)
    near = 0.85 * prices["haircut"].min()
    drawn = [price for curve in curves for price in curve.loc[curve["haircut"] > near, "log_price"]]
    axes.set_ylim(card.reach(np.array([*prices["log_price"], *drawn], dtype=np.float64)))
    axes.set_xlabel("haircut (share of the price)")
    card.upright(axes, "log price", 5)
    card.legend(axes, 4)
    return figure


def prices_at_haircuts(so_far: SoFar) -> pd.DataFrame:
    """Haircut and log price of every security on the last day that rested."""
    rows = []
    if so_far.ends:
        last = so_far.dates.iloc[-1]
        for name in _names(so_far):
            rows.append((name.removeprefix("_") or "simulated", last[f"haircut{name}"],
                         last[f"log_price{name}"]))  # fmt: skip
    return pd.DataFrame(rows, columns=["security", "haircut", "log_price"])


def closed_forms(so_far: SoFar) -> list[pd.DataFrame]:
    """The corrected price function at every haircut in the last day's state, one per state.

    Of investors who are alike; empty where they are given, or the repo rate is quoted.
    """
    parameters = so_far.parameters
    if not so_far.ends or parameters.members is not None or parameters.rate_clears:
        return []
    last, least = so_far.dates.iloc[-1], 1.0 - parameters.spot_share
    haircuts = np.linspace(least, 1.0, POINTS + 2)[1:-1]
    states = {(last[f"log_value{name}"], last[f"log_noise{name}"]) for name in _names(so_far)}
    solve: theory.Version = getattr(parameters, "fixed_point", "corrected")
    precision = parameters.value_precision
    curves = []
    for log_value, log_noise in sorted(states):
        price = [
            theory.coefficients(parameters.primitives, h, parameters.rate, solve).log_price(
                log_value, log_noise, log_pledge_value(h, parameters.rate, precision)
            )
            for h in haircuts.tolist()
        ]
        curves.append(pd.DataFrame({"haircut": haircuts, "log_price": price}))
    return curves


def _names(so_far: SoFar) -> list[str]:
    """How columns of each security end: not at all where there is one."""
    names = getattr(so_far.parameters, "names", None)
    return [""] if names is None else [f"_{name}" for name in names]


def price_text(so_far: SoFar) -> str:
    """Haircut and price of every security."""
    each = "; ".join(
        f"{row.security}: haircut {row.haircut:.3g}, log price {row.log_price:.4f}"
        for row in prices_at_haircuts(so_far).itertuples()
    )
    shut = "Shaded: haircuts at which repo investors could buy more than spot investors own."
    return f"Log price against the haircut. {each or 'No day has ended.'} {shut}"


@card.styled()
def prices_by_day(so_far: SoFar) -> Figure:
    """Log prices and haircuts of the securities, day by day."""
    from scenarios.pledge import figures

    figure, (upper, lower) = card.frame(2, top=0.83, ratios=[1.7, 1.0])
    dates = so_far.dates
    if len(dates):
        figures.draw_prices(upper, lower, dates, so_far.parameters.names, markersize=3.0)
    for axes, label in ((upper, "log price"), (lower, "haircut")):
        axes.margins(y=0.15)
        card.upright(axes, label, 4)
    lower.set_xlim(0.5, max(so_far.date, 10) + 0.5)
    lower.set_xlabel("day")
    card.whole(lower)
    card.legend(upper, 2)
    return figure


def by_day_text(so_far: SoFar) -> str:
    """How far the prices of the securities are apart on the last day."""
    table = prices_at_haircuts(so_far)
    if not len(table):
        return "Log prices and haircuts of the securities by day; no day has ended."
    gap = float(np.ptp(table["log_price"].to_numpy(np.float64)))
    return f"Day {len(so_far.ends)}: the log prices of the securities differ by up to {gap:.4f}."
