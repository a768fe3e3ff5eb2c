"""Curves whose folds, kinks and crossings are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from markets.quote import FloatArray, Limits
from simulator.continuation.path import Path, PathPoint


@dataclass(frozen=True)
class Known:
    """Equations in one coordinate, with the derivative by it."""

    value: Callable[[float, float], float]
    by_coordinate: Callable[[float, float], float]
    lower: float = -10.0
    upper: float = 10.0
    attained: bool = False

    def limits(self, s: float) -> Limits:
        attained = np.array([self.attained])
        return Limits(np.array([self.lower]), np.array([self.upper]), attained, attained)

    def residual(self, coordinates: FloatArray, s: float) -> FloatArray:
        return np.array([self.value(float(coordinates[0]), s)])

    def slope(self, coordinates: FloatArray, s: float) -> FloatArray:
        return np.array([[self.by_coordinate(float(coordinates[0]), s)]])


def followed(equations: Known, first: float, s: float = 0.0, **options: float) -> list[PathPoint]:
    return list(Path(equations).follow(np.array([first]), s, 400, **options))  # type: ignore[arg-type]


def kinds(points: list[PathPoint]) -> list[str]:
    return [point.kind for point in points if point.kind != "point"]


def test_both_folds_of_a_cubic_are_found_and_the_curve_goes_on_to_the_other_end() -> None:
    cubic = Known(lambda u, s: 2.0 * (s - 0.5) - u**3 + u, lambda u, s: 1.0 - 3.0 * u**2)
    points = followed(cubic, -1.4)
    assert kinds(points) == ["fold", "fold"]
    first, second = (point for point in points if point.kind == "fold")
    height = 1.0 / np.sqrt(27.0)
    assert (first.free[0], first.s) == pytest.approx((-(3**-0.5), 0.5 + height), abs=1e-9)
    assert (second.free[0], second.s) == pytest.approx((3**-0.5, 0.5 - height), abs=1e-9)
    assert points[-1].s == 1.0
    assert all(abs(cubic.value(float(p.free[0]), p.s)) < 1e-10 for p in points)


def test_a_coordinate_leaves_its_limit_where_its_residual_vanishes() -> None:
    complementary = Known(lambda u, s: s - 0.5 - u, lambda u, s: -1.0, lower=0.0, attained=True)
    points = followed(complementary, 0.0)
    assert kinds(points) == ["regime change"]
    (change,) = (point for point in points if point.kind == "regime change")
    assert change.s == pytest.approx(0.5, abs=1e-12)
    assert change.moved == 0
    back = followed(complementary, 0.5, 1.0, forward=False)
    assert kinds(back) == ["regime change"]
    assert back[-1].s == 0.0


def test_a_curve_turns_back_at_a_limit_that_its_coordinate_leaves_unstably() -> None:
    unstable = Known(lambda u, s: s - 0.5 + u, lambda u, s: 1.0, lower=0.0, attained=True)
    points = followed(unstable, 0.0)
    assert kinds(points) == ["fold at a limit"]
    assert points[-1].s == 0.0
    assert points[-1].free[0] == pytest.approx(0.5)


def test_another_curve_that_crosses_is_noticed_and_not_followed() -> None:
    crossing = Known(lambda u, s: u * (s - 0.513 - u), lambda u, s: s - 0.513 - 2.0 * u)
    points = followed(crossing, 0.0)
    assert kinds(points) == ["branch point"]
    (branch,) = (point for point in points if point.kind == "branch point")
    assert branch.s == pytest.approx(0.513, abs=1e-5)
    assert all(abs(point.free[0]) < 1e-9 for point in points)
    assert points[-1].s == 1.0


def test_the_curve_that_crosses_is_followed_to_both_sides() -> None:
    crossing = Known(lambda u, s: u * (s - 0.513 - u), lambda u, s: s - 0.513 - 2.0 * u)
    path = Path(crossing)
    points = list(path.follow(np.array([0.0]), 0.0, 400))
    (branch,) = (point for point in points if point.kind == "branch point")
    ends = []
    for side in (1, -1):
        other = list(path.cross(branch, side, 400))
        assert all(point.free[0] == pytest.approx(point.s - 0.513, abs=1e-9) for point in other)
        ends.append(other[-1].s)
    assert sorted(ends) == [0.0, 1.0]


def test_a_pitchfork_has_two_prongs() -> None:
    pitchfork = Known(lambda u, s: u * (s - 0.4 - u**2), lambda u, s: s - 0.4 - 3.0 * u**2)
    path = Path(pitchfork)
    points = list(path.follow(np.array([0.0]), 0.0, 400))
    (branch,) = (point for point in points if point.kind == "branch point")
    ends = [list(path.cross(branch, side, 400))[-1] for side in (1, -1)]
    assert sorted(end.free[0] for end in ends) == pytest.approx([-np.sqrt(0.6), np.sqrt(0.6)])


def test_a_kink_inside_the_limits_is_located() -> None:
    kinked = Known(
        lambda u, s: s - 0.37 - (3.0 * u if u > 0.0 else u), lambda u, s: -3.0 if u > 0.0 else -1.0
    )
    points = followed(kinked, -0.37)
    assert kinds(points) == ["kink"]
    (kink,) = (point for point in points if point.kind == "kink")
    assert kink.s == pytest.approx(0.37, abs=1e-7)


def test_a_closed_curve_ends_where_it_began() -> None:
    circle = Known(lambda u, s: (s - 0.5) ** 2 + u**2 - 0.09, lambda u, s: 2.0 * u)
    points = followed(circle, 0.3, 0.5)
    assert kinds(points) == ["fold", "fold", "end"]
    assert points[-1].note == "the curve is closed"
    assert points[-1].length == pytest.approx(2.0 * np.pi * 0.3, abs=0.1)


def test_a_coordinate_that_runs_off_ends_the_curve() -> None:
    leaving = Known(lambda u, s: 2.0 * s - u, lambda u, s: -1.0, upper=1.0)
    points = followed(leaving, 0.0)
    assert kinds(points) == ["end"]
    assert points[-1].s == pytest.approx(0.5, abs=1e-6)
    assert "runs off" in points[-1].note


def test_a_jump_ends_the_curve() -> None:
    jumping = Known(lambda u, s: s - u + (1.0 if s > 0.6 else 0.0), lambda u, s: -1.0)
    points = followed(jumping, 0.0)
    assert kinds(points)[-1] == "end"
    assert points[-1].s == pytest.approx(0.6, abs=1e-4)


def test_a_small_jump_is_no_step_either() -> None:
    jumping = Known(lambda u, s: s - u + (0.06 if s > 0.6 else 0.0), lambda u, s: -1.0)
    points = followed(jumping, 0.0)
    assert points[-1].kind == "end"
    assert points[-1].s == pytest.approx(0.6, abs=1e-6)


def test_points_are_taken_at_stops_on_every_pass() -> None:
    cubic = Known(lambda u, s: 2.0 * (s - 0.5) - u**3 + u, lambda u, s: 1.0 - 3.0 * u**2)
    points = list(Path(cubic, stops=(0.5,)).follow(np.array([-1.4]), 0.0, 400))
    assert [p.free[0] for p in points if p.s == 0.5] == pytest.approx([-1.0, 0.0, 1.0], abs=1e-9)
