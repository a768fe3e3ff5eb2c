"""Bankruptcy in general equilibrium: Eichberger, Rheinberger and Summer (2014)."""
