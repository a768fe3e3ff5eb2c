"""Recognising numbers from their digits: fractions, roots, relations between numbers."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.proof.recognition import (
    LOST,
    Root,
    fraction_near,
    largest_denominator,
    minimal_polynomial,
    recognised,
    relation,
    simplest,
)


def _root(degree: int, of: int, places: int) -> Fraction:
    """A root of a whole number, rounded down to so many places (degree 2 or 4)."""
    found = of * 10 ** (places * degree)
    for _ in range(degree // 2):
        found = isqrt(found)
    return Fraction(found, 10**places)


def test_polynomials_of_least_degree() -> None:
    assert minimal_polynomial(_root(2, 7, 100), 100) == (-7, 0, 1)
    assert minimal_polynomial(_root(4, 7, 100), 100) == (-7, 0, 0, 0, 1)
    golden = (1 + _root(2, 5, 100)) / 2
    assert minimal_polynomial(golden, 100) == (-1, -1, 1)


def test_digits_without_a_pattern_are_not_recognised() -> None:
    drawn = np.random.default_rng(1).integers(0, 10, 300)
    value = Fraction(int("".join(str(digit) for digit in drawn)), 10**300)
    assert recognised({"x": value}, 290) is None
    assert fraction_near(value, 290) is None


def test_one_root_generates_all_numbers() -> None:
    two, three = _root(2, 2, 200), _root(2, 3, 200)
    found = recognised({"half": Fraction(1, 2), "two": two, "three": three}, 200)
    assert found is not None
    numbers, described = found
    assert len(described["root"]["polynomial"]) == 5
    assert numbers["half"] == Fraction(1, 2)
    assert numbers["two"] * numbers["two"] == 2
    assert numbers["three"] * numbers["three"] == 3


def test_a_relation_needs_more_digits_than_chance() -> None:
    values = [Fraction(1), *(_root(2, square, 60) for square in (2, 3, 5))]
    assert relation(values, 60) is None
    assert relation([*values, values[1] - 2 * values[3]], 60) == (0, -1, 0, 2, 1)


@given(st.fractions(-5, 5, max_denominator=10**20))
def test_a_fraction_is_recognised_from_its_digits(value: Fraction) -> None:
    digits = Fraction(round(value * 10**100), 10**100)
    assert fraction_near(digits, 100) == value


def test_a_fraction_of_too_many_digits_is_not_recognised() -> None:
    most = largest_denominator(100)
    assert most == (100 - LOST - 30) // 2
    value = Fraction(1, 10 ** (most + 5) + 9)
    assert fraction_near(Fraction(round(value * 10**100), 10**100), 100) is None


@given(st.floats(-10.0, 10.0), st.sampled_from([1e-2, 1e-5, 1e-9]))
def test_the_simplest_fraction_is_near(value: float, distance: float) -> None:
    assert abs(simplest(value, distance) - Fraction(value)) <= Fraction(distance)
    assert simplest(0.5 + 0.1 * distance, distance) == Fraction(1, 2)


def test_a_root_generates_numbers_of_its_field_and_no_others() -> None:
    root = Root(_root(2, 5, 120), (-5, 0, 1), 120)
    golden = root.generate((1 + _root(2, 5, 120)) / 2)
    assert golden is not None
    assert golden * golden == golden + 1
    assert root.generate(_root(2, 7, 120)) is None
    described = root.described()
    assert described["polynomial"] == ["-5", "0", "1"]
    low, high = Fraction(described["low"]), Fraction(described["high"])
    assert low**2 < 5 < high**2


@pytest.mark.parametrize("degree", [2, 4])
def test_a_polynomial_of_higher_degree_than_allowed_is_not_found(degree: int) -> None:
    value = _root(4, 7, 100)
    polynomial = minimal_polynomial(value, 100, degree)
    assert (polynomial is None) == (degree == 2)
