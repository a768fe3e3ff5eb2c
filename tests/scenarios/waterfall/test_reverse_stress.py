"""The mildest shock that uses up a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios.waterfall.default_waterfall import SCENARIO

DIRECTION = [-1.0, -0.5]


def settled(multiple: float) -> Any:
    news = [[multiple * change for change in DIRECTION]]
    return SCENARIO.run(news=news, equilibrium="greatest").dates.iloc[0]


def test_at_the_mildest_multiple_it_happens_and_a_little_below_it_does_not() -> None:
    run = SCENARIO.run(reverse_stress=DIRECTION, equilibrium="greatest")
    found = run.studies["reverse_stress"].set_index("exhausted")["multiple"]
    assert found.dropna().is_monotonic_increasing
    assert list(found.index) == ["a first default", "capital", "fund", "assessments", "gains"]
    for what, column, used in (
        ("a first default", "defaulted", lambda row: row["defaulted"] > 0.0),
        ("capital", "capital", lambda row: row["capital_left"] <= 1e-7),
        ("assessments", "assessed", lambda row: row["assessed"] >= 1.0 - 1e-7),
    ):
        assert used(settled(found[what])), column
        assert not used(settled(found[what] - 1e-6)), column


def test_a_layer_that_is_empty_or_holds_out_has_no_multiple() -> None:
    run = SCENARIO.run(reverse_stress=DIRECTION, equilibrium="greatest", capital=0.0, cash=1e6)
    assert run.studies["reverse_stress"]["multiple"].isna().all()
    assert "reverse_stress" not in SCENARIO.run(news=[0.0]).studies


def test_more_cash_makes_the_first_default_come_later() -> None:
    multiples = [
        SCENARIO.run(reverse_stress=[-1.0, -1.0], news=[0.0], cash=cash, equilibrium="greatest")
        .studies["reverse_stress"]["multiple"].iloc[0]
        for cash in (50.0, 200.0)
    ]  # fmt: skip
    assert np.all(np.diff(multiples) > 0.0)
    # the member with the largest loss fails when its loss is its cash
    run = SCENARIO.run(news=[0.0], cash=50.0, equilibrium="greatest")
    agents = run.agents
    net = agents["position_before[rates]"] + agents["position_before[credit]"]
    assert multiples[0] == pytest.approx(50.0 / (100.0 * float(net.max())), rel=1e-8)
