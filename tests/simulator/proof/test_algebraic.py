"""Exact arithmetic with the root of a polynomial."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.proof.algebraic import Algebraic, Exact, Field
from simulator.proof.elimination import solve

CUBIC = Field((-5, 1, 0, 3), Fraction(1), Fraction(2))  # 3 r^3 + r - 5
SMALL = st.fractions(-3, 3, max_denominator=7)
NUMBERS = st.tuples(SMALL, SMALL, SMALL).map(CUBIC.number)


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
    near = Fraction(isqrt(2 * 10**600), 10**300)
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
