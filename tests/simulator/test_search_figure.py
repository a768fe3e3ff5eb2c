"""The figure of equilibria found from several starts, from tables made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator.parameters import Parameters
from simulator.point import DateEnd
from simulator.results import EQUILIBRIA, Results
from simulator.search_figure import equilibria
from tests.simulator.test_results import TITLE, end


def searched(*rows: dict[str, object], ends: tuple[DateEnd, ...] = (end(1), end(2))) -> Results:
    studies = {EQUILIBRIA: pd.DataFrame(list(rows))} if rows else {}
    return Results(TITLE, Parameters(), 3, ends, pd.DataFrame(), studies)


def row(date: int, price: float, of: int, share: float, stable: str = "true") -> dict[str, object]:
    return {
        "case": "only",
        "date": date,
        "number": 1.0,
        "of": of,
        "starts": int(10 * share),
        "share": share,
        "stable": stable,
        "price": price,
    }


def test_a_run_without_a_search_has_no_such_figure() -> None:
    with pytest.raises(ValueError, match="did not search"):
        equilibria(searched())


def test_markers_stand_at_the_quotes_of_their_dates_and_differ_by_stability() -> None:
    rows = (row(1, 1.0, 1, 1.0), row(2, 2.0, 2, 0.7), row(2, 3.0, 2, 0.3, "false"))
    figure = equilibria(searched(*rows))
    (axes,) = figure.axes
    marked = {
        str(line.get_marker()): list(zip(*np.asarray(line.get_data()), strict=True))
        for line in axes.lines
    }
    assert marked == {"o": [(1, 1.0), (2, 2.0)], "D": [(2, 3.0)]}
    assert [text.get_text() for text in axes.texts] == ["100%", "70%", "30%"]
    assert figure.get_suptitle().startswith("Up to 2 equilibria found from 10 starts")


def test_starts_that_never_rest_leave_an_empty_figure_that_says_so() -> None:
    lost: dict[str, object] = {"case": "only", "date": 1, "of": 0, "starts": 4, "share": 1.0}
    figure = equilibria(searched(lost))
    assert figure.get_suptitle() == "No equilibrium found from 4 starts"
