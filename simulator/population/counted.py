"""How many traders there should be below the beliefs of a table, by the distribution they have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from agents.cohort import Population
from markets.quote import FloatArray
from simulator.certificate import Condition

TOLERANCE: Final = 1e-9
"""Traders that are missing, or too many, as a share of all, below any belief."""


def number_below(
    beliefs: Beliefs, members: int, population: Population, agents: pd.DataFrame
) -> FloatArray:
    """Number of traders below both ends of every row of a cohort, shape (rows, 2)."""
    low, high = (
        members * beliefs.below(agents[end].to_numpy(np.float64))
        for end in ("belief_low", "belief_high")
    )
    # a single trader stands in the middle of its slice
    half = 0.0 if population == "continuum" else 0.5
    return np.stack([low - half, high + half], axis=1)


def number_below_by_cohort(
    cohorts: Iterable[tuple[str, Beliefs, int, Population]], agents: pd.DataFrame
) -> FloatArray:
    """The same of several cohorts, each counted for itself, in the order of the table.

    Each is its name, its beliefs, its number of members and its population. Where beliefs are
    listed there is one trader in each row.
    """
    rows = []
    for name, beliefs, members, population in cohorts:
        own = agents[agents["cohort"] == name]
        if beliefs.values is None:
            rows.append(number_below(beliefs, members, population, own))
        else:
            before = np.arange(float(len(own)))
            rows.append(np.stack([before, before + 1.0], axis=1))
    return np.vstack(rows)


def population_condition(agents: pd.DataFrame, below: FloatArray) -> Condition:
    """Compare a table of traders with the numbers there should be below its beliefs, (rows, 2)."""
    weight = agents["weight"].to_numpy(dtype=np.float64)
    number = agents.groupby("cohort")["weight"].cumsum().to_numpy(dtype=np.float64)
    counted = np.stack([number - weight, number], axis=1)
    return Condition(
        "population",
        np.max(np.abs(counted - below)) / weight.sum(),
        TOLERANCE,
        "below every belief there are as many traders of a cohort as its distribution says (share"
        " of all)",
    )
