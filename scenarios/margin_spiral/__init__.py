"""Experts whose margin turns on the market: spirals, contagion and procyclical margins."""
