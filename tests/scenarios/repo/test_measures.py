"""Sizes of violations as shares."""

import math

import numpy as np
import pytest

from scenarios.repo.measures import largest, ratio, share_of


@pytest.mark.filterwarnings("error")
def test_nothing_of_nothing_is_nothing_and_something_of_nothing_is_infinite() -> None:
    assert share_of(np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 4.0])).tolist() == [
        0.0,
        math.inf,
        0.25,
    ]
    assert ratio(0.0, 0.0) == 0.0
    assert ratio(-1.0, 4.0) == 0.25
    assert ratio(1.0, 0.0) == math.inf


def test_the_largest_violation_is_never_negative_and_nan_is_not_hidden() -> None:
    assert largest(np.array([-1.0, -2.0])) == 0.0
    assert largest(np.array([-1.0, 2.0])) == 2.0
    assert math.isnan(largest(np.array([1.0, math.nan])))
