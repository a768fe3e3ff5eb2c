"""Samples of the ranges of a sweep, by SciPy's quasi-Monte Carlo."""

from __future__ import annotations

from collections.abc import Sequence

from markets.quote import FloatArray
from simulator.sweep.axes import Sample

SCRAMBLE = 20_240
"""Seed by which samples are scrambled: the same sample every time, so that a sweep can go on."""


def sampled(sample: Sample, dimensions: int) -> FloatArray:
    """Points in the unit cube, shape (points, dimensions).

    A longer Sobol' sample begins with the points of a shorter one; a Latin hypercube does not.
    """
    from scipy.stats import qmc  # takes a third of a second, which workers need not spend

    made: qmc.QMCEngine
    if sample.kind == "sobol":
        made = qmc.Sobol(dimensions, rng=SCRAMBLE)
    else:
        made = qmc.LatinHypercube(dimensions, rng=SCRAMBLE)
    points: FloatArray = made.random(sample.points)
    return points


def position(unit: FloatArray, choices: Sequence[object]) -> list[object]:
    """Which of some choices numbers in [0, 1) stand for."""
    return [choices[min(int(u * len(choices)), len(choices) - 1)] for u in unit.tolist()]
