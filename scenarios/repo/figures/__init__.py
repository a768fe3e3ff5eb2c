"""Figures of a repo market with margins, drawn from plain tables.

Tables are those of a run. ``rounds``: date, round, security_price, repo_rate,
security_excess_share, reinvestment_excess_share. ``dates``: date, haircut, security_price,
repo_rate and, where known, closed_security_price, closed_repo_rate, marginal_belief_long,
marginal_belief_short. ``agents``: date, weight, belief, security. More columns do no harm.

Prices are in cash per security, haircuts and repo rates fractions in the tables and percent in the
figures, beliefs are probabilities of the low payoff. Every function returns a new ``Figure`` and
keeps nothing.
"""

from scenarios.repo.figures.by_haircut import (
    BORDER_WIDTH,
    LEAST_HAIRCUT,
    LEVERED_INCOMES,
    MOST_HAIRCUT,
    against_haircut,
    haircut_grid,
    slides_points,
)
from scenarios.repo.figures.by_round import (
    MARKED_ROUNDS,
    SMALLEST_SHOWN,
    excess_by_round,
    quotes_by_round,
)
from scenarios.repo.figures.positions import (
    MOST_PANELS,
    MOST_TRADERS,
    RASTER_FROM,
    positions_by_belief,
)

__all__ = [
    "BORDER_WIDTH",
    "LEAST_HAIRCUT",
    "LEVERED_INCOMES",
    "MARKED_ROUNDS",
    "MOST_HAIRCUT",
    "MOST_PANELS",
    "MOST_TRADERS",
    "RASTER_FROM",
    "SMALLEST_SHOWN",
    "against_haircut",
    "excess_by_round",
    "haircut_grid",
    "positions_by_belief",
    "quotes_by_round",
    "slides_points",
]
