"""Which quotes a formula may refer to."""

from __future__ import annotations

from fractions import Fraction

import pytest

from markets.credit.contract import Contract, FormulaCoupon, FormulaPrepayment
from markets.credit.event_tree import EventTree, Node
from markets.credit.formula import Quoted, read_formula
from markets.credit.references import check_references, place_of
from markets.refused import Refused

KEEPS = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
TREE = EventTree(
    (Node("0", None), Node("u", "0", KEEPS), Node("u+", "u", KEEPS)), ("food", "house")
)


def long(coupon: str, prepayment: str = "coupon") -> Contract:
    return Contract(
        "j0",
        "0",
        (Fraction(0), Fraction(1)),
        FormulaCoupon({"u+": read_formula(coupon, "coupon")}),
        FormulaPrepayment({"u": read_formula(prepayment, "prepayment", coupon=True)}),
    )


LATE = Contract(
    "ju", "u", (Fraction(0), Fraction(1)), FormulaCoupon({"u+": read_formula("1", "coupon")})
)

UNKNOWN = [
    ("p['gold']", r"p\['gold'\] names 'gold'; goods are 'food', 'house'"),
    ("p[2]", r"p\[2\] names 2; goods are 'food', 'house'"),
    ("p['food', 'v']", r"names the node 'v'; it may be one of 0, u, u\+"),
    ("q['jv']", r"q\['jv'\] names 'jv'; contracts are 'j0', 'ju'"),
    ("pi['ju']", "names 'ju'; contracts of date 0 are 'j0'"),
    ("pi['j0', '0']", "names the node '0'; it may be one of u"),
]


@pytest.mark.parametrize(("text", "message"), UNKNOWN)
def test_a_quote_that_is_not_posted_is_named(text: str, message: str) -> None:
    with pytest.raises(Refused, match=f'contract "j0": coupon at "u\\+" is .*{message}'):
        check_references([long(text), LATE], TREE)
    with pytest.raises(Refused, match=f'contract "j0": prepayment at "u" is .*{message}'):
        check_references([long("1", text), LATE], TREE)


def test_all_posted_quotes_may_be_named() -> None:
    text = "p['house'] + p[0] + p['food', 'u+'] + q['ju'] + q['j0'] + pi['j0'] + pi['j0', 'u']"
    check_references([long(text, f"coupon + {text}"), LATE], TREE)


def test_a_quote_is_taken_at_the_node_of_the_payment_unless_it_names_another() -> None:
    assert place_of(Quoted("p", "house"), "u+", TREE) == "u+"
    assert place_of(Quoted("p", "house", "0"), "u+", TREE) == "0"
    assert place_of(Quoted("pi", "j0"), "u", TREE) == "u"
    assert place_of(Quoted("pi", "j0"), "u+", TREE) == "u"
