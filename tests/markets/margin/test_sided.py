"""Margins that differ by the sign of a position."""

import numpy as np
import pytest

from markets.margin import (
    FlatMargin,
    Known,
    LinearMargin,
    PostedSides,
    SidedMargin,
    VolatilityMargin,
    on_side,
)

LONG, SHORT = LinearMargin(0.5, 0.6, 10.0), VolatilityMargin(0.3)


def test_short_positions_pay_the_short_margin_and_all_others_the_long_one() -> None:
    rule = SidedMargin(LONG, SHORT)
    assert rule.on(-1e-9) is SHORT
    assert rule.on(1.0) is rule.on(0.0) is LONG
    assert rule.haircut(Known(9.0, position=1.0)) == LONG.haircut(Known(9.0))
    assert on_side(LONG, -1.0) is LONG
    assert on_side(rule, -1.0) is SHORT


def test_both_sides_learn_from_a_close() -> None:
    first = PostedSides.opened(SidedMargin(LONG, SHORT), 10.0)
    second = first.closed_at(9.0)
    assert second.on(1.0).margin(8.0) == pytest.approx(0.5 + 0.6 * 2.0)
    variance = 0.94 * 0.3**2 + 0.06 * 1.0
    assert second.on(-1.0).margin(8.0) == pytest.approx(2.3263478740408408 * np.sqrt(variance))
    assert first.on(-1.0).margin(8.0) == pytest.approx(2.3263478740408408 * 0.3)


def test_a_rule_without_sides_stands_for_both_and_can_be_replaced() -> None:
    posted = PostedSides.opened(FlatMargin(0.2), 10.0)
    assert posted.on(1.0).margin(5.0) == posted.on(-1.0).margin(5.0) == 1.0
    later = posted.by(SidedMargin(FlatMargin(0.1), FlatMargin(0.3)))
    assert (later.on(1.0).margin(5.0), later.on(-1.0).margin(5.0)) == (0.5, 1.5)
    assert (later.on(1.0).position, later.on(-1.0).position) == (1.0, -1.0)
