"""Collateral equilibrium: margins that come out of the market, with believers who disagree."""

from scenarios.leverage_cycle.leverage_cycle import SCENARIO, run

__all__ = ["SCENARIO", "run"]
