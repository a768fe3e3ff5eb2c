"""Values of a sweep: checked one by one, told apart by what they say, files by their content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from simulator.sweep.values import (
    as_cell,
    as_given,
    default_of,
    files_of,
    identity,
    plain_values,
    rank,
)


def plain(name: str, value: object, folder: Path | None = None) -> Any:
    return plain_values(MarginHike.model_fields[name], name, [value], folder, None)[0]


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("cash", 1, 1.0),
        ("cash", np.float64(0.5), 0.5),
        ("traders", np.int64(7), 7),
        ("haircuts", [0, 0.5], [0.0, 0.5]),
        ("income_up", None, None),
        ("beliefs", "uniform", "uniform"),
    ],
)
def test_a_value_is_as_the_parameter_knows_it(name: str, value: object, known: object) -> None:
    found = plain(name, value)
    assert found == known
    assert type(found) is type(known)
    assert as_given({name: found}) == {name: known}


def test_a_value_is_checked_without_the_others() -> None:
    assert plain("low_payoff", 99.0) == 99.0  # above the default of high_payoff
    with pytest.raises(Refused, match="traders is 1; it must be a whole number of at least 2"):
        plain("traders", 1)


def test_a_default_is_a_plain_value() -> None:
    fields = MarginHike.model_fields
    assert default_of(fields["haircuts"]) == [0.01, 0.03]
    assert default_of(fields["income_up"]) is None


def test_files_are_told_apart_by_content_wherever_they_are(tmp_path: Path) -> None:
    values = []
    for place, cash in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / place / "members.csv"
        path.parent.mkdir()
        path.write_text(f"name,cash\na,{cash}\nb,3\n")
        values.append(plain("members", "members.csv", path.parent))
    first, second, third = values
    assert identity(first) == identity(second) != identity(third)
    assert as_given({"members": second}) == {"members": str(tmp_path / "b" / "members.csv")}
    assert files_of([first, 3.0]) == [tmp_path / "a" / "members.csv"]
    assert as_cell(first) == "members.csv"
    assert plain("members", first) == first


def test_a_cell_is_a_number_a_word_or_text() -> None:
    cells = [as_cell(value) for value in (1, 0.5, True, "long", None, [0.1, 1], {"b": 1, "a": 2})]
    assert cells == [1, 0.5, True, "long", None, "[0.1, 1]", '{"a": 2, "b": 1}']


def test_nothing_comes_first_then_numbers_in_their_order() -> None:
    values = ["b", [2], 10, None, 2.5, "a", -1]
    assert sorted(values, key=rank) == [None, -1, 2.5, 10, "a", "b", [2]]
