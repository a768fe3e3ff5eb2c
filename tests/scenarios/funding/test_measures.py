"""Measures of procyclicality."""

import math

from scenarios.funding.measures import excess_volatility, largest_increase, peak_to_trough


def test_measures_by_hand() -> None:
    assert peak_to_trough([1.0, 3.0, 2.0]) == 3.0
    assert largest_increase([1.0, 3.0, 2.0, 2.5], 2) == 1.0
    assert largest_increase([3.0, 2.0, 1.0], 1) == 0.0
    assert excess_volatility([0.0, 2.0, 0.0], [0.0, 1.0, 0.0]) == 2.0


def test_what_cannot_be_measured_is_not_a_number() -> None:
    assert math.isnan(largest_increase([1.0, 2.0], 2))
    assert math.isnan(excess_volatility([1.0, 2.0, 1.0], [1.0, 1.0, 1.0]))
    assert math.isnan(excess_volatility([1.0, 2.0], [1.0, 2.0]))


def test_measures_do_not_depend_on_the_unit_of_the_margin_as_they_should() -> None:
    path = [1.0, 1.4, 0.9, 2.0]
    doubled = [2.0 * margin for margin in path]
    assert peak_to_trough(doubled) == peak_to_trough(path)
    assert largest_increase(doubled, 1) == 2.0 * largest_increase(path, 1)
