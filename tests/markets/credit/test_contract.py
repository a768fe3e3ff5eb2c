"""Contracts: which fit on a tree, and what their collateral becomes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    FixedRateCoupon,
    ForwardPrepayment,
    RealCoupon,
    RealPrepayment,
    collateral_at,
)
from markets.credit.event_tree import EventTree, Node
from markets.refused import Refused

HALF = ((Fraction(1, 2),),)
ONE = (Fraction(1),)
TREE = EventTree((Node("0", None), Node("u", "0", HALF), Node("v", "u", HALF)), ("good",))
LONG = Contract("j", "0", ONE, FixedRateCoupon(Fraction(1, 5)), BackwardPrepayment())


def test_collateral_lasts_as_the_good_does() -> None:
    assert collateral_at(LONG, "u", TREE) == (Fraction(1, 2),)
    assert collateral_at(LONG, "v", TREE) == (Fraction(1, 4),)
    late = Contract("k", "u", ONE, RealCoupon({"v": ONE}))
    assert collateral_at(late, "v", TREE) == (Fraction(1, 2),)


BAD = {
    "which is no node": replace(LONG, issued_at="x"),
    "a node of date 2": replace(LONG, issued_at="v"),
    "is not zero": replace(LONG, collateral=(Fraction(0),)),
    "prepayment is missing": replace(LONG, prepayment=None),
    "prepayment is given": replace(LONG, issued_at="u"),
    "must be above -1": replace(LONG, coupon=FixedRateCoupon(Fraction(-1))),
    "all must be": replace(LONG, coupon=FixedRateCoupon(Fraction(0), (Fraction(0),))),
    "needs a coupon with a fixed rate": replace(LONG, coupon=RealCoupon({})),
    "while the coupon is not": replace(LONG, prepayment=RealPrepayment({"u": ONE})),
    "missing or not positive": replace(LONG, prepayment=ForwardPrepayment({})),
    "must not be negative": replace(
        LONG, coupon=RealCoupon({"u": (Fraction(-1),)}), prepayment=RealPrepayment({"u": ONE})
    ),
    "which does not follow": replace(
        LONG, issued_at="u", coupon=RealCoupon({"u": ONE}), prepayment=None
    ),
}


@pytest.mark.parametrize("sentence", BAD)
def test_what_does_not_fit_is_refused_by_name(sentence: str) -> None:
    with pytest.raises(Refused, match=f'contract "j": .*{sentence}'):
        BAD[sentence].check(TREE)


def test_what_fits_passes() -> None:
    LONG.check(TREE)
