"""Coupons, prepayment and seized collateral at given prices."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    FixedRateCoupon,
    ForwardPrepayment,
    RealCoupon,
    RealPrepayment,
)
from markets.credit.event_tree import EventTree, Node
from markets.credit.obligations import Obligations

HALF = ((Fraction(1, 2),),)
ONE = (Fraction(1),)
TREE = EventTree((Node("0", None), Node("u", "0", HALF), Node("v", "u", HALF)), ("good",))
GOODS = np.array([[1.0], [2.0], [3.0]])
PRICE = np.array([0.6])
RESALE = np.array([[0.4]])
RATE = Fraction(1, 5)


def of(contract: Contract) -> Obligations:
    contract.check(TREE)
    return Obligations(TREE, [contract])


def test_collateral_is_worth_its_price_as_it_lasts() -> None:
    obligations = of(Contract("j", "0", ONE, FixedRateCoupon(RATE), BackwardPrepayment()))
    assert obligations.pledged(GOODS) == pytest.approx([1.0])
    assert obligations.seizures(GOODS)[:, 0] == pytest.approx([0.0, 1.0, 0.75])


def test_two_equal_nominal_payments_are_worth_the_loan() -> None:
    obligations = of(Contract("j", "0", ONE, FixedRateCoupon(RATE), BackwardPrepayment()))
    coupons = obligations.coupons(GOODS, PRICE, RESALE)[1:, 0]
    assert coupons[0] == pytest.approx(coupons[1])
    assert coupons @ [1 / 1.2, 1 / 1.2**2] == pytest.approx(PRICE[0])
    none = np.zeros((1, 1))
    assert obligations.prepayments(GOODS, PRICE, RESALE, np.zeros((3, 1)), none)[
        0, 0
    ] == pytest.approx(0.72)


def test_an_index_adjusts_payments_to_prices() -> None:
    obligations = of(Contract("j", "0", ONE, FixedRateCoupon(RATE, ONE), BackwardPrepayment()))
    coupons = obligations.coupons(GOODS, PRICE, RESALE)[1:, 0]
    assert coupons[1] / coupons[0] == pytest.approx(1.5)


def test_real_payments_are_values_of_bundles() -> None:
    coupon = RealCoupon({"u": (Fraction(1, 4),), "v": (Fraction(1, 2),)})
    obligations = of(Contract("j", "0", ONE, coupon, RealPrepayment({"u": ONE})))
    coupons = obligations.coupons(GOODS, PRICE, RESALE)
    assert coupons[:, 0] == pytest.approx([0.0, 0.5, 1.5])
    assert obligations.prepayments(GOODS, PRICE, RESALE, coupons, coupons[2:]) == pytest.approx(
        np.array([[2.0]])
    )


@pytest.mark.parametrize(
    ("of_what", "cost"), [("coupons", 0.5 + 0.8 * 1.5), ("deliveries", 0.5 + 0.8 * 0.75)]
)
def test_forward_prepayment_is_the_present_value_of_what_is_owed(of_what: str, cost: float) -> None:
    coupon = RealCoupon({"u": (Fraction(1, 4),), "v": (Fraction(1, 2),)})
    rule = ForwardPrepayment(
        {"v": Fraction(4, 5)}, "coupons" if of_what == "coupons" else "deliveries"
    )
    obligations = of(Contract("j", "0", ONE, coupon, rule))
    coupons = obligations.coupons(GOODS, PRICE, RESALE)
    delivery = np.minimum(coupons, obligations.seizures(GOODS))[obligations.last]
    assert obligations.prepayments(GOODS, PRICE, RESALE, coupons, delivery) == pytest.approx(
        np.array([[cost]])
    )


def test_contracts_of_date_1_end_at_the_nodes_that_follow() -> None:
    obligations = of(Contract("k", "u", ONE, RealCoupon({"v": ONE})))
    assert obligations.first.size == 0
    assert [part.tolist() for part in obligations.short] == [[0], [0]]
