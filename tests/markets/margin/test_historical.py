"""Rules that read past prices, and the tools against procyclicality, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from markets.margin import measures
from markets.margin.historical import (
    ExpectedShortfall,
    FilteredValueAtRisk,
    HistoricalRule,
    NormalValueAtRisk,
    ValueAtRisk,
)
from markets.margin.known import Known
from markets.refused import Refused

RULES: list[type[HistoricalRule]] = [
    ValueAtRisk, ExpectedShortfall, FilteredValueAtRisk, NormalValueAtRisk,
]  # fmt: skip
PRICES = 100.0 * np.exp(np.cumsum(0.01 * np.random.default_rng(2).standard_t(4, size=3_000)))
KNOWN = Known(float(PRICES[-1]), PRICES[:-1])


@pytest.mark.parametrize("rule", RULES)
def test_the_haircut_is_the_loss_at_the_measure_for_each_side(rule: type[HistoricalRule]) -> None:
    returns = np.diff(np.log(PRICES))[-250:]
    long, short, both = (
        rule(horizon=2, side=side).haircut(KNOWN) for side in ("long", "short", "both")
    )
    low, high = rule(horizon=2).tails(returns)
    assert long == pytest.approx(1.0 - np.exp(low))
    assert short == pytest.approx(np.exp(high) - 1.0)
    assert both == max(long, short)
    assert long != short
    by_position = rule(horizon=2, side="position")
    for position, haircut in ((0.5, long), (-0.5, short), (0.0, both)):
        assert by_position.haircut(replace(KNOWN, position=position)) == haircut


@pytest.mark.parametrize("rule", RULES)
def test_a_posted_price_counts_as_the_last_one(rule: type[HistoricalRule]) -> None:
    calm = rule(confidence=0.9, window=30, side="long").haircut(Known(PRICES[-1], PRICES[:-1]))
    fallen = rule(confidence=0.9, window=30, side="long").haircut(
        Known(0.8 * PRICES[-1], PRICES[:-1])
    )
    assert fallen > calm


@pytest.mark.parametrize("rule", RULES)
def test_too_short_a_past_charges_the_initial_haircut(rule: type[HistoricalRule]) -> None:
    made = rule(confidence=0.95, window=100, horizon=3, initial=0.07)
    short = Known(1.0, np.ones(made.needed - 1))
    assert short.returns.size == made.needed - 1
    assert made.haircut(short) == 0.07
    assert made.haircut(Known(1.0, np.ones(made.needed))) == 0.0
    assert made.haircut(Known(1.0)) == 0.07


def test_stressed_observations_have_their_weight() -> None:
    stressed = 0.04 * np.random.default_rng(3).standard_normal(300)
    plain = ValueAtRisk(side="long").haircut(KNOWN)
    worst = 1.0 - np.exp(measures.historical_simulation(stressed, 0.99, 1)[0])
    rule = ValueAtRisk(side="long", stressed=tuple(stressed), stress_weight=0.25)
    assert rule.haircut(KNOWN) == pytest.approx(0.75 * plain + 0.25 * worst)


def test_the_floor_is_the_same_measure_over_the_long_look_back() -> None:
    still = np.append(PRICES, np.full(400, PRICES[-1]))
    known = Known(float(still[-1]), still[:-1])
    assert ValueAtRisk().haircut(known) == 0.0
    long = ValueAtRisk(window=2_500).haircut(known)
    assert ValueAtRisk(floor_window=2_500).haircut(known) == long > 0.01


@pytest.mark.parametrize("rule", [FilteredValueAtRisk, NormalValueAtRisk])
def test_stressed_period_and_long_look_back_are_not_forgotten(rule: type[HistoricalRule]) -> None:
    """A crisis of years ago is in the floor and in the stressed period, whatever the decay."""
    rng = np.random.default_rng(8)
    moves = np.concatenate([0.04 * rng.standard_normal(300), 0.004 * rng.standard_normal(1_200)])
    levels = np.exp(np.cumsum(moves))
    known = Known(float(levels[-1]), levels[:-1])
    recent, floored = (rule(floor_window=f, side="long").haircut(known) for f in (0, 1_499))
    assert recent < 0.015  # of 0.004 a date
    look_back = np.diff(np.log(levels))
    if rule is NormalValueAtRisk:
        sigma = float(np.sqrt(np.mean(look_back**2)))
        assert floored == pytest.approx(1.0 - np.exp(-stats.norm.ppf(0.99) * sigma))
    else:
        assert floored == pytest.approx(1.0 - np.exp(np.quantile(look_back, 0.01)))
    after = np.concatenate([look_back[:300], look_back[-200:]])  # ends in a calm
    stressed = rule(stressed=tuple(after), stress_weight=1.0, side="long").haircut(known)
    assert stressed > 3.0 * recent


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "tools",
    [
        {},
        {"buffer": 0.25, "speed_limit": 0.05, "least": 0.02},
        {"floor_window": 900, "stress_weight": 0.25, "horizon": 5, "side": "long"},
    ],
)
def test_replaying_all_windows_at_once_is_asking_at_each_date(
    rule: type[HistoricalRule], tools: dict[str, Any]
) -> None:
    stressed = tuple(0.04 * np.random.default_rng(3).standard_normal(300))
    made = rule(confidence=0.975, window=300, stressed=stressed, **tools)
    prices, charged = PRICES[:1_000], None
    at_once = made.replay(prices)
    for date, price in enumerate(prices.tolist()):
        charged = made.haircut(Known(price, prices[:date], charged))
        assert at_once[date] == pytest.approx(charged, rel=1e-12)
    assert made.replay(prices[:400]) == pytest.approx(at_once[:400], rel=1e-12)


def test_the_buffer_is_drawn_down_before_the_charge_rises() -> None:
    rule, plain = ValueAtRisk(buffer=0.25), ValueAtRisk()
    wanted = plain.haircut(KNOWN)

    def charged(before: float | None) -> float:
        return rule.haircut(Known(KNOWN.price, KNOWN.past, before))

    assert charged(None) == pytest.approx(1.25 * wanted)  # a full buffer at first
    assert charged(1.1 * wanted) == pytest.approx(1.1 * wanted)  # stays while it covers
    assert charged(0.8 * wanted) == pytest.approx(wanted)  # used up: rises to what is needed
    assert charged(2.0 * wanted) == pytest.approx(1.25 * wanted)  # falls back to a full buffer


def test_the_speed_limit_holds_back_a_rise_and_no_fall() -> None:
    rule = ValueAtRisk(speed_limit=0.1)
    wanted = ValueAtRisk().haircut(KNOWN)
    slow = rule.haircut(Known(KNOWN.price, KNOWN.past, 0.5 * wanted))
    assert slow == pytest.approx(0.55 * wanted)
    assert rule.haircut(Known(KNOWN.price, KNOWN.past, 3.0 * wanted)) == pytest.approx(wanted)
    assert rule.haircut(Known(KNOWN.price, KNOWN.past, 0.0)) == pytest.approx(wanted)


@given(
    st.sampled_from(RULES),
    st.integers(0, 1_000),
    st.floats(0.55, 0.98),
    st.integers(1, 10),
    st.floats(0.0, 0.5),
    st.floats(0.0, 1.0),
)
def test_every_haircut_lies_in_its_range_and_no_unit_of_price_matters(
    rule: type[HistoricalRule], seed: int, confidence: float, horizon: int, buffer: float, w: float
) -> None:
    rng = np.random.default_rng(seed)
    prices = np.exp(np.cumsum(rng.choice([0.001, 0.1, 2.0]) * rng.standard_t(3, size=150)))
    made = rule(
        confidence=confidence, horizon=horizon, window=100, buffer=buffer,
        stressed=tuple(rng.standard_normal(100)), stress_weight=w, least=0.01, speed_limit=5.0,
    )  # fmt: skip
    haircut = made.haircut(Known(float(prices[-1]), prices[:-1], 0.02))
    assert 0.01 <= haircut < 1.0
    scaled = made.haircut(Known(7.0 * float(prices[-1]), 7.0 * prices[:-1], 0.02))
    assert scaled == pytest.approx(haircut, rel=1e-9)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"confidence": 0.5}, "confidence is 0.5; it must lie between 1/2 and 1"),
        ({"horizon": 0}, "horizon is 0; it must be a whole number of at least 1"),
        ({"window": 99}, "window is 99; confidence 0.99 over 1 dates needs at least 100 returns"),
        ({"side": "up"}, 'side is "up"'),
        ({"initial": 1.0}, "haircut is 1.0"),
        ({"floor_window": 50}, "floor_window is 50; confidence 0.99 over 1 dates needs at least"),
        ({"stress_weight": 1.5}, "stress_weight is 1.5"),
        ({"stress_weight": 0.25}, "stressed has 0 returns; this rule needs at least 100"),
        ({"stressed": (float("nan"),)}, "no finite number"),
        ({"buffer": -0.1}, "buffer is -0.1"),
        ({"speed_limit": 0.0}, "speed_limit is 0.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        ValueAtRisk(**settings)
    assert said in str(refused.value)


def test_a_decay_of_one_never_learns_and_is_refused() -> None:
    with pytest.raises(Refused, match="decay is"):
        NormalValueAtRisk(decay=1.0)
