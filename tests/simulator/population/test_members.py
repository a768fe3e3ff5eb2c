"""Members as parameters: tables, numbers, lists and distributions side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from simulator.parameters import Parameters, about, parse
from simulator.population.members import (
    GivenAmount,
    GivenMembers,
    Population,
    correlation_parameter,
    members_parameter,
    populate,
    table_of,
)
from simulator.population.table import Column

COLUMNS = (
    Column("belief", "probability", "", 0.0, 1.0, open_low=True, open_high=True),
    Column("cash", "cash", "", 0.0),
)


class Sample(Parameters):
    """Parameters of a cohort."""

    members: GivenMembers = members_parameter(COLUMNS)
    cash: GivenAmount = about("cash", default=1.0)
    belief: GivenAmount = about("belief", default=0.5)
    correlation: dict[str, float] = correlation_parameter()


def made(seed: int = 0, count: int = 4, **given: Any) -> Population:
    parameters = parse(Sample, given)
    values = {"belief": parameters.belief, "cash": parameters.cash}
    table = table_of(parameters.members, COLUMNS)
    rng = np.random.default_rng(seed)
    return populate(table, values, count, COLUMNS, parameters.correlation, rng)


def test_a_table_decides_and_what_it_lacks_is_the_parameter(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("name,belief\nZug,0.2\nBern,0.7\n", encoding="utf-8")
    frame = pd.DataFrame({"name": ["Zug", "Bern"], "belief": [0.2, 0.7]})
    for members in (str(path), frame, frame.to_dict("list")):
        population = made(members=members, cash=3.0)
        assert population.names == ["Zug", "Bern"]
        assert population.count == 2
        assert np.asarray(population.fields["belief"]).tolist() == [0.2, 0.7]
        assert population.fields["cash"] == 3.0


def test_a_frame_is_written_as_a_table_of_lists() -> None:
    dumped = parse(Sample, {"members": pd.DataFrame({"cash": [1.0, 2.0]})}).model_dump(mode="json")
    assert dumped["members"] == {"cash": [1.0, 2.0]}


def test_distributions_are_drawn_by_the_seed_beside_lists_and_numbers() -> None:
    given: dict[str, Any] = {"cash": "lognormal(mean=2, sd=1)", "belief": [0.1, 0.2, 0.3, 0.4]}
    one, two, other = made(1, **given), made(1, **given), made(2, **given)
    assert np.array_equal(one.fields["cash"], two.fields["cash"])
    assert not np.array_equal(one.fields["cash"], other.fields["cash"])
    assert np.asarray(one.fields["belief"]).tolist() == [0.1, 0.2, 0.3, 0.4]


def test_drawn_fields_may_be_correlated() -> None:
    given: dict[str, Any] = {"cash": "exponential(mean=1)", "belief": "uniform(low=0.1, high=0.9)"}
    fields = made(count=2_000, correlation={"cash, belief": 0.8}, **given).fields
    drawn = pd.DataFrame(dict(fields))
    assert drawn.corr("spearman").loc["cash", "belief"] == pytest.approx(0.8, abs=0.03)


def test_without_a_distribution_no_random_number_is_drawn() -> None:
    rng = np.random.default_rng(3)
    populate(None, {"belief": 0.5, "cash": 1.0}, 4, COLUMNS, {}, rng)
    assert rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": {"cash": [1.0], "belief": [0.5, 0.6]}}, "columns of 1, 2 rows"),
        ({"members": {"cash": [-1.0]}}, "members, row 1: cash is -1"),
        ({"cash": [1.0, 2.0]}, "cash has 2 entries; it must be one number or a list of 4"),
        ({"belief": "normal(mean=0, sd=1)"}, r"drew .* must be a number in \(0, 1\): truncate"),
        ({"cash": "lognorml(mean=1, sd=1)"}, 'did you mean "lognormal"'),
        ({"correlation": {"cash, belief": 0.5}}, "nothing is drawn"),
        ({"members": "none.csv"}, "must be the name of a file"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        made(**given)
