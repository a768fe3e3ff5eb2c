"""Rules replayed on given prices."""

from __future__ import annotations

import numpy as np
import pytest

from markets.margin.historical import ExpectedShortfall, NormalValueAtRisk, ValueAtRisk
from markets.margin.known import Known
from scenarios.funding.replay import at_the_same_average, replay
from simulator.price_paths import draw_prices

PRICES = draw_prices("garch", 1_200, 0.012, np.random.default_rng(7))
RULES = {
    "value-at-risk": ValueAtRisk(horizon=2, confidence=0.95),
    "ewma": NormalValueAtRisk(horizon=2, confidence=0.95),
    "buffered": NormalValueAtRisk(horizon=2, confidence=0.95, buffer=0.25),
}


def table(same_average: bool = False) -> dict[str, dict[str, float]]:
    made = {name: replay(rule, PRICES, 250) for name, rule in RULES.items()}
    if same_average:
        made = at_the_same_average(made)
    return {name: each.measures(5) for name, each in made.items()}


def test_no_rule_sees_the_future() -> None:
    rule = RULES["buffered"]
    whole, cut = rule.replay(PRICES), rule.replay(PRICES[:600])
    assert (whole[:600] == cut).all()
    assert whole[300] == rule.haircut(Known(float(PRICES[300]), PRICES[:300], float(whole[299])))


def test_breaches_are_as_frequent_as_promised_by_the_rule_that_only_reads_history() -> None:
    made = table()
    assert made["value-at-risk"]["expected_share"] == pytest.approx(0.10)  # on both sides
    assert made["value-at-risk"]["breach_share"] == pytest.approx(0.10, abs=0.03)
    assert {row["periods"] for row in made.values()} == {1_200 - 250 - 2}
    assert made["buffered"]["breaches"] < made["ewma"]["breaches"]
    assert made["buffered"]["over_margining"] > made["ewma"]["over_margining"]


def test_expected_shortfall_promises_no_share_of_breaches() -> None:
    made = replay(ExpectedShortfall(confidence=0.95), PRICES, 250).measures(5)
    assert made["breaches"] > 0
    for name in ("expected_share", "kupiec_p", "conditional_coverage_p"):
        assert np.isnan(made[name])
    assert 0.0 <= made["independence_p"] <= 1.0


def test_at_the_same_average_margin_a_rule_has_no_advantage_from_charging_more() -> None:
    made, plain = table(same_average=True), table()
    averages = [row["average_margin"] for row in made.values()]
    assert averages == pytest.approx([averages[0]] * 3)
    for name, row in made.items():  # ratios are those of the path as it is
        assert row["peak_to_trough"] == pytest.approx(plain[name]["peak_to_trough"])
    assert made["buffered"]["peak_to_trough"] < made["ewma"]["peak_to_trough"]
    more, less = (each["buffered"]["breaches"] for each in (made, plain))
    assert more > less  # its buffer is taken away again
