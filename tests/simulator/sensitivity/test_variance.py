"""Sobol' indices: a function whose indices are known, groups that are left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import walras
from markets.refused import Refused
from simulator.parameters import parse
from simulator.sensitivity.variance import Variances, design, indices, variances

pytest.importorskip("SALib")

ISHIGAMI = dict.fromkeys(("x", "y", "z"), (-np.pi, np.pi))
FIRST, TOTAL = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]
"""Ishigami and Homma (1990), a = 7, b = 0.1; Saltelli and others, Global Sensitivity Analysis."""


def ishigami(points: pd.DataFrame) -> pd.DataFrame:
    x, y, z = (points[name] for name in ISHIGAMI)
    return pd.DataFrame({"f": np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x), "g": 1.0})


def spiral(**ranges: tuple[float, float]) -> Variances:
    scenario = walras.find("margin-spiral")
    given = parse(scenario.parameters, {"experts_wealth": [-2.0], "experts_endowment": 0.3})
    return variances(scenario, given, ranges, 8)


def test_ishigami_has_its_known_indices() -> None:
    found, groups = indices(ISHIGAMI, ishigami(design(ISHIGAMI, 1024, 3)), 3)
    assert groups == 1024
    table = found[found["output"] == "f"]
    assert list(table["first"]) == pytest.approx(FIRST, abs=0.03)
    assert list(table["total"]) == pytest.approx(TOTAL, abs=0.03)
    assert (table["total_interval"] > 0.0).all()
    assert found.loc[found["output"] == "g", "total"].isna().all()


def test_a_run_that_failed_takes_its_group_out() -> None:
    points = design(ISHIGAMI, 16, 0)
    outputs = ishigami(points)
    outputs.iloc[7] = np.nan
    _, groups = indices(ISHIGAMI, outputs, 0)
    assert groups == 15
    outputs.iloc[::5] = np.nan
    with pytest.raises(Refused, match="0 groups"):
        indices(ISHIGAMI, outputs, 0)


def test_an_economy_is_run_at_every_point_and_written(tmp_path: Path) -> None:
    found = spiral(experts_wealth=(-2.0, 0.0), volatility=(0.6, 0.8))
    assert len(found.runs) == 32
    assert (found.runs["outcome"] == "cleared").all()
    price = found.indices[found.indices["output"] == "security_price"].set_index("parameter")
    assert price["total"]["experts_wealth"] > 0.1
    folder = found.export(tmp_path)
    assert (folder / "indices.csv").is_file()
    assert (folder / "sobol_indices.svg").is_file()
    assert repr(found).startswith("<Variances margin-spiral: ")


def test_points_that_are_not_allowed_are_rows_with_a_reason() -> None:
    with pytest.raises(Refused, match="groups of runs all cleared"):
        spiral(volatility=(-0.8, 0.8))


@pytest.mark.parametrize(
    ("ranges", "groups", "said"),
    [({"x": (1.0, 1.0)}, 8, "must go up"), ({"x": (0.0, 1.0)}, 12, "a power of two")],
)
def test_what_is_no_design_is_refused(
    ranges: dict[str, tuple[float, float]], groups: int, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        design(ranges, groups, 0)


def test_a_table_of_another_design_is_refused() -> None:
    with pytest.raises(Refused, match="a multiple of 5"):
        indices(ISHIGAMI, pd.DataFrame({"f": np.zeros(12)}), 0)
