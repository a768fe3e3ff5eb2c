"""Which posted quotes the formulas of contracts refer to.

A formula can be read before the economy is known; that the goods, contracts and nodes that it names
exist is checked here, when all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markets.credit.contract import Contract, FormulaCoupon, FormulaPrepayment
from markets.credit.event_tree import EventTree
from markets.credit.formula import Quoted
from markets.refused import Refused


def check_references(contracts: Sequence[Contract], tree: EventTree) -> None:
    """Refuse a formula that names a good, a contract or a node that there is not.

    Raises
    ------
    Refused
        With contract, field, the quote that is named, and those that can be.
    """
    issued = {contract.name: contract.issued_at for contract in contracts}
    for contract in contracts:
        for field, rule in (("coupon", contract.coupon), ("prepayment", contract.prepayment)):
            if isinstance(rule, FormulaCoupon | FormulaPrepayment):
                for node, formula in rule.formulas.items():
                    who = f'contract "{contract.name}": {field} at "{node}" is "{formula.text}"'
                    for quoted in formula.quoted():
                        _check_reference(quoted, issued, tree, who)


def _check_reference(quoted: Quoted, issued: Mapping[str, str], tree: EventTree, who: str) -> None:
    """Refuse a quote that is not posted."""
    if quoted.kind == "coupon":
        return
    if quoted.kind == "p":
        known = quoted.name in tree.goods or quoted.name in range(len(tree.goods))
        names, nodes = tree.goods, tree.names
    else:
        long = {name for name, node in issued.items() if node == tree.root}
        names = tuple(name for name in issued if quoted.kind == "q" or name in long)
        known, nodes = quoted.name in names, tree.middle
    listed = ", ".join(repr(name) for name in names) or "none"
    if not known:
        what = {"p": "goods", "q": "contracts", "pi": "contracts of date 0"}[quoted.kind]
        raise Refused(f"{who}: {quoted} names {quoted.name!r}; {what} are {listed}")
    if quoted.node is not None and quoted.node not in nodes:
        raise Refused(
            f"{who}: {quoted} names the node {quoted.node!r}; it may be one of {', '.join(nodes)}"
        )


def place_of(quoted: Quoted, node: str, tree: EventTree) -> str:
    """The node of a price of a good or of a resale price in a formula for a payment at a node."""
    if quoted.node is not None:
        return quoted.node
    return tree.before(node) if quoted.kind == "pi" and node in tree.last else node
