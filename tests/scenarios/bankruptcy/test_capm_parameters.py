"""Parameters of bankruptcy-capm: bad input in one sentence, names, drawn members."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.bankruptcy.utility import ConstantRiskAversion, LinearQuadratic
from markets.bankruptcy.instruments import BondAndEquities
from markets.refused import Refused
from scenarios.bankruptcy.capm_members import members_of
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm, CohortOfInvestors
from simulator.parameters import parse, read_toml

TWO_STATES = BondAndEquities(np.array([0.5, 0.5]), np.array([[1.0], [2.0]]))
ONE_STATE = BondAndEquities(np.ones(1), np.zeros((1, 0)))


def cohorts_with(**changed: Any) -> dict[str, Any]:
    cohorts = [c.model_dump(exclude_none=True) for c in BankruptcyCapm().cohorts]
    cohorts[1] = {k: v for k, v in {**cohorts[1], **changed}.items() if v is not ...}
    return {"cohorts": cohorts}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"states": {"probabilities": [0.3, 0.3, 0.3]}}, "probabilities add up to 0.9; it must be"),
        ({"equities": {"payoffs": [[1.0, 1.0, 1.0]]}}, "payoffs of the bond and the equities are"),
        (
            {"equities": {"payoffs": [[1.0, 1.2]]}},
            "equities.payoffs[0] has 2 entries; it must have",
        ),
        (cohorts_with(endowment_now=0.0), "cohorts[1].endowment_now is 0.0; it must be"),
        (cohorts_with(endowment_later=[0.7, -1.0, 0.8]), "cohorts[1].endowment_later[1] is -1.0"),
        (cohorts_with(endowment_later=[0.7]), "cohorts[1].endowment_later has 1 entries; it must"),
        (cohorts_with(equities=[]), "cohorts[1].equities has 0 entries; it must have 1, one per"),
        (cohorts_with(satiation=2.0), "cohorts[1].satiation is 2; it must be at least 6.35"),
        (cohorts_with(satiation=...), 'cohorts[1]: satiation is missing; utility "quadratic"'),
        (cohorts_with(patience=1.0), 'cohorts[1]: patience is given; utility "quadratic" has'),
        (
            cohorts_with(wieght=1.0),
            'cohorts[1]: "wieght" is not a parameter; did you mean "weight"',
        ),
        (cohorts_with(endowment_now=...), "cohorts[1].endowment_now is missing; it must be"),
        ({"short_limit": -0.5}, "short_limit is -0.5; it must be"),
        ({"cohorts": []}, "cohorts is []; it must be"),
        ({"states": {}}, "states.probabilities is missing; it must be"),
        ({"states": 3}, "states is 3; it must be a table [states]"),
    ],
    ids=lambda value: value[:44] if isinstance(value, str) else "",
)
def test_bad_input_is_refused_in_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused) as error:
        parse(BankruptcyCapm, given)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_tables_and_parameters_must_not_name_one_thing_twice(tmp_path: Path) -> None:
    path = tmp_path / "twice.toml"
    path.write_text(
        'scenario = "bankruptcy-capm"\n[parameters]\nstates = {probabilities = [1.0]}\n'
        "[states]\nprobabilities = [1.0]\n"
    )
    with pytest.raises(Refused, match="has states twice"):
        read_toml(path)


def test_names_are_numbers_unless_given() -> None:
    assert BankruptcyCapm().cohort_names == ["cohort 1", "cohort 2", "cohort 3"]
    with pytest.raises(Refused, match="cohorts have the names x, x; each must be different"):
        parse(
            BankruptcyCapm,
            {"cohorts": [c.model_dump() | {"name": "x"} for c in BankruptcyCapm().cohorts[:2]]},
        )


def test_somebody_must_own_each_equity() -> None:
    cohorts = [c.model_dump() | {"equities": [0.0]} for c in BankruptcyCapm().cohorts]
    with pytest.raises(Refused, match="cohorts own none of equity 1; somebody must"):
        parse(BankruptcyCapm, {"cohorts": cohorts})


def test_members_spread_around_their_table_by_the_seed() -> None:
    table = CohortOfInvestors(
        members=500, weight=2.0, satiation=9.0, endowment_now=2.0, endowment_later=[1.0, 3.0],
        equities=[0.5], spread=0.2,
    )  # fmt: skip
    first, again, other = (
        members_of(table, "x", TWO_STATES, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.later, again.later)
    assert np.any(first.later != other.later)
    for drawn, mean in ((first.now, 2.0), (first.later, [1.0, 3.0]), (first.equities, 0.5)):
        assert np.all(np.abs(drawn / mean - 1.0) <= 0.2)
        np.testing.assert_allclose(np.mean(drawn / mean, axis=0), 1.0, atol=0.02)
    assert isinstance(first.utility, LinearQuadratic)
    assert np.all(first.utility.weight == 2.0)


def test_quadratic_at_both_dates_needs_satiation_above_all_goods_of_both_dates() -> None:
    given: dict[str, Any] = {"utility": "quadratic at both dates", "weight": ...}
    assert parse(BankruptcyCapm, cohorts_with(**given, satiation=12.0)).cohorts[1].weight is None
    with pytest.raises(Refused, match=r"cohorts\[1\].satiation is 11; it must be at least 11.8"):
        parse(BankruptcyCapm, cohorts_with(**given, satiation=11.0))


def test_the_utility_is_that_of_the_table() -> None:
    table = CohortOfInvestors(
        utility="constant risk aversion", risk_aversion=1.5, patience=0.9, endowment_now=1.0,
        endowment_later=[1.0],
    )  # fmt: skip
    utility = members_of(table, "x", ONE_STATE, np.random.default_rng(0)).utility
    assert isinstance(utility, ConstantRiskAversion)
    assert utility.columns()["risk_aversion"] == [1.5]
