"""Reading a contract: bundles, rates and formulas, as the README of this folder describes them."""

from __future__ import annotations

from collections.abc import Sequence

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    Coupon,
    FixedRateCoupon,
    FormulaCoupon,
    FormulaPrepayment,
    ForwardPrepayment,
    Prepayment,
    RealCoupon,
    RealPrepayment,
)
from markets.credit.event_tree import EventTree
from markets.credit.formula import Formula, read_formula
from markets.refused import Refused
from scenarios.credit.entries import (
    Entry,
    allow,
    bundle,
    by_node,
    kind_of,
    need,
    number,
    only,
    table_of,
)

COUPONS = ("real", "fixed rate", "nominal", "formula")
PREPAYMENTS = ("real", "backward", "forward", "formula")


def contract_of(entry: Entry, tree: EventTree) -> Contract:
    """The contract that a table describes.

    Raises
    ------
    Refused
        With one sentence that names the field, what is there, and what is allowed.
    """
    rule, goods, issue = entry.get("prepayment"), tree.goods, str(need(entry, "issued_at"))
    later = [*tree.after(issue), *(tree.last if issue == tree.root else ())]
    who = f'contract "{entry["name"]}": '
    contract = Contract(
        name=str(entry["name"]),
        issued_at=issue,
        collateral=bundle(need(entry, "collateral"), goods, "collateral"),
        coupon=_coupon(need(entry, "coupon"), goods, later, who),
        prepayment=None if rule is None else _prepayment(rule, tree, who),
    )
    contract.check(tree)
    return contract


def _coupon(given: object, goods: Sequence[str], later: Sequence[str], who: str) -> Coupon:
    if isinstance(given, str):
        return FormulaCoupon(dict.fromkeys(later, read_formula(given, f"{who}coupon")))
    kind, rest = kind_of(given, COUPONS, "coupon")
    if kind == "formula":
        table = table_of(only(rest, "pays", "coupon"), "coupon.pays")
        return FormulaCoupon(_formulas(table, f"{who}coupon"))
    if kind == "real":
        return RealCoupon(by_node(only(rest, "pays", "coupon"), goods, "coupon.pays"))
    rate = number(need(rest, "rate"), "coupon.rate")
    if kind == "nominal":
        allow(rest, ("rate",), "coupon")
        return FixedRateCoupon(rate)
    allow(rest, ("rate", "index"), "coupon")
    return FixedRateCoupon(rate, bundle(need(rest, "index"), goods, "coupon.index"))


def _prepayment(given: object, tree: EventTree, who: str) -> Prepayment:
    if isinstance(given, str):
        formula = read_formula(given, f"{who}prepayment", coupon=True)
        return FormulaPrepayment(dict.fromkeys(tree.middle, formula))
    kind, rest = kind_of(given, PREPAYMENTS, "prepayment")
    if kind == "formula":
        table = table_of(only(rest, "costs", "prepayment"), "prepayment.costs")
        return FormulaPrepayment(_formulas(table, f"{who}prepayment", coupon=True))
    if kind == "real":
        return RealPrepayment(by_node(only(rest, "costs", kind), tree.goods, "prepayment.costs"))
    if kind == "backward":
        allow(rest, (), "prepayment")
        return BackwardPrepayment()
    allow(rest, ("discount", "of"), "prepayment")
    discount = table_of(need(rest, "discount"), "prepayment.discount")
    of = rest.get("of", "coupons")
    if of not in ("coupons", "deliveries"):
        raise Refused(f'prepayment.of is {of!r}; it must be "coupons" or "deliveries"')
    return ForwardPrepayment(
        {n: number(v, f"prepayment.discount.{n}") for n, v in discount.items()}, of
    )


def _formulas(table: Entry, what: str, *, coupon: bool = False) -> dict[str, Formula]:
    return {
        node: read_formula(str(text), f'{what} at "{node}"', coupon=coupon)
        for node, text in table.items()
    }
