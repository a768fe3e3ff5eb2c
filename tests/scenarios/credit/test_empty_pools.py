"""Economies with linear utility in which a pool stays empty come to rest, by an auction."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from scenarios.credit import credit_tree
from simulator.outcome import Outcome

ECONOMIES = tomllib.loads(Path(__file__).with_name("empty_pools.toml").read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore:DataFrame is highly fragmented")  # a hundred columns
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("one_contract", Outcome.CLEARED),
        pytest.param("a_nominal_contract", Outcome.NO_TRADE, marks=pytest.mark.slow),
        pytest.param("five_households", Outcome.CLEARED, marks=pytest.mark.slow),
    ],
)
def test_markets_clear_once_cautious_borrowers_have_shown_what_empty_pools_deliver(
    name: str, outcome: Outcome
) -> None:
    given: dict[str, Any] = ECONOMIES[name]
    run = credit_tree.SCENARIO.run(studies=False, max_rounds=600, **given)
    assert run.outcome is outcome
    assert run.certificate.holds
    assert run.dates["knew"].tolist() == ["traders' schedules"]
