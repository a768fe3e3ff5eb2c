"""Experts whose margin turns on the market: spirals, contagion and procyclical margins."""

from scenarios.margin_spiral.margin_spiral import SCENARIO, run

__all__ = ["SCENARIO", "run"]
