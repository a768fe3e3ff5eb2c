"""Reading an economy on an event tree from a file or from Python.

What does not fit is refused in one sentence with its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from markets.credit.event_tree import Bundle, EventTree, Matrix, Node
from markets.credit.references import check_references
from markets.refused import Refused
from scenarios.credit.contract_reading import contract_of
from scenarios.credit.entries import Entry, bundle, by_node, each_entry, need, number
from scenarios.credit.primitives import CreditEconomy, Household
from simulator.names import unknown

NODE = ("name", "after", "keeps")
CONTRACT = ("name", "issued_at", "collateral", "coupon", "prepayment")
HOUSEHOLD = ("name", "endowment", "weights", "risk_aversion")


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
        tuple(each_entry("nodes", nodes, NODE, lambda entry: _node(entry, goods))), tuple(goods)
    )
    credit = tuple(
        each_entry("contracts", contracts, CONTRACT, lambda entry: contract_of(entry, tree))
    )
    homes = tuple(
        each_entry("households", households, HOUSEHOLD, lambda entry: _household(entry, tree))
    )
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
    check_references(credit, tree)
    return CreditEconomy(tree, credit, homes)


# ---------------------------------------------------------------------- one entry at a time
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


def _household(entry: Entry, tree: EventTree) -> Household:
    tables = {}
    for key in ("endowment", "weights"):
        table = by_node(need(entry, key), tree.goods, key)
        for node in table:
            if node not in tree.places:
                raise Refused(f"{key}: {unknown(node, list(tree.names), 'node')}")
        none = (Fraction(0),) * len(tree.goods)
        tables[key] = tuple(table.get(node, none) for node in tree.names)
        for node, amounts in zip(tree.names, tables[key], strict=True):
            if any(amount < 0 for amount in amounts):
                raise Refused(f'{key} at "{node}" is negative; it must not be')
    given = entry.get("risk_aversion", 0)
    if isinstance(given, Mapping):
        aversion = bundle(given, tree.goods, "risk_aversion")
    else:
        aversion = (number(given, "risk_aversion"),) * len(tree.goods)
    for each in aversion:
        if each < 0:
            raise Refused(f"risk_aversion is {each}; it must not be negative")
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
