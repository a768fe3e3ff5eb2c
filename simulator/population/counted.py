"""How many traders there should be below the beliefs of a table, by the distribution they have."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from agents.cohort import Population
from markets.quote import FloatArray


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
