"""Exact arithmetic with the root of a polynomial, and recognising numbers from their digits."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.proof.algebraic import Algebraic, Exact, Field
from simulator.proof.elimination import solve
from simulator.proof.recognition import fraction_near, minimal_polynomial, recognised, relation

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
    with pytest.raises(ValueError, match="reducible"):
        float(squares.read("-2 + r^2"))
    with pytest.raises(ValueError, match="reducible"):
        1 / squares.read("-2 + r^2")


@pytest.mark.parametrize(
    ("polynomial", "low", "high"),
    [((-2, 0, 1), 2, 3), ((-2, 0, 1), 2, 1), ((1, 2), -1, 0), ((2, 0, -1), 1, 2)],
)
def test_what_describes_no_root_is_refused(
    polynomial: tuple[int, ...], low: int, high: int
) -> None:
    with pytest.raises(ValueError, match="polynomial"):
        Field(polynomial, Fraction(low), Fraction(high))


def test_numbers_of_different_roots_do_not_mix() -> None:
    other = Field((-2, 0, 1), Fraction(1), Fraction(2))
    with pytest.raises(ValueError, match="don't mix"):
        CUBIC.read("r") + other.read("r")


def test_linear_equations_are_solved_in_a_field() -> None:
    root = CUBIC.read("r")
    equations: list[tuple[dict[str, Exact], Exact]] = [
        ({"x": root, "y": Fraction(1)}, Fraction(2)),
        ({"x": Fraction(1), "y": root}, Fraction(3)),
    ]
    found = solve(equations, ["x", "y"], lambda name: Fraction(0))
    assert found is not None
    assert root * found["x"] + found["y"] == 2
    assert found["x"] + root * found["y"] == 3
    twice = [*equations, ({"x": root, "y": Fraction(1)}, Fraction(1))]
    assert solve(twice, ["x", "y"], lambda name: Fraction(0)) is None


# ---------------------------------------------------------------------- recognition
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
