"""Welfare by short limit: the line where defaults begin, and closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm, bond_scenario, welfare
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.program import utility
from simulator.parameters import parse
from simulator.run import Run, simulate


def title(figure: Figure) -> str:
    assert figure._suptitle is not None  # type: ignore[attr-defined]
    return str(figure._suptitle.get_text())  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def tables(three: Run[BankruptcyCapm]) -> dict[str, pd.DataFrame]:
    runs = (bankruptcy.SCENARIO.run(), three)
    return {run.scenario.name: run.studies[welfare.STUDY] for run in runs}


def test_bankruptcy_is_worse_for_all_three_than_the_largest_limit_without_it(
    tables: dict[str, pd.DataFrame], three: Run[BankruptcyCapm]
) -> None:
    """And better than no borrowing for two of them only: the welfare question of the source."""
    by = tables["bankruptcy-capm"].pivot(index="cohort", columns="credit", values="gain_in_goods")
    assert (by[welfare.AS_GIVEN] < by[welfare.NO_DEFAULT]).all()
    assert (by[welfare.AS_GIVEN] > 0.0).tolist() == [True, False, True]
    assert "bankruptcy is worth -0.01287 to cohort 1" in three.scenario.summary(three)


def test_a_little_above_the_limit_somebody_defaults_and_at_it_nobody(
    tables: dict[str, pd.DataFrame],
) -> None:
    limit = float(tables["bankruptcy-capm"]["short_limit"].iloc[3])
    for short_limit, defaults in ((limit * (1.0 - 1e-6), 0.0), (limit * 1.001, 0.31)):
        parameters = parse(BankruptcyCapm, {"short_limit": short_limit})
        run = simulate(bankruptcy_capm.SCENARIO, parameters, studies=False)
        assert run.dates["probability_of_default"].item() == defaults


def test_where_nobody_defaults_the_limit_is_the_economys_own() -> None:
    run = bankruptcy_capm.SCENARIO.run(short_limit=0.2)
    table = run.studies[welfare.STUDY]
    assert (table["short_limit"] == [0.2] * 6 + [0.0] * 3).all()
    assert run.scenario.summary(run) == run.scenario.title.summary
    assert title(run.plot()["welfare"]).startswith("Nobody defaults")


def test_a_run_that_does_not_clear_makes_no_table() -> None:
    parameters = BankruptcyCapm(max_rounds=2)
    made = welfare.welfare_by_short_limit(
        parameters, np.random.default_rng(0), bankruptcy_capm.economy, bond_scenario.state_of
    )
    assert made is None


def test_utilities_are_those_of_the_members_programs(three: Run[BankruptcyCapm]) -> None:
    here = bond_scenario.state_of(three.parameters, three.points[-1])
    for state in (
        here,
        replace(here, quadratic_now=np.array([True, False, True])),
        replace(here, quadratic=np.zeros(3, dtype=np.bool_), first=0.1 * here.first),
    ):
        each = [utility(state, i, state.now[i], state.later[i]) for i in range(3)]
        np.testing.assert_allclose(welfare.utilities(state), each)


def test_what_is_left_over_is_that_of_the_borrower_closest_to_default(
    three: Run[BankruptcyCapm],
) -> None:
    here = bond_scenario.state_of(three.parameters, three.points[-1])
    assert welfare.left_over(here) == pytest.approx(float(np.min(here.later)))
    idle = replace(here, bond=np.zeros(3))
    assert welfare.left_over(idle) == pytest.approx(float(np.min(idle.resources)))


def test_the_figure_names_who_gains_and_who_loses(three: Run[BankruptcyCapm]) -> None:
    figure = three.plot()["welfare"]
    assert title(figure) == "0 of 3 cohorts gain by bankruptcy, 3 lose"
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["cohort 1", "cohort 2", "cohort 3"]
    shown = [text.get_text() for text in axes.texts]
    assert shown == ["0.01615", "0.006739", "0.01576", "0.00328", "-4.094e-05", "0.004109"]
