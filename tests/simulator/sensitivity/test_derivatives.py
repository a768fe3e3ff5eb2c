"""Derivatives by the implicit function theorem, against economies that are cleared again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import walras
from markets.refused import Refused
from scenarios.exchange.published import KEHOE
from simulator.continuation.varied import NotCleared, varied
from simulator.parameters import parse

REPO: dict[str, Any] = {"traders": 200, "population": "continuum"}
SPECIAL = 1.0 - 0.964730106704
"""Haircut at which the security of a short market goes special."""


def differences(name: str, key: str, **parameters: Any) -> dict[str, float]:
    """Central differences of the quotes at the last date, by rounds."""
    scenario = walras.find(name)
    given = parse(scenario.parameters, parameters)
    value = next(iter(walras.sensitivities(name, keys=[key], **parameters).table["value"]))
    distance = 1e-5 * (abs(value) or 1.0)
    ends = []
    for number in (value - distance, value + distance):
        changed = varied(given, {key: number})
        run = scenario.run(
            studies=False, **{n: getattr(changed, n) for n in changed.model_fields_set}
        )
        ends.append(run.equilibrium)
    return {name: (ends[1][name] - ends[0][name]) / (2.0 * distance) for name in ends[0]}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("margin-hike", {**REPO, "haircuts": [0.01, 0.03]}),
        ("margin-hike", {**REPO, "haircuts": [0.1], "market": "long"}),
        pytest.param("margin-spiral", {"experts_wealth": [-4.7]}, marks=pytest.mark.slow),
        ("exchange", {"consumers": KEHOE, "start": [1.0, 8.0]}),
        ("collateral-equilibrium", {"assets": "tranching", "low_payoff": [0.3]}),
    ],
)
def test_every_derivative_is_that_of_economies_cleared_again(
    name: str, parameters: dict[str, Any]
) -> None:
    found = walras.sensitivities(name, **parameters)
    assert not found.left_out
    assert not found.table["kink"].any()
    quotes = found.table[found.table["quote"]]
    for key in found.keys:
        again = differences(name, key, **parameters)
        mine = quotes[quotes["parameter"] == key].set_index("output")["derivative"].to_dict()
        assert mine == pytest.approx(again, rel=1e-4, abs=1e-5), key


def test_the_quote_of_what_nobody_trades_stays() -> None:
    found = walras.sensitivities("collateral-equilibrium", assets="borrowing", low_payoff=[0.3])
    assert not found.left_out
    slopes = found.table.set_index(["parameter", "output"])["derivative"]
    assert slopes["cash", "price_loan_half"] == 0.0
    assert slopes["cash", "asset_price"] > 0.05


def test_read_outs_have_derivatives_too() -> None:
    found = walras.sensitivities("margin-hike", keys=["haircuts[0]"], haircuts=[0.03], **REPO)
    slopes = found.table.set_index("output")["derivative"]
    ends = [
        walras.run("margin-hike", studies=False, haircuts=[h], **REPO).dates["marginal_long"][0]
        for h in (0.03 - 1e-6, 0.03 + 1e-6)
    ]
    assert slopes["haircut"] == pytest.approx(1.0)
    assert slopes["marginal_long"] == pytest.approx((ends[1] - ends[0]) / 2e-6, rel=1e-4)


def test_where_the_security_goes_special_there_is_a_derivative_to_either_side() -> None:
    keys = ["haircuts[0]", "cash"]
    found = walras.sensitivities("margin-hike", keys=keys, haircuts=[SPECIAL], **REPO)
    assert found.kinks == keys
    table = found.table[found.table["parameter"] == "haircuts[0]"]
    row = table.set_index("output").loc["repo_rate"]
    assert np.isnan(row["derivative"])
    assert row["below"] == pytest.approx(0.0, abs=1e-5)
    further = walras.run("margin-hike", studies=False, haircuts=[SPECIAL + 1e-6], **REPO)
    assert row["above"] == pytest.approx(further.equilibrium["repo_rate"] / 1e-6, rel=1e-3)
    before = walras.run("margin-hike", studies=False, haircuts=[SPECIAL - 1e-6], **REPO)
    price = table.set_index("output").loc["security_price"]
    fall = price["level"] - before.equilibrium["security_price"]
    assert price["below"] == pytest.approx(fall / 1e-6, rel=1e-3)


def test_at_the_edge_of_a_jump_one_side_is_not_found() -> None:
    found = walras.sensitivities("margin-spiral", keys=["experts_wealth[0]"], experts_wealth=[-4.5])
    row = found.table.set_index("output").loc["security_price"]
    assert row["kink"]
    assert np.isnan(row["below"])
    assert row["above"] == 0.0


def test_a_parameter_that_can_not_be_moved_alone_is_left_out() -> None:
    found = walras.sensitivities("bankruptcy-capm", keys=["states.probabilities[0]", "short_limit"])
    assert list(found.left_out) == ["states.probabilities[0]"]
    assert found.keys == ["short_limit"]


def test_a_parameter_at_the_end_of_its_range_has_one_side() -> None:
    found = walras.sensitivities("bankruptcy-capm", keys=["cohorts[0].spread"])
    row = found.table.set_index("output").loc["bond_price"]
    assert np.isnan(row["below"])
    assert not row["kink"]
    assert row["derivative"] == row["above"] > 0.0


def test_an_exported_study_is_plain(tmp_path: Path) -> None:
    found = walras.sensitivities("exchange", keys=["consumers[0].elasticity"])
    folder = found.export(tmp_path, plots=False)
    said = json.loads((folder / "sensitivities.json").read_text())
    assert len(said["sensitivities"]) == len(found.table)
    assert (folder / "derivatives.parquet").is_file()
    assert repr(found).startswith("<Sensitivities exchange: ")


def test_what_can_not_be_asked_is_refused() -> None:
    with pytest.raises(Refused, match="hair"):
        walras.sensitivities("margin-hike", keys=["hair"], **REPO)
    with pytest.raises(Refused, match="income_up is not given"):
        walras.sensitivities("margin-hike", keys=["income_up"], **REPO)
    with pytest.raises(Refused, match="date is 3"):
        walras.sensitivities("margin-hike", date=3, **REPO)
    with pytest.raises(Refused, match="the cases are short"):
        walras.sensitivities("margin-hike", case="long", **REPO)
    with pytest.raises(Refused, match="continuum"):
        walras.sensitivities("margin-hike", traders=50)
    with pytest.raises(NotCleared, match="ran out of rounds"):
        walras.sensitivities("exchange", rule="plain", max_rounds=3)


def test_at_a_date_that_remembers_the_dates_before_move_too() -> None:
    def price(memory: float) -> float:
        run = walras.run("margin-procyclicality", rules=["volatility"], dates=3, memory=memory)
        return run.equilibrium["security_price"]

    found = walras.sensitivities(
        "margin-procyclicality", keys=["memory"], rules=["volatility"], dates=3
    ).table.set_index("output")
    step = 1e-4
    moved = (price(0.94 + step) - price(0.94 - step)) / (2.0 * step)
    assert moved != 0.0
    assert found.loc["security_price", "derivative"] == pytest.approx(moved, rel=1e-4)
