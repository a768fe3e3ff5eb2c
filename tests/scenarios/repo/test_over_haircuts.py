"""The closed form over all haircuts, and the points that the slides print."""

import numpy as np
import pytest

from scenarios.repo.over_haircuts import haircut_grid, slides_points

BORDER = 2e-9
"""In units of h: the width to which the grid finds borders, plus the digits recorded here."""


def test_the_grid_covers_all_regimes_and_finds_their_borders() -> None:
    # Borders recomputed with ten digits and more from the equations of the continuum.
    grid = haircut_grid()
    assert grid["loan_to_value"].min() == pytest.approx(0.2)
    assert grid["loan_to_value"].max() == pytest.approx(0.999)
    for market, lower, upper in (
        ("short", 0.7805818626, 0.964730106704),
        ("long", 0.7056138691, 0.961874990832),
    ):
        curve = grid[grid["market"] == market]
        assert curve["loan_to_value"].is_monotonic_increasing
        by_regime = curve.groupby("regime")["loan_to_value"]
        assert by_regime.max()["III"] == pytest.approx(lower, abs=BORDER)
        assert by_regime.min()["II"] == pytest.approx(lower, abs=BORDER)
        assert by_regime.max()["II"] == pytest.approx(upper, abs=BORDER)
        assert by_regime.min()["I"] == pytest.approx(upper, abs=BORDER)


def test_published_points_lie_on_the_curve() -> None:
    printed = slides_points()
    assert printed["loan_to_value"].tolist() == pytest.approx([0.99, 0.97])
    assert printed["security_price"].tolist() == [0.754, 0.789]
    grid = haircut_grid()
    short = grid[grid["market"] == "short"]
    on_curve = np.interp(
        printed["loan_to_value"].to_numpy(),
        short["loan_to_value"].to_numpy(),
        short["security_price"].to_numpy(),
    )
    assert on_curve == pytest.approx(printed["security_price"].to_numpy(), abs=5e-4)
