"""Coordinates of the repo market and the places on the ladder that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.repo.places import coordinates_of, places, slopes

COORDINATES = {
    "level": st.floats(0.01, 0.99),
    "between": st.floats(0.0, 0.99),
    "thin": st.booleans(),
}


@given(**COORDINATES)
def test_places_lie_on_the_ladder_and_give_the_coordinates_back(
    level: float, between: float, thin: bool
) -> None:
    long_at, short_at = places(np.array([level - 1.0, between]), thin=thin)
    assert 0.0 < long_at <= short_at < 1.0
    again = coordinates_of(long_at, short_at, thin=thin)
    assert again == pytest.approx([level - 1.0, between], abs=1e-12)


@given(**COORDINATES)
def test_slopes_are_those_of_the_places(level: float, between: float, thin: bool) -> None:
    here, step = np.array([level - 1.0, between]), 1e-6
    numerical = np.column_stack(
        [
            (np.array(places(here + d, thin=thin)) - np.array(places(here - d, thin=thin)))
            / (2.0 * step)
            for d in step * np.eye(2)
        ]
    )
    assert slopes(here, thin=thin) == pytest.approx(numerical, abs=1e-8)


@given(level=st.floats(0.01, 0.99))
def test_both_systems_agree_where_nobody_holds_only_cash(level: float) -> None:
    here = np.array([level - 1.0, 0.0])
    assert places(here, thin=True) == places(here, thin=False)


@given(level=st.floats(0.01, 0.99), between=st.floats(0.0, 0.98))
def test_in_thin_coordinates_the_second_moves_the_shorts_alone(
    level: float, between: float
) -> None:
    one = places(np.array([level - 1.0, between]), thin=True)
    other = places(np.array([level - 1.0, between + 0.01]), thin=True)
    assert one[0] == other[0]
    assert one[1] < other[1]
