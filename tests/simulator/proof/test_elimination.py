"""Linear equations in exact numbers."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from simulator.proof.algebraic import Exact, Field
from simulator.proof.elimination import bits, solve

CUBIC = Field((-5, 1, 0, 3), Fraction(1), Fraction(2))  # 3 r^3 + r - 5
SMALL = st.fractions(-3, 3, max_denominator=7)


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


@given(st.lists(SMALL, min_size=9, max_size=9), st.lists(SMALL, min_size=3, max_size=3))
def test_what_is_solved_holds_exactly(entries: list[Fraction], wanted: list[Fraction]) -> None:
    rows = [dict(zip("xyz", entries[3 * row : 3 * row + 3], strict=True)) for row in range(3)]
    totals = [
        sum((row[n] * v for n, v in zip("xyz", wanted, strict=True)), Fraction(0)) for row in rows
    ]
    equations: list[tuple[dict[str, Exact], Exact]] = [
        (dict(row.items()), total) for row, total in zip(rows, totals, strict=True)
    ]
    found = solve(equations, list("xyz"), lambda name: Fraction(1, 3))
    assert found is not None  # there is a solution, the one wanted
    for left, total in equations:
        assert sum((found[name] * value for name, value in left.items()), Fraction(0)) == total


def test_an_unknown_that_is_free_takes_the_value_given() -> None:
    equations: list[tuple[dict[str, Exact], Exact]] = [
        ({"x": Fraction(1), "y": Fraction(2)}, Fraction(3))
    ]
    found = solve(equations, ["x", "y", "z"], lambda name: Fraction(5))
    assert found is not None
    assert found["z"] == 5
    assert found["x"] + 2 * found["y"] == 3


def test_bits_measure_a_number() -> None:
    assert bits(Fraction(1)) == 2
    assert bits(Fraction(255, 256)) == 17
    assert bits(CUBIC.read("r")) == 2
