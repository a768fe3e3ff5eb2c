"""The most that a household would pay and the least that it would take, against sums by hand."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import pytest

from scenarios.credit.program import Row, Variable
from scenarios.credit.reservation import Held

NOW: Row = ("budget", "0")
THEN: Row = ("budget", "u")
EAT: Variable = ("consumed freely", "0", "good")
LATER: Variable = ("consumed freely", "u", "good")
BUY: Variable = ("lent", "0", "j")
SELL: Variable = ("borrowed", "0", "j")
PAYS = Fraction(3, 4)


def held(used: set[Variable], exact: bool = True) -> Held:
    """Utility 2 c_0 + c_u; a security pays 3/4 at u."""
    one = Fraction(1)
    return Held(
        columns={EAT: {NOW: one}, LATER: {THEN: one}, BUY: {THEN: -PAYS}, SELL: {THEN: PAYS}},
        gains={EAT: Fraction(2), LATER: one, BUY: Fraction(0), SELL: Fraction(0)},
        used=frozenset(used),
        slack=frozenset(),
        exact=exact,
    )


@pytest.mark.parametrize("exact", [True, False])
def test_who_eats_at_both_nodes_has_one_valuation(exact: bool) -> None:
    ends = held({EAT, LATER}, exact).between(NOW, {BUY: 1, SELL: -1})
    assert ends is not None
    assert [float(end) for end in ends] == pytest.approx([0.375, 0.375], abs=1e-9)
    assert not exact or ends == (Fraction(3, 8), Fraction(3, 8))


def test_who_eats_nothing_later_may_value_it_more() -> None:
    """The multiplier of u may be anything from one up."""
    assert held({EAT}).between(NOW, {BUY: 1, SELL: -1}) == (Fraction(3, 8), inf)


def test_what_is_no_optimum_has_no_quotes() -> None:
    worth_more = Held(
        columns={EAT: {NOW: Fraction(1)}, LATER: {NOW: Fraction(1)}},
        gains={EAT: Fraction(1), LATER: Fraction(2)},
        used=frozenset({EAT}),
        slack=frozenset(),
        exact=True,
    )
    assert worth_more.between(NOW, {}) is None


def test_what_is_missed_is_the_distance_to_the_valuation() -> None:
    plan = held({EAT, LATER}, exact=False)
    for quote, missed in ((0.375, 0.0), (0.275, 0.1), (0.575, 0.2)):
        found = plan.missed(NOW, {BUY: 1, SELL: -1}, quote)
        assert (found > 1e-3) == (missed > 0.0)
        assert found <= missed + 1e-9
