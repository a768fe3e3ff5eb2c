"""Bankruptcy in general equilibrium: Eichberger, Rheinberger and Summer (2014)."""

from scenarios.bankruptcy.two_agents import SCENARIO, run

__all__ = ["SCENARIO", "run"]
