"""Pledgeable securities whose prices reveal what investors know (Ramirez)."""

from scenarios.pledgeability.one_security import SCENARIO, run

__all__ = ["SCENARIO", "run"]
