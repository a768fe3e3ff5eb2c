"""Hundreds of places by Newton's method with exact residuals."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest

from simulator.proof.newton import Equation, System, undetermined

PLACES = 300


def circle(point: Mapping[str, Fraction]) -> list[Equation[str]]:
    """x y = 2, x = y and, once more, 2 x = 2 y: linear in x at a given y."""
    y = point["y"]
    return [({"x": y}, Fraction(2)), ({"x": Fraction(1)}, y), ({"x": Fraction(2)}, 2 * y)]


def test_ten_places_become_hundreds_though_equations_are_redundant() -> None:
    start = {"x": Fraction(1.4142), "y": Fraction(1.4142)}
    system = System(circle, ["y"])
    found, reached = system.refined(start, PLACES)
    assert reached >= PLACES
    assert abs(found["x"] ** 2 - 2) < Fraction(1, 10**PLACES)
    assert max(abs(value) for value in system.residuals(found)) < Fraction(1, 10**PLACES)


def test_a_point_that_is_exact_stays() -> None:
    def equations(point: Mapping[str, Fraction]) -> list[Equation[str]]:
        return [({"x": Fraction(3)}, Fraction(1))]

    exact = {"x": Fraction(1, 3)}
    found, reached = System(equations, []).refined(exact, PLACES)
    assert found == exact
    assert reached >= PLACES


def test_the_jacobian_is_that_of_the_equations() -> None:
    point = {"x": Fraction(3), "y": Fraction(5)}
    found = System(circle, ["y"]).jacobian(point)
    assert found == pytest.approx(np.array([[5.0, 3.0], [1.0, -1.0], [2.0, -2.0]]))


def test_contradictions_are_noticed() -> None:
    def equations(point: Mapping[str, Fraction]) -> list[Equation[str]]:
        return [({"x": Fraction(1)}, Fraction(1)), ({"x": Fraction(1)}, Fraction(2))]

    _, reached = System(equations, []).refined({"x": Fraction(1)}, PLACES)
    assert reached < 2


def test_what_moves_freely_must_be_held() -> None:
    assert undetermined(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), 2) == [1]
    assert undetermined(np.eye(3), 2) == []
    assert len(undetermined(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), 2)) == 1
