"""Reading an economy on an event tree from a file or from Python.

Every number may be written as a whole number, a decimal or a fraction such as ``"9/22"``, and is
kept as the fraction that it says. What does not fit is refused in one sentence with its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

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
from markets.quote import FloatArray
from simulator.parameters import unknown

NODE = ("name", "after", "keeps")
CONTRACT = ("name", "issued_at", "collateral", "coupon", "prepayment")
HOUSEHOLD = ("name", "endowment", "weights", "risk_aversion")
COUPONS = ("real", "fixed rate", "nominal")
PREPAYMENTS = ("real", "backward", "forward")


@dataclass(frozen=True, slots=True)
class Household:
    """A household: what it receives and what it likes, a row a node and an entry a good.

    ``risk_aversion`` is 0 for linear and 1 for logarithmic utility; utility is
    ``sum of weight * c**(1 - risk_aversion) / (1 - risk_aversion)``.
    """

    name: str
    endowment: tuple[Bundle, ...]
    weights: tuple[Bundle, ...]
    risk_aversion: Fraction

    @property
    def linear(self) -> bool:
        """Whether utility is linear."""
        return self.risk_aversion == 0


@dataclass(frozen=True, slots=True)
class CreditEconomy:
    """An economy with collateralised credit on an event tree."""

    tree: EventTree
    contracts: tuple[Contract, ...]
    households: tuple[Household, ...]

    @property
    def linear(self) -> bool:
        """Whether all utilities are linear, so that optimality can be proved in fractions."""
        return all(household.linear for household in self.households)


def read(given: Mapping[str, Any]) -> CreditEconomy:
    """Read goods, nodes, contracts and households.

    Parameters
    ----------
    given : mapping
        With the keys ``goods``, ``nodes``, ``contracts`` and ``households``; the README of this
        folder describes them.

    Raises
    ------
    ValueError
        With one sentence that names the place, what is there, and what is allowed.
    """
    goods = tuple(str(good) for good in given["goods"])
    nodes = tuple(
        _at(f"nodes[{i}]", entry, NODE, lambda e: _node(e, goods))
        for i, entry in enumerate(given["nodes"])
    )
    tree = EventTree(nodes, goods)
    contracts = []
    for i, entry in enumerate(given["contracts"]):
        contract = _at(f"contracts[{i}]", entry, CONTRACT, lambda e: _contract(e, goods))
        with _place(f"contracts[{i}]"):
            contract.check(tree)
        contracts.append(contract)
    households = [
        _at(f"households[{i}]", entry, HOUSEHOLD, lambda e: _household(e, tree))
        for i, entry in enumerate(given["households"])
    ]
    for kind, found in (("contract", contracts), ("household", households)):
        names = [item.name for item in found]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'{kind}s: "{name}" is named twice; names are distinct')
    if not households:
        raise ValueError("households is empty; an economy has at least one household")
    for name in (contract.name for contract in contracts):
        if name in goods:
            raise ValueError(f'contracts: "{name}" is also the name of a good; names are distinct')
    return CreditEconomy(tree, tuple(contracts), tuple(households))


def number(given: Any, what: str) -> Fraction:
    """A fraction from what a file or Python says.

    Examples
    --------
    >>> number("9/22", "keeps"), number(0.1, "rate")
    (Fraction(9, 22), Fraction(1, 10))
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str | Fraction):
        raise ValueError(f"{what} is {given!r}; it must be a number or a fraction such as 9/22")
    try:
        return Fraction(str(given))
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f'{what} is "{given}"; it must be a number or a fraction such as "9/22"'
        ) from None


def bundle(given: Any, goods: Sequence[str], what: str) -> Bundle:
    """Amounts of every good: a table by good, or one number where there is one good."""
    if isinstance(given, Mapping):
        for good in given:
            if good not in goods:
                raise ValueError(f"{what}: {unknown(str(good), list(goods), 'good')}")
        return tuple(number(given.get(good, 0), f"{what}.{good}") for good in goods)
    if len(goods) > 1:
        raise ValueError(f"{what} is {given!r}; with {len(goods)} goods it must be a table by good")
    return (number(given, what),)


# ---------------------------------------------------------------------- one entry at a time
@contextmanager
def _place(place: str) -> Any:
    """Put the place in the file before what is wrong with it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _at(place: str, entry: Any, known: Sequence[str], make: Any) -> Any:
    """Make one entry of a list, with its place before whatever is wrong."""
    if not isinstance(entry, Mapping):
        raise ValueError(f"{place} is {entry!r}; it must be a table")
    with _place(place):
        for key in entry:
            if key not in known:
                raise ValueError(unknown(str(key), list(known), "key"))
        if not isinstance(entry.get("name"), str) or not entry["name"]:
            raise ValueError(f'name is {entry.get("name")!r}; it must be a text such as "u"')
        return make(entry)


def _need(entry: Mapping[str, Any], key: str) -> Any:
    if key not in entry:
        raise ValueError(f"{key} is missing")
    return entry[key]


def _node(entry: Mapping[str, Any], goods: Sequence[str]) -> Node:
    after = entry.get("after")
    if after is None:
        if "keeps" in entry:
            raise ValueError("keeps is given at a node without after; nothing comes before it")
        return Node(entry["name"], None)
    return Node(entry["name"], str(after), _keeps(entry.get("keeps", 1), goods))


def _keeps(given: Any, goods: Sequence[str]) -> Matrix:
    """A transformation: one share for all goods, a share by good, or a matrix, row by row."""
    if isinstance(given, list):
        if len(given) != len(goods) or not all(isinstance(row, list) for row in given):
            raise ValueError(f"keeps is {given!r}; a matrix has {len(goods)} rows of numbers")
        return tuple(tuple(number(entry, "keeps") for entry in row) for row in given)
    if isinstance(given, Mapping):
        shares = bundle(given, goods, "keeps")
    else:
        shares = (number(given, "keeps"),) * len(goods)
    return tuple(
        tuple(share if row == column else Fraction(0) for column in range(len(goods)))
        for row, share in enumerate(shares)
    )


def _contract(entry: Mapping[str, Any], goods: Sequence[str]) -> Contract:
    rule = entry.get("prepayment")
    return Contract(
        name=entry["name"],
        issued_at=str(_need(entry, "issued_at")),
        collateral=bundle(_need(entry, "collateral"), goods, "collateral"),
        coupon=_coupon(_need(entry, "coupon"), goods),
        prepayment=None if rule is None else _prepayment(rule, goods),
    )


def _coupon(given: Any, goods: Sequence[str]) -> Coupon:
    kind, rest = _kind(given, COUPONS, "coupon")
    if kind == "real":
        return RealCoupon(_by_node(_only(rest, "pays", "coupon"), goods, "coupon.pays"))
    rate = number(_need(rest, "rate"), "coupon.rate")
    if kind == "nominal":
        _allow(rest, ("rate",), "coupon")
        return FixedRateCoupon(rate)
    _allow(rest, ("rate", "index"), "coupon")
    return FixedRateCoupon(rate, bundle(_need(rest, "index"), goods, "coupon.index"))


def _prepayment(given: Any, goods: Sequence[str]) -> Prepayment:
    kind, rest = _kind(given, PREPAYMENTS, "prepayment")
    if kind == "real":
        return RealPrepayment(_by_node(_only(rest, "costs", kind), goods, "prepayment.costs"))
    if kind == "backward":
        _allow(rest, (), "prepayment")
        return BackwardPrepayment()
    _allow(rest, ("discount", "of"), "prepayment")
    discount = _need(rest, "discount")
    if not isinstance(discount, Mapping):
        raise ValueError(f"prepayment.discount is {discount!r}; it must be a table by node")
    of = rest.get("of", "coupons")
    if of not in ("coupons", "deliveries"):
        raise ValueError(f'prepayment.of is {of!r}; it must be "coupons" or "deliveries"')
    return ForwardPrepayment(
        {str(n): number(v, f"prepayment.discount.{n}") for n, v in discount.items()}, of
    )


def _kind(given: Any, kinds: Sequence[str], what: str) -> tuple[str, dict[str, Any]]:
    told = " or ".join(f'"{kind}"' for kind in kinds)
    if not isinstance(given, Mapping) or given.get("kind") not in kinds:
        raise ValueError(f"{what} is {given!r}; it must be a table whose kind is {told}")
    return str(given["kind"]), {key: value for key, value in given.items() if key != "kind"}


def _allow(rest: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in rest:
        if key not in known:
            raise ValueError(f"{what}: {unknown(str(key), [*known, 'kind'], 'key')}")


def _only(rest: Mapping[str, Any], key: str, what: str) -> Any:
    _allow(rest, (key,), what)
    return _need(rest, key)


def _by_node(given: Any, goods: Sequence[str], what: str) -> dict[str, Bundle]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{what} is {given!r}; it must be a table by node")
    return {str(node): bundle(v, goods, f"{what}.{node}") for node, v in given.items()}


def _household(entry: Mapping[str, Any], tree: EventTree) -> Household:
    tables = {}
    for key in ("endowment", "weights"):
        table = _by_node(_need(entry, key), tree.goods, key)
        for node in table:
            if node not in tree.places:
                raise ValueError(f"{key}: {unknown(node, list(tree.names), 'node')}")
        none = (Fraction(0),) * len(tree.goods)
        tables[key] = tuple(table.get(node, none) for node in tree.names)
        for node, amounts in zip(tree.names, tables[key], strict=True):
            if any(amount < 0 for amount in amounts):
                raise ValueError(f'{key} at "{node}" is negative; it must not be')
    aversion = number(entry.get("risk_aversion", 0), "risk_aversion")
    if aversion < 0:
        raise ValueError(f"risk_aversion is {aversion}; it must not be negative")
    if not any(any(row) for row in tables["weights"]):
        raise ValueError("weights are all zero; somebody who likes nothing does not trade")
    household = Household(entry["name"], tables["endowment"], tables["weights"], aversion)
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
                raise ValueError(
                    f'household "{household.name}" has nothing of {good} at "{node.name}", neither'
                    " given nor left over; endowments must be positive at every node (A2)"
                )


def wealth(economy: CreditEconomy) -> FloatArray:
    """What each household has at each node if nobody trades, (H, D, L)."""
    tree = economy.tree
    own = np.array([h.endowment for h in economy.households], dtype=np.float64)
    for place, before in enumerate(tree.predecessors):
        if before >= 0:
            own[:, place] += own[:, before] @ tree.carried[place].T
    return own
