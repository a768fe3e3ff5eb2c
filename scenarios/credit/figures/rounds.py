"""Quotes by kind and excess demand by round, with the auctions between rounds."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from scenarios.credit.parameters import CreditTree
from simulator import palette, rounds_figures
from simulator.results import Results

KINDS: Final = {
    "price[": "prices_by_round",
    "resale[": "resale_prices_by_round",
    "unit_payment[": "unit_payments_by_round",
}
"""How the names of quotes begin, and the figure that they share."""


def by_round(results: Results[CreditTree]) -> dict[str, Figure]:
    """A figure for each kind of quote that there is, and one of excess demand."""
    drawn = {"excess_demand_by_round": rounds_figures.excess(results)}
    for start, name in KINDS.items():
        names = [quote for quote in results.quote_names if quote.startswith(start)]
        if names:
            drawn[name] = rounds_figures.quotes(results, names)
    for figure in drawn.values():
        _mark_auctions(figure, results)
    return drawn


def _mark_auctions(figure: Figure, results: Results[CreditTree]) -> None:
    """A line wherever an auction was held between two rounds, which are counted through."""
    steps = results.rounds.groupby(["case", "date"], sort=False)["auction"].diff()
    for place in np.flatnonzero(steps.to_numpy() > 0.0):
        for axes in figure.axes:
            axes.axvline(place + 0.5, color=palette.NEUTRAL[1], ls=":", lw=1.2)
            axes.annotate(
                "auction", (place + 0.5, 0.0), xycoords=("data", "axes fraction"), ha="right",
                xytext=(-3, 4), textcoords="offset points", rotation=90, fontsize=9,
                color=palette.NEUTRAL[0],
            )  # fmt: skip
