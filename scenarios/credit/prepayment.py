"""Who pays, who prepays, who defaults: the paper's example, three households and seven nodes.

Scenario ``prepayment``, after Iraola and Torres-Martinez, "Liquidity contractions and prepayment
risk on collateralized asset markets" (SDT 364, 2012), section 3. The model, its symbols and the
errata are in this folder's README.
"""

from __future__ import annotations

from scenarios.credit import PREPAYMENT, published
from scenarios.credit.credit_tree import CreditScenario
from scenarios.credit.members import Entry
from scenarios.credit.parameters import (
    CreditTree,
    economy_part,
    inertia_parameter,
    rental_parameter,
)

NODES: list[Entry] = [
    {"name": "0"},
    {"name": "u", "after": "0", "keeps": "3/2"},
    {"name": "m", "after": "0", "keeps": "3/2"},
    {"name": "d", "after": "0", "keeps": "9/22"},
    {"name": "u+", "after": "u", "keeps": 1},
    {"name": "m+", "after": "m", "keeps": 1},
    {"name": "d+", "after": "d", "keeps": 1},
]
"""In state d the good loses 13/22; the paper's "depreciates a 13/22" means by as much."""

MORTGAGE: Entry = {
    "name": "j0",
    "issued_at": "0",
    "collateral": "11/4",
    "coupon": {"kind": "real", "pays": {"u": 1, "m": 1, "d": 1, "u+": 1, "m+": 2, "d+": 1}},
    "prepayment": {"kind": "real", "costs": {"u": "5/4", "m": "3/2", "d": "5/4"}},
}


def late_credit(node: str) -> Entry:
    """The contract that the paper issues at node m, at any node of date 1."""
    return {
        "name": f"j{node}",
        "issued_at": node,
        "collateral": "33/8",
        "coupon": {"kind": "real", "pays": {f"{node}+": 1}},
    }


def _weights(middle: int, last: int) -> Entry:
    """Weights 1 at date 0; in state d four times those of states u and m."""
    return {
        "0": 1,
        **dict.fromkeys(("u", "m"), f"{middle}/24"),
        "d": f"{4 * middle}/24",
        **dict.fromkeys(("u+", "m+"), f"{last}/96"),
        "d+": f"{4 * last}/96",
    }


BORROWER = {"0": 2, "u": 1, "m": 1, "d": 1, "d+": 1}

HOUSEHOLDS: list[Entry] = [
    {"name": "A", "endowment": {"0": "3/2"}, "weights": _weights(3, 12)},
    {"name": "B", "endowment": BORROWER, "weights": _weights(2, 1)},
    {"name": "C", "endowment": BORROWER, "weights": _weights(1, 4)},
]


BRISK = 8.0
"""Inertia with which the example settles in about 70 rounds; other economies need less."""

RENTAL: Entry = {"node": "d", "rent": "65/73", "keeps": "15/73"}
"""The paper's rental contract: what is let loses 58/73, what its owner consumes nothing."""


class Prepayment(CreditTree):
    """Parameters of the scenario ``prepayment``."""

    inertia: float = inertia_parameter(BRISK)
    nodes: list[Entry] = economy_part("nodes", NODES)
    contracts: list[Entry] = economy_part("contracts", [MORTGAGE, late_credit("m")])
    households: list[Entry] = economy_part("households", HOUSEHOLDS)
    rental: Entry = rental_parameter(RENTAL)


class PrepaymentScenario(CreditScenario):
    """The scenario ``prepayment``."""

    title = PREPAYMENT
    parameters = Prepayment
    reference = published.EXAMPLE


SCENARIO = PrepaymentScenario()
