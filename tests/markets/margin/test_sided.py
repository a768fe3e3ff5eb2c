"""Margins that differ by the sign of a position."""

from markets.margin import FlatMargin, LinearMargin, SidedMargin, VolatilityMargin, both_sides

LONG, SHORT = LinearMargin(0.5, 0.6, 10.0), VolatilityMargin(0.3, 10.0)


def test_short_positions_pay_the_short_margin_and_all_others_the_long_one() -> None:
    rule = SidedMargin(LONG, SHORT)
    assert rule.on(-1e-9) is SHORT
    assert rule.on(1.0) is LONG
    assert rule.on(0.0) is LONG


def test_both_sides_learn_from_a_close() -> None:
    assert SidedMargin(LONG, SHORT).closed_at(9.0) == SidedMargin(LONG, SHORT.closed_at(9.0))


def test_a_rule_without_sides_stands_for_both() -> None:
    rule = FlatMargin(0.2)
    assert both_sides(rule) == SidedMargin(rule, rule)
    assert both_sides(SidedMargin(LONG, SHORT)) == SidedMargin(LONG, SHORT)
