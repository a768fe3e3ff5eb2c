"""What every scenario declares for the page holds together, without any browser package."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from simulator.parameters import declared, parse
from simulator.scenario import Scenario
from tests.test_imports import BROWSER_PACKAGES
from walras.catalogue import TITLES, find
from walras.watched import Watched

SHOWN = [find(name) for name in TITLES]
WITH_A_LINE = [scenario for scenario in SHOWN if scenario.page.line is not None]


def test_the_main_scenarios_have_a_line_of_traders() -> None:
    assert {"margin-hike", "margin-spiral", "collateral-equilibrium"} <= {
        scenario.name for scenario in WITH_A_LINE
    }


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_controls_stay_inside_the_declarations(scenario: Scenario[Any]) -> None:
    known = {item.name: item for item in declared(scenario.parameters)}
    for control in scenario.page.controls_for(scenario.parameters):
        default = known[control.parameter].default
        assert not (control.choices and control.slider)
        if control.slider:
            assert control.low is not None
            assert control.high is not None
            first = default[0] if isinstance(default, list) else default
            assert control.low <= first <= control.high
        for value in (control.low, control.high, *control.choices):
            if value is None:
                continue
            other = Watched(scenario, **{control.parameter: value}).problem
            assert not other or control.parameter in other


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_every_page_has_controls_and_the_rule(scenario: Scenario[Any]) -> None:
    names = [control.parameter for control in scenario.page.controls_for(scenario.parameters)]
    assert len(names) == len(set(names)) > 3
    assert {"rule", "step", "max_rounds"} <= set(names)


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_every_amount_and_balance_is_recorded_and_balances_are_zero(
    scenario: Scenario[Any],
) -> None:
    watched = Watched(scenario)
    for _ in range(3):
        watched.step()
    moment = watched.now
    assert {line.column for line in moment.lines} <= set(moment.accounts)
    assert bool(moment.lines) == bool(moment.accounts)
    largest = max([abs(value) for value in moment.accounts.values()], default=0.0)
    for line in moment.lines:
        if line.kind == "balance":
            assert abs(moment.accounts[line.column]) <= 1e-9 * max(largest, 1.0), line.column


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_curves_accounts_and_positions_are_there_after_a_round(scenario: Scenario[Any]) -> None:
    page = scenario.page
    watched = Watched(scenario)
    assert watched.problem == ""
    watched.step()
    assert watched.economy is not None
    assert watched.economy.record is not None
    columns = set(watched.economy.record.columns)
    assert {curve.quote for curve in watched.curves} <= set(watched.economy.quotes)
    assert {account.column for account in page.accounts} <= columns
    assert {f"{name}_share" for name in watched.economy.market.excess_names} <= columns
    if page.line is None:
        return
    traders = page.line.traders(watched.economy, 50)
    assert 0 < len(traders) <= 60
    assert np.all(np.isfinite(traders[[page.line.along, page.line.held]]))
    assert page.line.marks(watched.economy)


@pytest.mark.parametrize("scenario", WITH_A_LINE, ids=lambda scenario: scenario.name)
def test_positions_are_looked_at_and_not_taken(scenario: Scenario[Any]) -> None:
    seen, unseen, line = Watched(scenario), Watched(scenario), scenario.page.line
    assert line is not None
    for _ in range(3):
        for watched in (seen, unseen):
            watched.step()
        assert seen.economy is not None
        assert unseen.economy is not None
        line.traders(seen.economy, 50)
        line.marks(seen.economy)
        assert seen.economy.quotes == unseen.economy.quotes


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_an_announcement_lists_its_term_date_by_date(scenario: Scenario[Any]) -> None:
    control = scenario.page.announcement
    if control is None:
        return
    for value in (control.low, control.high):
        parameters = parse(scenario.parameters, {control.parameter: [value, value]})
        assert {len(case.announcements) for case in scenario.cases(parameters)} == {2}


def test_no_browser_package_is_loaded_with_the_pages() -> None:
    code = (
        "import sys, walras.command, walras.panels, walras.watched;"
        f"print([name for name in {BROWSER_PACKAGES} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
