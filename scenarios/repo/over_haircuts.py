"""A study: the closed form over all haircuts, in a short and in a long market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from scenarios.repo.closed_form import ClosedForm, price_curve
from scenarios.repo.published import SLIDES_POINTS

LEVERED_INCOMES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"short": (0.0, 2000.0), "long": (2000.0, 0.0)}
)
"""Incomes (up, down) at which the rich side is constrained by margin down to a haircut of 0.1%."""

LEAST_HAIRCUT: Final = 0.001

MOST_HAIRCUT: Final = 0.8
"""Ends of the grid of ``haircut_grid``: loan-to-value ratios from .999 to .2."""

BORDER_WIDTH: Final = 1e-9
"""Haircuts between which a regime changes are found to lie this close together."""


def haircut_grid(
    *,
    low_payoff: float = 0.70,
    high_payoff: float = 1.15,
    cash: float = 1.0,
    securities: float = 1.0,
    incomes: Mapping[str, tuple[float, float]] = LEVERED_INCOMES,
    cdf: Callable[[float], float] | None = None,
    quantile: Callable[[float], float] | None = None,
    reuse: bool = True,
) -> pd.DataFrame:
    """Solve the closed form for markets over a grid of haircuts.

    Parameters
    ----------
    low_payoff, high_payoff, cash, securities, reuse
        As in :func:`scenarios.repo.closed_form.solve`.
    incomes : mapping
        For each market by name, income in state U and in state D.
    cdf, quantile : callable, optional
        Distribution of beliefs and its inverse; uniform unless both are given.

    Returns
    -------
    pandas.DataFrame
        market, loan_to_value, security_price, repo_rate, regime: by market, then by rising
        loan-to-value ratio; finer where the haircut is small.

    Raises
    ------
    ValueError
        If a parameter is out of range or only one of ``cdf`` and ``quantile`` is given.
    """
    if (cdf is None) != (quantile is None):
        raise ValueError("cdf and quantile are given together or not at all")
    haircuts = np.union1d(
        np.geomspace(LEAST_HAIRCUT, MOST_HAIRCUT, 140), np.linspace(0.02, MOST_HAIRCUT, 79)
    )
    tables = []
    for market, (income_up, income_down) in incomes.items():
        solve = partial(
            price_curve,
            low_payoff=low_payoff,
            high_payoff=high_payoff,
            cash=cash,
            securities=securities,
            income_up=income_up,
            income_down=income_down,
            cdf=_identity if cdf is None else cdf,
            quantile=_identity if quantile is None else quantile,
            reuse=reuse,
        )
        curve = _with_borders([float(haircut) for haircut in haircuts], solve)
        tables.append(
            pd.DataFrame(
                {
                    "market": market,
                    "loan_to_value": [1.0 - haircut for haircut, _ in curve],
                    "security_price": [point.security_price for _, point in curve],
                    "repo_rate": [point.repo_rate for _, point in curve],
                    "regime": [point.regime for _, point in curve],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def slides_points() -> pd.DataFrame:
    """The two points that the slides print, both of a short market: loan_to_value, security_price.

    They hold for the payoffs and endowments that are the defaults of ``haircut_grid``.
    """
    return pd.DataFrame(
        {
            "loan_to_value": [1.0 - haircut for haircut, *_ in SLIDES_POINTS],
            "security_price": [price for *_, price in SLIDES_POINTS],
        }
    )


def _with_borders(
    haircuts: list[float], solve: Callable[[list[float]], list[ClosedForm]]
) -> list[tuple[float, ClosedForm]]:
    """Solve at rising haircuts and beside each change of regime; by falling haircut.

    The curves have a kink where the regime changes; halving finds it to ``BORDER_WIDTH``.
    """
    curve = list(zip(haircuts, solve(haircuts), strict=True))
    borders = []
    for (low, before), (high, after) in pairwise(curve):
        if before.regime == after.regime:
            continue
        below, above = (low, before), (high, after)
        while above[0] - below[0] > BORDER_WIDTH:
            middle = 0.5 * (below[0] + above[0])
            found = solve([middle])[0]
            if found.regime == below[1].regime:
                below = (middle, found)
            else:
                above = (middle, found)
        borders += [below, above]
    return sorted(curve + borders, key=lambda point: -point[0])


def _identity(value: float) -> float:
    return value
