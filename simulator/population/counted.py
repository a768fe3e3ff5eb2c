"""How many traders there should be below the beliefs of a table, by the distribution they have."""

from __future__ import annotations

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
