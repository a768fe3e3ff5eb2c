"""Two goods: mortgages in a boom and in a bust."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from scenarios.credit import housing
from simulator.outcome import Outcome


def test_all_three_payment_behaviours_are_seen() -> None:
    run = housing.SCENARIO.run()
    assert run.outcome is Outcome.CLEARED
    at = run.dates.iloc[0]
    assert at["price[house@boom]"] > at["price[house@0]"] > at["price[house@bust]"] > 0.0
    assert at["prepaid[mortgage@boom]"] == pytest.approx(1.0)
    assert 0.05 < at["defaulted[mortgage@bust]"] < 0.95
    assert 0.05 < at["paid[mortgage@bust]"] < 0.95
    found = run.tables["propositions"]
    assert found["agrees"].all()
    assert found["underwater"].any()
    assert at["rounds"] < 250  # by rounds alone it takes more than a thousand
    assert at["verified"] == "in floating point"


@pytest.mark.parametrize("auction_after", [0, 5])
def test_a_household_may_have_no_use_for_a_good(auction_after: int) -> None:
    households: list[Any] = copy.deepcopy(housing.HOUSEHOLDS)
    for weights in households[0]["weights"].values():
        weights["house"] = 0
    run = housing.SCENARIO.run(households=households, auction_after=auction_after)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
