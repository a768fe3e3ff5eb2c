"""Two random linear economies: one that hardly settles, one with a contract that nobody trades."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from scenarios.credit import credit_tree
from simulator.outcome import Outcome

PLACE = Path(__file__).with_name("linear_economies.toml")
ECONOMIES: dict[str, Any] = tomllib.loads(PLACE.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ECONOMIES)
def test_they_clear_by_default_and_are_certified(name: str) -> None:
    run = credit_tree.SCENARIO.run(studies=False, **ECONOMIES[name])
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds


@pytest.mark.slow
def test_a_contract_that_nobody_trades_comes_with_an_interval_around_its_price() -> None:
    run = credit_tree.SCENARIO.run(studies=False, **ECONOMIES["untraded"])
    (end,) = run.ends
    assert end.intervals
    for name, (lowest, highest) in end.intervals.items():
        assert lowest <= run.equilibrium[name] <= highest
    low, high = end.intervals["price[k0@0]"]
    assert 0.0 < low < high < 1.0
