"""Sweeps: many runs of a scenario over values of its parameters and seeds, as one tidy table."""
