"""Observed moments: read, named, and found again in a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import walras
from markets.refused import Refused
from simulator.fit.moments import Moment, read_moments

RUN = walras.run("margin-spiral", studies=False, experts_wealth=[-4.0, -4.7])


def moment(**changes: object) -> Moment:
    given: dict[str, object] = {
        "case": "", "date": 0, "since": 0, "output": "security_price",
        "observed": 1.0, "error": np.nan,
    }  # fmt: skip
    return Moment(**(given | changes))  # type: ignore[arg-type]


def test_a_file_is_read_with_defaults(tmp_path: Path) -> None:
    file = tmp_path / "observed.csv"
    file.write_text("output,observed,date\nsecurity_price,9.5,2\nmargin,1.5,\n")
    first, second = read_moments(file)
    assert (first.output, first.observed, first.date, first.since) == ("security_price", 9.5, 2, 0)
    assert second.date == 0
    assert np.isnan(first.error)


def test_levels_and_changes_are_those_of_the_run() -> None:
    price = [point.quotes["security_price"] for point in RUN.points]
    assert moment().simulated(RUN.ends) == price[1]
    assert moment(date=1).simulated(RUN.ends) == price[0]
    change = moment(date=2, since=1, case="spiral")
    assert change.simulated(RUN.ends) == pytest.approx(100.0 * (price[1] / price[0] - 1.0))
    assert change.name == "spiral, security_price, date 1 to 2, %"
    assert moment(output="margin").simulated(RUN.ends) > 0.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"case": "other"}, "case"),
        ({"date": 3}, "dates 1 to 2"),
        ({"output": "price"}, "security_price"),
        ({"output": "branch"}, "must be a number"),
    ],
)
def test_what_a_run_does_not_have_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        moment(**changes).simulated(RUN.ends)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"output": ["a"]}, "no column observed"),
        ({"output": ["a"], "observed": [1.0], "weight": [1.0]}, "weight"),
        ({"output": [], "observed": []}, "none"),
        ({"output": ["a"], "observed": ["x"]}, "observed in row 1 is x"),
        ({"output": ["a"], "observed": [np.nan]}, "observed in row 1 is empty"),
        ({"output": ["a", "b"], "observed": [1.0, 2.0], "error": [0.1, np.nan]}, "error must be"),
        ({"output": ["a"], "observed": [1.0], "error": [0.0]}, "error must be"),
        ({"output": ["a"], "observed": [1.0], "date": [1.5]}, "date is 1.5"),
    ],
)
def test_a_table_that_is_none_is_refused(table: dict[str, list[object]], said: str) -> None:
    with pytest.raises(Refused, match=said):
        read_moments(pd.DataFrame(table))
