"""Recognising numbers from their digits."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from simulator.proof.recognition import (
    fraction_near,
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
    root = described["root"]
    assert isinstance(root, dict)
    assert len(root["polynomial"]) == 5
    assert numbers["half"] == Fraction(1, 2)
    assert numbers["two"] * numbers["two"] == 2
    assert numbers["three"] * numbers["three"] == 3


def test_a_relation_needs_more_digits_than_chance() -> None:
    values = [Fraction(1), *(_root(2, square, 60) for square in (2, 3, 5))]
    assert relation(values, 60) is None
    assert relation([*values, values[1] - 2 * values[3]], 60) == (0, -1, 0, 2, 1)


@pytest.mark.parametrize(("value", "fraction"), [(0.3333333333, "1/3"), (0.75, "3/4"), (2.0, "2")])
def test_the_simplest_fraction_nearby(value: float, fraction: str) -> None:
    assert simplest(value, 1e-8) == Fraction(fraction)
