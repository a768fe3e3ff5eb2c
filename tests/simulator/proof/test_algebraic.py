"""Exact arithmetic with the root of a polynomial."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.proof.algebraic import Algebraic, Exact, Field, NoField, reader

CUBIC = Field((-5, 1, 0, 3), Fraction(1), Fraction(2))  # 3 r^3 + r - 5
SMALL = st.fractions(-3, 3, max_denominator=7)
NUMBERS = st.tuples(SMALL, SMALL, SMALL).map(CUBIC.number)


def _root(degree: int, of: int, places: int) -> Fraction:
    """A root of a whole number, rounded down to so many places (degree 2 or 4)."""
    found = of * 10 ** (places * degree)
    for _ in range(degree // 2):
        found = isqrt(found)
    return Fraction(found, 10**places)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_numbers_of_a_field_obey_its_laws(a: Exact, b: Exact, c: Exact) -> None:
    assert a * (b + c) == a * b + a * c
    assert a - b == -(b - a)
    assert (a * b) * c == a * (b * c)
    if a:
        assert 1 / a * a == 1
        assert b / a * a == b


@given(NUMBERS, NUMBERS)
def test_numbers_of_a_field_agree_with_floating_point(a: Exact, b: Exact) -> None:
    assert float(a * b) == pytest.approx(float(a) * float(b), abs=1e-12)
    assert float(a + b) == pytest.approx(float(a) + float(b), abs=1e-12)
    if abs(float(a) - float(b)) > 1e-12:
        assert (a < b) == (float(a) < float(b))
        assert max(a, b) >= min(a, b)


@given(NUMBERS)
def test_text_of_a_number_is_read_back(a: Exact) -> None:
    assert CUBIC.read(str(a)) == a


def test_the_root_solves_its_polynomial() -> None:
    root = CUBIC.read("r")
    assert 3 * root * root * root + root == 5
    assert isinstance(root * root, Algebraic)


def test_close_numbers_are_told_apart() -> None:
    field = Field((-2, 0, 1), Fraction(1), Fraction(2))
    near = _root(2, 2, 300)
    assert field.read("r") > near
    assert field.read("r") < near + Fraction(1, 10**299)


def test_a_reducible_polynomial_is_refused_and_not_believed() -> None:
    squares = Field((2, 0, -3, 0, 1), Fraction(5, 4), Fraction(3, 2))  # (r^2 - 1)(r^2 - 2)
    with pytest.raises(NoField, match="reducible"):
        float(squares.read("-2 + r^2"))
    with pytest.raises(NoField, match="reducible"):
        1 / squares.read("-2 + r^2")


@pytest.mark.parametrize(
    ("polynomial", "low", "high"),
    [((-2, 0, 1), 2, 3), ((-2, 0, 1), 2, 1), ((1, 2), -1, 0), ((2, 0, -1), 1, 2)],
)
def test_what_describes_no_root_is_refused(
    polynomial: tuple[int, ...], low: int, high: int
) -> None:
    with pytest.raises(NoField, match="polynomial"):
        Field(polynomial, Fraction(low), Fraction(high))


def test_numbers_of_different_roots_do_not_mix() -> None:
    other = Field((-2, 0, 1), Fraction(1), Fraction(2))
    with pytest.raises(ValueError, match="don't mix"):
        CUBIC.read("r") + other.read("r")


def test_numbers_of_a_proof_are_fractions_unless_it_has_a_root() -> None:
    assert reader({})("9/22") == Fraction(9, 22)
    root = {"polynomial": ["-2", "0", "1"], "low": "1", "high": "2"}
    two = reader({"root": root})("r")
    assert two * two == 2
    with pytest.raises(TypeError, match="polynomial, low and high"):
        reader({"root": {"polynomial": ["1"]}})
    with pytest.raises(NoField, match="change sign"):
        reader({"root": root | {"high": "5/4"}})


def test_a_number_taken_from_a_fraction_is_minus_the_fraction_taken_from_it() -> None:
    root = CUBIC.read("r")
    assert Fraction(7, 2) - root == -(root - Fraction(7, 2))
    assert (Fraction(7, 2) - root) + root == Fraction(7, 2)


def test_a_number_without_the_root_is_a_fraction() -> None:
    assert CUBIC.read("3/7") == CUBIC.number([Fraction(3, 7), Fraction(0), Fraction(0)])
    assert CUBIC.read("3/7") == Fraction(3, 7)
    assert isinstance(CUBIC.read("3/7"), Fraction)
