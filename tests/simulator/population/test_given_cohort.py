"""A cohort as one parameter: files and tables of lists, numbers, words and distributions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from simulator.parameters import Parameters, parse
from simulator.population.given_cohort import GivenCohort, cohort_of, cohort_parameter, draws
from simulator.population.members import Population
from simulator.population.table import Column

COLUMNS = (
    Column("side", "", "", choices=("long", "short")),
    Column("cash", "cash", "", 0.0),
    Column("debt", "cash", ""),
)


class Sample(Parameters):
    """Parameters of a cohort."""

    funds: GivenCohort = cohort_parameter("funds", "side; cash; debt")


def made(given: Any, seed: int = 0, **left_out: float) -> Population:
    funds = parse(Sample, {"funds": given}).funds
    assert funds is not None
    defaults = left_out or {"side": 0.0, "cash": 6.0, "debt": 3.0}
    rng = np.random.default_rng(seed)
    return cohort_of(
        funds, COLUMNS, lambda count: {k: v / count for k, v in defaults.items()}, rng, "funds"
    )


def test_files_frames_and_tables_of_lists_are_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["b", "a"], "side": ["short", "long"], "debt": [1.5, -2.0]})
    frame.to_csv(tmp_path / "f.csv", index=False)
    for given in (str(tmp_path / "f.csv"), frame, frame.to_dict("list")):
        funds = made(given)
        assert funds.names == ["b", "a"]
        assert funds.each("side").tolist() == [1.0, 0.0]
        assert funds.each("debt").tolist() == [1.5, -2.0]
        assert funds.each("cash").tolist() == [3.0, 3.0]  # what is left out depends on their number


def test_words_numbers_and_distributions_stand_side_by_side() -> None:
    given = {"members": 500, "side": "short", "debt": 2, "cash": "exponential(mean=2)"}
    funds, again, other = made(given), made(given), made(given, seed=1)
    assert set(funds.each("side").tolist()) == {1.0}
    assert set(funds.each("debt").tolist()) == {2.0}
    assert np.array_equal(funds.each("cash"), again.each("cash"))
    assert not np.array_equal(funds.each("cash"), other.each("cash"))
    assert funds.each("cash").mean() == pytest.approx(2.0, abs=0.3)


def test_drawn_fields_of_listed_members_may_be_correlated() -> None:
    given = {
        "side": ["long"] * 2_000,
        "cash": "uniform(low=0, high=1)",
        "debt": "normal(mean=0, sd=1)",
        "correlation": {"cash, debt": -0.8},
    }
    funds = made(given)
    ranks = pd.DataFrame({name: funds.each(name) for name in ("cash", "debt")}).corr("spearman")
    assert ranks.iloc[0, 1] == pytest.approx(-0.8, abs=0.03)


def test_only_distributions_are_draws(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("cash\n1\n", encoding="utf-8")
    for given in (None, str(tmp_path / "f.csv"), {"members": 2, "side": "long", "cash": 1.0}):
        assert not draws(parse(Sample, {"funds": given}).funds)
    assert draws({"members": 2, "cash": "exponential(mean=1)"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cash": 1.0}, "members is missing in a table without lists"),
        ({"members": 0}, "members is 0"),
        ({"members": 1.5}, "members is 1.5"),
        ({"members": 3, "cash": [1.0, 2.0]}, "funds has 2 rows, and members is 3"),
        ({"members": 3, "csh": 1.0}, 'funds: "csh" is not a column; did you mean "cash"'),
        ({"members": 3, "cash": -1.0}, r"funds: cash is -1.0; it must be a number in \[0"),
        ({"members": 3, "side": "flat"}, "funds: side is flat; it must be long or short"),
        ({"side": ["long", "flat"]}, "funds, row 2: side is flat; it must be long or short"),
        ({"cash": [1.0], "debt": [1.0, 2.0]}, "funds has columns of 1, 2 rows"),
        ({"members": 3, "cash": "lognorml(mean=1, sd=1)"}, 'funds: .* did you mean "lognormal"'),
        (
            {"members": 3, "cash": "exponential(mean=1)", "correlation": 0.5},
            "funds: correlation is 0.5; it must be a table",
        ),
        ({"members": 3, "correlation": {"cash, debt": 0.5}}, "funds: .* nothing is drawn"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        made(given)


def test_a_field_that_must_be_there_is_asked_for() -> None:
    with pytest.raises(Refused, match=r"funds lacks the column side; it must be long or short"):
        made({"members": 2}, cash=1.0)
