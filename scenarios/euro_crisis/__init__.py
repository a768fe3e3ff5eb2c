"""Haircut increases on sovereign bonds in the euro crisis."""

from scenarios.euro_crisis.scenario import SCENARIO, EuroCrisis, comparison, run

__all__ = ["SCENARIO", "EuroCrisis", "comparison", "run"]
