"""Reading an economy on an event tree from a file or from Python.

Every number may be written as a whole number, a decimal or a fraction such as ``"9/22"``, and is
kept as the fraction that it says. What does not fit is refused in one sentence with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    Coupon,
    FixedRateCoupon,
    ForwardPrepayment,
    Prepayment,
    RealCoupon,
    RealPrepayment,
)
from markets.credit.event_tree import Bundle, EventTree, Matrix, Node
from markets.refused import Refused
from scenarios.credit.primitives import CreditEconomy, Household
from simulator.names import unknown

Entry = Mapping[str, object]
"""A table of a file."""

Made = TypeVar("Made")

NODE = ("name", "after", "keeps")
CONTRACT = ("name", "issued_at", "collateral", "coupon", "prepayment")
HOUSEHOLD = ("name", "endowment", "weights", "risk_aversion")
COUPONS = ("real", "fixed rate", "nominal")
PREPAYMENTS = ("real", "backward", "forward")


def read(
    goods: Sequence[str],
    nodes: Sequence[object],
    contracts: Sequence[object],
    households: Sequence[object],
) -> CreditEconomy:
    """Read goods, nodes, contracts and households as the README of this folder describes them.

    Raises
    ------
    Refused
        With one sentence that names the place, what is there, and what is allowed.
    """
    tree = EventTree(
        tuple(_each("nodes", nodes, NODE, lambda entry: _node(entry, goods))), tuple(goods)
    )
    credit = tuple(_each("contracts", contracts, CONTRACT, lambda entry: _contract(entry, tree)))
    homes = tuple(_each("households", households, HOUSEHOLD, lambda entry: _household(entry, tree)))
    for kind, names in (
        ("contract", [contract.name for contract in credit]),
        ("household", [household.name for household in homes]),
    ):
        for name in names:
            if names.count(name) > 1:
                raise Refused(f'{kind}s: "{name}" is named twice; names are distinct')
    if not homes:
        raise Refused("households is empty; an economy has at least one household")
    for name in (contract.name for contract in credit):
        if name in goods:
            raise Refused(f'contracts: "{name}" is also the name of a good; names are distinct')
    return CreditEconomy(tree, credit, homes)


def number(given: object, what: str) -> Fraction:
    """A fraction from what a file or Python says.

    Examples
    --------
    >>> number("9/22", "keeps"), number(0.1, "rate")
    (Fraction(9, 22), Fraction(1, 10))
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str | Fraction):
        raise Refused(f"{what} is {given!r}; it must be a number or a fraction such as 9/22")
    try:
        return Fraction(str(given))
    except (ValueError, ZeroDivisionError):
        raise Refused(
            f'{what} is "{given}"; it must be a number or a fraction such as "9/22"'
        ) from None


def bundle(given: object, goods: Sequence[str], what: str) -> Bundle:
    """Amounts of every good: a table by good, or one number where there is one good."""
    if isinstance(given, Mapping):
        for good in given:
            if good not in goods:
                raise Refused(f"{what}: {unknown(str(good), list(goods), 'good')}")
        return tuple(number(given.get(good, 0), f"{what}.{good}") for good in goods)
    if len(goods) > 1:
        raise Refused(f"{what} is {given!r}; with {len(goods)} goods it must be a table by good")
    return (number(given, what),)


# ---------------------------------------------------------------------- one entry at a time
def _each(
    kind: str, given: Sequence[object], known: Sequence[str], make: Callable[[Entry], Made]
) -> Iterator[Made]:
    """Make the entries of a list, with the place before whatever is wrong with one."""
    for number, entry in enumerate(given):
        place = f"{kind}[{number}]"
        if not isinstance(entry, Mapping):
            raise Refused(f"{place} is {entry!r}; it must be a table")
        try:
            for key in entry:
                if key not in known:
                    raise Refused(unknown(str(key), list(known), "key"))
            if not isinstance(entry.get("name"), str) or not entry["name"]:
                raise Refused(f'name is {entry.get("name")!r}; it must be a text such as "u"')
            yield make(entry)
        except Refused as error:
            raise Refused(f"{place}: {error}") from None


def _need(entry: Entry, key: str) -> object:
    if key not in entry:
        raise Refused(f"{key} is missing")
    return entry[key]


def _node(entry: Entry, goods: Sequence[str]) -> Node:
    after = entry.get("after")
    if after is None:
        if "keeps" in entry:
            raise Refused("keeps is given at a node without after; nothing comes before it")
        return Node(str(entry["name"]), None)
    return Node(str(entry["name"]), str(after), _keeps(entry.get("keeps", 1), goods))


def _keeps(given: object, goods: Sequence[str]) -> Matrix:
    """A transformation: one share for all goods, a share by good, or a matrix, row by row."""
    if isinstance(given, list):
        if len(given) != len(goods) or not all(isinstance(row, list) for row in given):
            raise Refused(f"keeps is {given!r}; a matrix has {len(goods)} rows of numbers")
        return tuple(tuple(number(entry, "keeps") for entry in row) for row in given)
    if isinstance(given, Mapping):
        shares = bundle(given, goods, "keeps")
    else:
        shares = (number(given, "keeps"),) * len(goods)
    return tuple(
        tuple(share if row == column else Fraction(0) for column in range(len(goods)))
        for row, share in enumerate(shares)
    )


def _contract(entry: Entry, tree: EventTree) -> Contract:
    rule, goods = entry.get("prepayment"), tree.goods
    contract = Contract(
        name=str(entry["name"]),
        issued_at=str(_need(entry, "issued_at")),
        collateral=bundle(_need(entry, "collateral"), goods, "collateral"),
        coupon=_coupon(_need(entry, "coupon"), goods),
        prepayment=None if rule is None else _prepayment(rule, goods),
    )
    contract.check(tree)
    return contract


def _coupon(given: object, goods: Sequence[str]) -> Coupon:
    kind, rest = _kind(given, COUPONS, "coupon")
    if kind == "real":
        return RealCoupon(_by_node(_only(rest, "pays", "coupon"), goods, "coupon.pays"))
    rate = number(_need(rest, "rate"), "coupon.rate")
    if kind == "nominal":
        _allow(rest, ("rate",), "coupon")
        return FixedRateCoupon(rate)
    _allow(rest, ("rate", "index"), "coupon")
    return FixedRateCoupon(rate, bundle(_need(rest, "index"), goods, "coupon.index"))


def _prepayment(given: object, goods: Sequence[str]) -> Prepayment:
    kind, rest = _kind(given, PREPAYMENTS, "prepayment")
    if kind == "real":
        return RealPrepayment(_by_node(_only(rest, "costs", kind), goods, "prepayment.costs"))
    if kind == "backward":
        _allow(rest, (), "prepayment")
        return BackwardPrepayment()
    _allow(rest, ("discount", "of"), "prepayment")
    discount = _need(rest, "discount")
    if not isinstance(discount, Mapping):
        raise Refused(f"prepayment.discount is {discount!r}; it must be a table by node")
    of = rest.get("of", "coupons")
    if of not in ("coupons", "deliveries"):
        raise Refused(f'prepayment.of is {of!r}; it must be "coupons" or "deliveries"')
    return ForwardPrepayment(
        {str(n): number(v, f"prepayment.discount.{n}") for n, v in discount.items()}, of
    )


def _kind(given: object, kinds: Sequence[str], what: str) -> tuple[str, dict[str, object]]:
    choices = " or ".join(f'"{kind}"' for kind in kinds)
    if not isinstance(given, Mapping) or given.get("kind") not in kinds:
        raise Refused(f"{what} is {given!r}; it must be a table whose kind is {choices}")
    return str(given["kind"]), {key: value for key, value in given.items() if key != "kind"}


def _allow(rest: Entry, known: Sequence[str], what: str) -> None:
    for key in rest:
        if key not in known:
            raise Refused(f"{what}: {unknown(str(key), [*known, 'kind'], 'key')}")


def _only(rest: Entry, key: str, what: str) -> object:
    _allow(rest, (key,), what)
    return _need(rest, key)


def _by_node(given: object, goods: Sequence[str], what: str) -> dict[str, Bundle]:
    if not isinstance(given, Mapping):
        raise Refused(f"{what} is {given!r}; it must be a table by node")
    return {str(node): bundle(v, goods, f"{what}.{node}") for node, v in given.items()}


def _household(entry: Entry, tree: EventTree) -> Household:
    tables = {}
    for key in ("endowment", "weights"):
        table = _by_node(_need(entry, key), tree.goods, key)
        for node in table:
            if node not in tree.places:
                raise Refused(f"{key}: {unknown(node, list(tree.names), 'node')}")
        none = (Fraction(0),) * len(tree.goods)
        tables[key] = tuple(table.get(node, none) for node in tree.names)
        for node, amounts in zip(tree.names, tables[key], strict=True):
            if any(amount < 0 for amount in amounts):
                raise Refused(f'{key} at "{node}" is negative; it must not be')
    aversion = number(entry.get("risk_aversion", 0), "risk_aversion")
    if aversion < 0:
        raise Refused(f"risk_aversion is {aversion}; it must not be negative")
    if not any(any(row) for row in tables["weights"]):
        raise Refused("weights are all zero; somebody who likes nothing does not trade")
    household = Household(str(entry["name"]), tables["endowment"], tables["weights"], aversion)
    _check_wealth(household, tree)
    return household


def _check_wealth(household: Household, tree: EventTree) -> None:
    """Assumption (A2): what is left of all endowments so far never vanishes."""
    wealth: dict[str, Bundle] = {}
    for place, node in enumerate(tree.nodes):
        own = household.endowment[place]
        left = own if node.after is None else tree.become(wealth[node.after], node.name)
        total = own if node.after is None else tuple(a + b for a, b in zip(own, left, strict=True))
        wealth[node.name] = total
        for good, amount in zip(tree.goods, total, strict=True):
            if amount <= 0:
                raise Refused(
                    f'household "{household.name}" has nothing of {good} at "{node.name}", neither'
                    " given nor left over; endowments must be positive at every node (A2)"
                )
