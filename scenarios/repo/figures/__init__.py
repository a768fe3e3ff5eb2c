"""Figures of a repo market with margins, drawn from plain tables.

Tables are those of a run. ``dates``: date, haircut, security_price, repo_rate and, where known,
marginal_belief_long, marginal_belief_short. ``agents``: date, weight, belief, security. More
columns do no harm.

Prices are in cash per security, haircuts and repo rates fractions in the tables and percent in the
figures, beliefs are probabilities of the low payoff. Every function returns a new ``Figure`` and
keeps nothing.
"""

from scenarios.repo.figures.by_haircut import against_haircut
from scenarios.repo.figures.isoleverage import isoleverage
from scenarios.repo.figures.positions import (
    MOST_PANELS,
    MOST_TRADERS,
    RASTER_FROM,
    positions_by_belief,
)

__all__ = [
    "MOST_PANELS",
    "MOST_TRADERS",
    "RASTER_FROM",
    "against_haircut",
    "isoleverage",
    "positions_by_belief",
]
