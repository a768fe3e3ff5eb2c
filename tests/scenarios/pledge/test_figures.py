"""Figures show what the tables hold, and nobody needs colour to read them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scenarios.pledge import figures
from scenarios.pledge.informativeness import bias_map, expected
from scenarios.pledge.pledgeability import Pledgeability
from simulator import palette


def dates(days: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"date": np.arange(1, days + 1)})
    for name in figures.PANELS:
        table[f"conjecture_{name}"] = rng.standard_normal(days)
        table[f"realised_{name}"] = rng.standard_normal(days)
    table["closed_log_price"] = rng.standard_normal(days)
    table["log_price"] = table["closed_log_price"] + 0.1
    table["price_error_sd"] = 0.05
    return table


@pytest.mark.parametrize("days", [1, 30, 500])
def test_coefficients_are_told_apart_without_colour(days: int) -> None:
    table = dates(days)
    versions: dict[str, dict[str, float]] = {
        version: {name: float(number) for name in figures.PANELS}
        for number, version in enumerate(figures.VERSION_STYLES)
    }
    figure = figures.coefficients_by_day(table, versions)
    for axes, name in zip(figure.axes, figures.PANELS, strict=True):
        lines = axes.get_lines()
        assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 5
        assert [float(np.asarray(line.get_ydata())[0]) for line in lines[:3]] == [0.0, 1.0, 2.0]
        assert np.asarray(lines[4].get_ydata()).tolist() == table[f"realised_{name}"].tolist()


def test_distances_are_in_standard_deviations_of_a_finite_market() -> None:
    figure = figures.price_against_closed_form(dates(30))
    distances = figure.axes[1].get_lines()[1].get_ydata()
    assert np.asarray(distances) == pytest.approx(np.full(30, 2.0))


def test_the_map_of_the_bias_masks_where_repo_is_shut() -> None:
    table = bias_map(Pledgeability(), 0.2)
    axes = figures.bias_map(table, 0.2, 0.02).axes[0]
    shown = axes.collections[0].get_array()
    assert shown is not None
    assert np.ma.getmaskarray(shown).sum() == (table["bias"] == 0.0).sum()
    border, mark = axes.get_lines()
    assert np.asarray(border.get_ydata()) == pytest.approx(
        table.groupby("haircut")["shut_rate"].first().to_numpy()
    )
    assert (mark.get_xdata(), mark.get_ydata()) == ([0.2], [0.02])


def test_informativeness_shows_simulations_as_points_and_theory_as_a_dashed_line() -> None:
    haircuts, rates = [0.15, 0.2, 0.3], [0.02] * 3
    curve = expected(Pledgeability(), haircuts, rates)
    simulated = curve.assign(**{f"{measure}_sd": 0.01 for measure in figures.MEASURES})
    figure = figures.informativeness(simulated, curve, against="haircut", label="haircut $h$")
    assert len(figure.axes) == len(figures.MEASURES)
    for axes, measure in zip(figure.axes, figures.MEASURES, strict=True):
        line, points = axes.get_lines()[:2]
        assert (line.get_linestyle(), points.get_marker()) == ("--", "o")
        assert to_hex(line.get_color()) == palette.CLOSED_FORM.lower()
        assert np.asarray(points.get_ydata()).tolist() == curve[measure].tolist()
    assert figure.get_suptitle() == "Informativeness and bias by haircut"


def test_no_two_of_26_securities_look_alike() -> None:
    colours, markers = figures.SECURITY_COLOURS, figures.SECURITY_MARKERS
    styles = {(colours[n % len(colours)], markers[n % len(markers)]) for n in range(26)}
    assert len(styles) == 26
