"""Margin spirals: Brunnermeier, Eisenbach and Sannikov, section 3.2."""

from __future__ import annotations

from simulator.title import Title

SOURCE = (
    "Brunnermeier, Eisenbach and Sannikov, Macroeconomics with financial frictions: a survey,"
    " section 3.2"
)

MARGIN_SPIRAL = Title(
    name="margin-spiral",
    summary="experts lose wealth: losses and rising margins feed on each other, and the price"
    " jumps where the market is fragile",
    source=SOURCE,
    module="scenarios.funding.margin_spiral",
)

FUNDING_CONTAGION = Title(
    name="funding-contagion",
    summary="several assets, one pool of funding: prices move together and the same payoff"
    " has two prices",
    source=SOURCE,
    module="scenarios.funding.funding_contagion",
)

MARGIN_PROCYCLICALITY = Title(
    name="margin-procyclicality",
    summary="margin rules side by side under the same news: peak-to-trough ratio and largest"
    " increase of the margin, excess volatility of the price",
    source=SOURCE,
    module="scenarios.funding.margin_procyclicality",
)
