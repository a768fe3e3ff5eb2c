"""The catalogue: names, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from markets.refused import Refused
from markets.variable import find as find_variable
from simulator.parameters import declared
from walras.catalogue import TITLES, find, find_or_load, titles


def test_every_title_is_that_of_its_scenario() -> None:
    for name, title in TITLES.items():
        assert find(name).title is title
        assert find_or_load(name) is find(name)
    assert list(titles())[: len(TITLES)] == list(TITLES)


@pytest.mark.parametrize("name", TITLES)
def test_a_unit_is_the_same_wherever_it_is_said(name: str) -> None:
    """Columns and parameters of one name, accounts of the page and of the clearing house."""
    scenario = find(name)
    parameters = {item.name: item.unit for item in declared(scenario.parameters)}
    columns = scenario.variables.get("dates", ())
    said = {column.name: column.unit for column in columns if parameters.get(column.name)}
    assert said == {column: parameters[column] for column in said}
    case = scenario.cases(scenario.parameters())[0]
    house = case.build(np.random.default_rng(0)).house
    for account in scenario.page.accounts:
        found = find_variable(house.variables, account.column)
        assert found is not None, account.column
        assert account.unit == found[0].unit, account.column


def test_a_name_never_loads_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not a scenario"):
        find(str(tmp_path / "market.py"))
    with pytest.raises(Refused, match="can't be read: No such file"):
        find_or_load(str(tmp_path / "market.py"))
