"""Limits of coordinates, and which of them hold."""

from __future__ import annotations

import numpy as np
import pytest

from markets.quote import Limits
from markets.refused import Refused

LIMITS = Limits(
    lower=np.array([0.0, 0.0]),
    upper=np.array([1.0, 1.0]),
    lower_attained=np.array([True, False]),
    upper_attained=np.array([True, False]),
)


def test_an_empty_box_is_refused() -> None:
    flags = np.array([True])
    with pytest.raises(Refused, match="lower limit exceeds"):
        Limits(np.array([1.0]), np.array([0.0]), flags, flags)


def test_a_coordinate_is_held_at_an_attained_limit_that_excess_demand_pushes_against() -> None:
    low, high = np.zeros(2), np.ones(2)
    assert LIMITS.held(low, np.array([-1.0, -1.0])).tolist() == [True, False]
    assert LIMITS.held(low, np.array([1.0, 1.0])).tolist() == [False, False]
    assert LIMITS.held(high, np.array([1.0, 1.0])).tolist() == [True, False]
    assert LIMITS.held(np.full(2, 0.5), np.array([9.0, -9.0])).tolist() == [False, False]


def test_coordinates_are_moved_into_the_box() -> None:
    assert LIMITS.clip(np.array([-1.0, 0.4])).tolist() == [0.0, 0.4]
    assert LIMITS.clip(np.array([0.2, 7.0])).tolist() == [0.2, 1.0]
